/** One thing in a directory on the runner, looked at without following a link. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { BottleError, messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { TarEntry } from '../tar/write.ts';
import { type BytePath, textOf } from './byte-path.ts';
import { type LeftOut, leaveOut } from './left-out.ts';

/** `path` is relative to `root`, the directory it was found in; `mtimeMs` is since the epoch. */
export type TreeEntry = {
  readonly root: HostPath;
  readonly path: BytePath;
  readonly text: string;
  readonly from: HostPath;
  readonly mtimeMs: number;
} & (
  | { readonly kind: 'file'; readonly size: number; readonly mode: number }
  | { readonly kind: 'symlink'; readonly size: number; readonly target: string }
  | { readonly kind: 'directory'; readonly mode: number }
);

/** Why there is no entry: nothing is there, or it is of a kind that is not copied. */
export type NoEntry = 'absent' | 'special' | 'unnameable';

export const SPECIAL = 'Not copied, because it is neither a file, a link nor a directory';
export const UNNAMEABLE = 'Not copied, because the name or the link target is not UTF-8';

/** Looks at `root/path`; the directories above it are the caller's to check. */
export function inspect(root: HostPath, path: BytePath): TreeEntry | NoEntry {
  const text = textOf(path);
  if (text === undefined) return 'unnameable';
  const from = `${root}/${text}`;
  const stats = statOf(from);
  if (!stats) return 'absent';
  const found = { root, path, text, from, mtimeMs: stats.mtimeMs };
  const mode = stats.mode & 0o777;
  if (stats.isFile()) return { ...found, kind: 'file', size: stats.size, mode };
  if (stats.isDirectory()) return { ...found, kind: 'directory', mode };
  if (!stats.isSymbolicLink()) return 'special';
  const bytes = readlinkSync(from, 'latin1');
  const target = textOf(bytes);
  if (target === undefined) return 'unnameable';
  return { ...found, kind: 'symlink', size: bytes.length, target };
}

function statOf(path: HostPath): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Yields everything below `root`, directories before their content. `.git` is left out at any
 * depth, whatever it is: it may hold credentials and commands.
 */
export function* walk(
  root: HostPath,
  leftOut: LeftOut,
  isOut: (path: BytePath) => boolean = () => false,
  under: BytePath = '',
): Generator<TreeEntry> {
  for (const name of namesIn(`${root}/${textOf(under)}`)) {
    const path = `${under}${name}`;
    if (name.toLowerCase() === '.git' || isOut(path)) continue;
    const entry = inspect(root, path);
    if (entry === 'special') leaveOut(leftOut, SPECIAL, path);
    else if (entry === 'unnameable') leaveOut(leftOut, UNNAMEABLE, path);
    else if (entry !== 'absent') {
      yield entry;
      if (entry.kind === 'directory') yield* walk(root, leftOut, isOut, `${path}/`);
    }
  }
}

function namesIn(directory: HostPath): BytePath[] {
  try {
    return readdirSync(directory, 'latin1').sort();
  } catch (error) {
    throw unreadable(directory, error);
  }
}

function unreadable(path: HostPath, error: unknown): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `A part of what goes into the guest cannot be read: ${messageOf(error)}`,
    where: path,
    fix: 'Make it readable for the user that runs the action, or leave it out with an exclude.',
    cause: error,
  });
}

/** The entry in the archive that is unpacked at the guest's root. */
export function tarEntryOf(
  to: GuestPath,
  entry: TreeEntry,
  mode: number,
  mtime = entry.mtimeMs / 1000,
): TarEntry {
  const placed = { path: `${to.slice(1)}/${entry.text}`, mode, mtime };
  if (entry.kind === 'directory') return { ...placed, kind: 'directory' };
  if (entry.kind === 'symlink') return { ...placed, kind: 'symlink', target: entry.target };
  return { ...placed, kind: 'file', from: entry.from, size: entry.size };
}
