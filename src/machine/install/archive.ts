/**
 * Unpacks a smolvm release into an empty directory. Only what such an archive holds is taken: files,
 * directories, links. Nothing is written through a link, and nothing outside the directory.
 */
import * as fs from 'node:fs';
import { join, posix } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { HostPath } from '../../host/host.ts';
import { readTar, type TarMember } from '../../tar/read.ts';

export type ArchiveLimits = { readonly maxEntries: number; readonly maxBytes: number };

const LIMITS: ArchiveLimits = { maxEntries: 100_000, maxBytes: 4 * 2 ** 30 };

/** The guest's own files: their absolute links mean places in the guest, and dangle here. */
const GUEST_ROOT = 'agent-rootfs/';

/** An archive that is not a release of smolvm; `message` names the entry. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** What was made so far, by its path in the tree. */
type Tree = {
  readonly root: HostPath;
  readonly made: Map<string, 'directory' | 'file' | 'symlink'>;
};

/**
 * Unpacks what lies in the archive's one directory `top` into `to`. Throws `ArchiveError`,
 * `TarError`, or what zlib and the file system say; the caller removes what was written until then.
 */
export async function unpackArchive(
  archive: HostPath,
  top: string,
  to: HostPath,
  { maxEntries, maxBytes }: ArchiveLimits = LIMITS,
): Promise<void> {
  const tree: Tree = { root: to, made: new Map() };
  const gunzip = createGunzip();
  const file = fs.createReadStream(archive).on('error', (error) => gunzip.destroy(error));
  let bytes = 0;
  for await (const member of readTar(file.pipe(gunzip))) {
    bytes += member.size;
    if (bytes > maxBytes) throw new ArchiveError(`more than ${maxBytes} bytes`);
    const path = pathInTree(member, top);
    if (path !== '') await makeEntry(tree, path, member, top);
    if (tree.made.size > maxEntries) throw new ArchiveError(`more than ${maxEntries} entries`);
  }
}

function refuse(member: TarMember, why: string): never {
  throw new ArchiveError(`${JSON.stringify(member.path.slice(0, 200))} ${why}`);
}

/** The name below `top`; empty for `top` itself. */
function pathInTree(member: TarMember, top: string, name = member.path): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return '';
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0') || parts[0] !== top) {
    refuse(member, `does not lie in ${top}/`);
  }
  return parts.slice(1).join('/');
}

async function makeEntry(tree: Tree, path: string, member: TarMember, top: string) {
  const target = join(tree.root, path);
  makeParents(tree, path, member);
  const before = tree.made.get(path);
  if (before !== undefined && !(before === 'directory' && member.type === 'directory')) {
    refuse(member, 'comes twice');
  }
  switch (member.type) {
    case 'directory':
      if (before === undefined) fs.mkdirSync(target);
      fs.chmodSync(target, (member.mode & 0o777) | 0o700);
      tree.made.set(path, 'directory');
      return;
    case 'file':
      await writeFile(target, member);
      tree.made.set(path, 'file');
      return;
    case 'symlink':
      checkLink(path, member);
      fs.symlinkSync(member.linkPath, target);
      tree.made.set(path, 'symlink');
      return;
    case 'hardlink': {
      const other = pathInTree(member, top, member.linkPath);
      if (tree.made.get(other) !== 'file') refuse(member, 'is a link to no file of the archive');
      fs.linkSync(join(tree.root, other), target);
      tree.made.set(path, 'file');
      return;
    }
    default:
      refuse(member, `is a ${member.type}`);
  }
}

/** Makes the directories above `path` that are missing. They may be nothing but directories. */
function makeParents({ root, made }: Tree, path: string, member: TarMember): void {
  const parts = path.split('/').slice(0, -1);
  for (const [index] of parts.entries()) {
    const parent = parts.slice(0, index + 1).join('/');
    if (!made.has(parent)) {
      fs.mkdirSync(join(root, parent));
      made.set(parent, 'directory');
    }
    if (made.get(parent) !== 'directory') refuse(member, 'lies below something else');
  }
}

function checkLink(path: string, member: TarMember): void {
  const { linkPath } = member;
  if (linkPath === '' || linkPath.includes('\0')) refuse(member, 'is a link to nowhere');
  if (linkPath.startsWith('/')) {
    if (!path.startsWith(GUEST_ROOT)) refuse(member, 'is a link to outside');
    return;
  }
  const target = posix.normalize(posix.join(posix.dirname(path), linkPath));
  if (target === '..' || target.startsWith('../')) refuse(member, 'is a link to outside');
}

async function writeFile(path: HostPath, member: TarMember): Promise<void> {
  const file = fs.openSync(path, 'wx');
  try {
    for await (const chunk of member.data) {
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(file, chunk, at);
    }
    fs.fchmodSync(file, member.mode & 0o777);
  } finally {
    fs.closeSync(file);
  }
}
