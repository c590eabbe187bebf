/**
 * A root file system that grows from layers of a hostile image. Nothing is ever written outside it:
 * every path is walked component by component, and symbolic links are resolved inside the root.
 *
 * The tree is mounted read-only for a guest without privileges, so ownership, set-id bits and write
 * permissions are dropped and everything is readable.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import type { TarMember } from '../tar/read.ts';
import { packError } from './pack-fault.ts';

export type Rootfs = {
  /** The pack that it comes from, for error texts. */
  readonly pack: string;
  /** An existing empty directory. */
  readonly root: HostPath;
  readonly maxEntries: number;
  entries: number;
  /** Entries that were left out, by kind. */
  readonly skipped: Map<string, number>;
  /** What the layer being applied wrote, and the way to it: its own whiteouts spare that. */
  written: Set<HostPath>;
  /** The directory that was entered last; most neighbours in an archive share it. */
  entered: { readonly name: string; readonly path: HostPath } | undefined;
};

const MAX_LINKS = 40;
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS = '.wh..wh.';

export function startRootfs(pack: string, root: HostPath, maxEntries: number): Rootfs {
  const skipped = new Map<string, number>();
  return { pack, root, maxEntries, entries: 0, skipped, written: new Set(), entered: undefined };
}

export function startLayer(rootfs: Rootfs): void {
  rootfs.written = new Set();
  rootfs.entered = undefined;
}

function skip(rootfs: Rootfs, kind: string): void {
  rootfs.skipped.set(kind, (rootfs.skipped.get(kind) ?? 0) + 1);
}

/** The components of a name in an archive. Throws `escape` for one that leads outside. */
function componentsOf(rootfs: Rootfs, name: string): string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..')) {
    throw packError(rootfs.pack, 'escape', JSON.stringify(name));
  }
  if (name.includes('\0')) throw packError(rootfs.pack, 'layer', JSON.stringify(name));
  return parts;
}

/** The real directory that `parts` names inside the root; directories that are missing are made. */
function enter(rootfs: Rootfs, parts: readonly string[]): HostPath {
  const name = parts.join('/');
  if (rootfs.entered?.name === name) return rootfs.entered.path;
  const pending = parts.toReversed();
  let real: string[] = [];
  for (let links = 0; pending.length > 0; ) {
    const part = pending.pop() as string;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      real.pop();
      continue;
    }
    const path = join(rootfs.root, ...real, part);
    const found = fs.lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) {
      if (++links > MAX_LINKS) throw packError(rootfs.pack, 'layer', `too many links: ${name}`);
      const target = fs.readlinkSync(path);
      if (target.startsWith('/')) real = [];
      pending.push(...target.split('/').reverse());
      continue;
    }
    if (!found) makeDirectory(rootfs, path);
    else if (!found.isDirectory()) {
      throw packError(rootfs.pack, 'layer', `${JSON.stringify(name)} lies below a file`);
    }
    real.push(part);
    rootfs.written.add(path);
  }
  const path = join(rootfs.root, ...real);
  rootfs.entered = { name, path };
  return path;
}

function makeDirectory(rootfs: Rootfs, path: HostPath): void {
  countEntry(rootfs);
  fs.mkdirSync(path);
  fs.chmodSync(path, 0o755);
}

function countEntry(rootfs: Rootfs): void {
  rootfs.entries += 1;
  if (rootfs.entries > rootfs.maxEntries) {
    throw packError(rootfs.pack, 'bomb', `more than ${rootfs.maxEntries} entries`);
  }
}

/** Removes what lies at `path`, which is below a directory that was entered. */
function remove(rootfs: Rootfs, path: HostPath): void {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  rootfs.entered = undefined;
  if (found.isDirectory()) fs.rmSync(path, { recursive: true });
  else fs.unlinkSync(path);
}

/** Removes what lower layers put at `path` and below it, but keeps what this layer has written. */
function removeLower(rootfs: Rootfs, path: HostPath): void {
  if (!rootfs.written.has(path)) remove(rootfs, path);
  else if (fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) makeOpaque(rootfs, path);
}

function makeOpaque(rootfs: Rootfs, directory: HostPath): void {
  for (const name of fs.readdirSync(directory)) removeLower(rootfs, join(directory, name));
}

/** Applies a whiteout `.wh.<name>`; aufs' own bookkeeping is ignored. */
function applyWhiteout(rootfs: Rootfs, directory: HostPath, name: string): void {
  if (name === OPAQUE) makeOpaque(rootfs, directory);
  if (name.startsWith(AUFS)) return;
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw packError(rootfs.pack, 'escape', `a whiteout of ${JSON.stringify(hidden)}`);
  }
  removeLower(rootfs, join(directory, hidden));
}

async function writeFile(path: HostPath, member: TarMember): Promise<void> {
  const file = fs.openSync(path, 'wx');
  try {
    for await (const chunk of member.data) {
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(file, chunk, at);
    }
    fs.fchmodSync(file, (member.mode & 0o111) === 0 ? 0o644 : 0o755);
    fs.futimesSync(file, member.mtime, member.mtime);
  } finally {
    fs.closeSync(file);
  }
}

function writeHardLink(rootfs: Rootfs, path: HostPath, member: TarMember): void {
  const parts = componentsOf(rootfs, member.linkPath);
  const target = join(enter(rootfs, parts.slice(0, -1)), parts.at(-1) ?? '');
  const found = fs.lstatSync(target, { throwIfNoEntry: false });
  if (!found || found.isDirectory()) {
    const what = JSON.stringify(member.linkPath);
    throw packError(rootfs.pack, 'layer', `a hard link to ${what}, which is no file`);
  }
  if (target === path) return;
  remove(rootfs, path);
  fs.linkSync(target, path);
}

/** Puts one member of a layer into the tree, in place of what lower layers had there. */
export async function applyMember(rootfs: Rootfs, member: TarMember): Promise<void> {
  countEntry(rootfs);
  if (!member.rawPath.equals(Buffer.from(member.path))) {
    skip(rootfs, 'name not UTF-8');
    return;
  }
  const parts = componentsOf(rootfs, member.path);
  const name = parts.pop();
  if (name === undefined) return; // the root itself
  const directory = enter(rootfs, parts);
  if (name.startsWith(WHITEOUT)) {
    applyWhiteout(rootfs, directory, name);
    return;
  }
  const path = join(directory, name);
  await writeMember(rootfs, path, member);
  rootfs.written.add(path);
}

async function writeMember(rootfs: Rootfs, path: HostPath, member: TarMember): Promise<void> {
  switch (member.type) {
    case 'directory':
      if (fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
      remove(rootfs, path);
      makeDirectory(rootfs, path);
      return;
    case 'hardlink':
      writeHardLink(rootfs, path, member);
      return;
    case 'file':
      remove(rootfs, path);
      await writeFile(path, member);
      return;
    case 'symlink':
      remove(rootfs, path);
      fs.symlinkSync(member.linkPath, path);
      return;
    case 'sparse':
    case 'unknown':
      throw packError(rootfs.pack, 'layer', `${JSON.stringify(member.path)} is ${member.type}`);
    default:
      // Devices and pipes are left out. A device also is overlayfs' whiteout, so what was there
      // goes.
      remove(rootfs, path);
      skip(rootfs, member.type);
  }
}
