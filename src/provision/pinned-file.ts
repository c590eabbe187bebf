/** Writes pinned files on the runner, in trees of our own: git hashes files, and tar reads them. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import type { Pinned } from '../trust/agent-config.ts';
import { bytePathOf, topOf } from './byte-path.ts';
import { inspect, type TreeEntry } from './tree-entry.ts';

/** Makes `root`, and in it whatever the trusted commit has at the pinned paths. */
export function writeTrusted(pins: readonly Pinned[], root: HostPath): TreeEntry[] {
  mkdirSync(root);
  const files = pins.flatMap(({ path, guest }) =>
    guest.kind === 'file' ? [write(root, path, guest.bytes, guest.mode)] : [],
  );
  // After the files: where names in other case are the same, none is written through a link.
  const links = pins.flatMap(({ path, guest }) =>
    guest.kind === 'symlink' ? [make(root, path, (place) => symlinkSync(guest.target, place))] : [],
  );
  return [...files, ...links];
}

/**
 * The head's versions under their neutral names, as plain files that nobody runs; a link is a file
 * that holds its target, as in git. Scratch files are below `root`.
 */
export function writeHeadVersions(
  pins: readonly Pinned[],
  entries: readonly TreeEntry[],
  root: HostPath,
): TreeEntry[] {
  const found = new Map(entries.map((entry) => [entry.path, entry]));
  const copies = pins.flatMap(({ path, headAs }) => {
    const entry = found.get(bytePathOf(path));
    if (!entry || entry.kind === 'directory' || headAs === undefined) return [];
    if (entry.kind === 'symlink') return [write(root, headAs, Buffer.from(entry.target), 0o644)];
    return [{ ...entry, path: bytePathOf(headAs), text: headAs, mode: 0o644 }];
  });
  const directories = new Set(copies.map(({ text }) => topOf(text)));
  // The head's own .gitignore could call them back in from `.git/info/exclude`, but not from here.
  const ignores = [...directories].map((directory) =>
    write(root, `${directory}/.gitignore`, Buffer.from('*\n'), 0o644),
  );
  return [...copies, ...ignores];
}

/** The same file, to be read in `root`. */
export function copyTo(root: HostPath, entry: TreeEntry): TreeEntry {
  const { from } = make(root, entry.text, (place) => copyFileSync(entry.from, place));
  return { ...entry, root, from };
}

function write(root: HostPath, path: string, bytes: Uint8Array, mode: number): TreeEntry {
  return make(root, path, (place) => writeFileSync(place, bytes, { mode, flag: 'wx' }));
}

function make(root: HostPath, path: string, create: (place: HostPath) => void): TreeEntry {
  const place = join(root, path);
  try {
    mkdirSync(dirname(place), { recursive: true });
    create(place);
    const entry = inspect(root, bytePathOf(path));
    if (typeof entry === 'object') return entry;
    throw new Error(`it is ${entry} after it was written`);
  } catch (error) {
    throw new BottleError({
      outcome: 'provision-failed',
      what: `A file for the guest cannot be written on the runner: ${messageOf(error)}`,
      where: path,
      fix: 'Make room for temporary files, or give it a shorter name in the repository.',
      cause: error,
    });
  }
}
