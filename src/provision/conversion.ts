/**
 * Pinned `.gitattributes` make git store files otherwise than the head's do, such as their line
 * endings. The guest's git obeys the pinned ones, so the base has to be hashed under them too.
 */
import { posix } from 'node:path';
import type { HostPath } from '../host/host.ts';
import type { Pinned } from '../trust/agent-config.ts';
import { type BytePath, joinNul, splitNul } from './byte-path.ts';
import { copyTo } from './pinned-file.ts';
import type { Scratch } from './scratch.ts';
import type { TreeEntry } from './tree-entry.ts';

/** All that decides what git stores of a file: no filter is configured, here or in the guest. */
const ATTRIBUTES = ['text', 'crlf', 'eol', 'ident', 'working-tree-encoding'];
/** Of each attribute: path, name, value. */
const RECORDS = 3 * ATTRIBUTES.length;

/** `root`: where the pinned files are. Entries that are stored otherwise are copied there. */
export async function hashedAsPinned(
  scratch: Scratch,
  tree: {
    readonly workspace: HostPath;
    readonly root: HostPath;
    readonly pins: readonly Pinned[];
    readonly kept: readonly TreeEntry[];
  },
): Promise<readonly TreeEntry[]> {
  const { workspace, root, pins, kept } = tree;
  if (!pins.some(({ path }) => posix.basename(path).toLowerCase() === '.gitattributes'))
    return kept;
  const paths = kept.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  const otherwise = await differing(scratch, paths, [workspace, root]);
  return kept.map((entry) => (otherwise.has(entry.path) ? copyTo(root, entry) : entry));
}

/** Paths whose attributes are not the same in both trees. */
async function differing(
  scratch: Scratch,
  paths: readonly BytePath[],
  trees: readonly [HostPath, HostPath],
): Promise<ReadonlySet<BytePath>> {
  const ask = ['check-attr', '-z', '--stdin', ...ATTRIBUTES];
  const names = joinNul(paths);
  const [one, other] = await Promise.all([
    scratch.run(ask, names, trees[0]),
    scratch.run(ask, names, trees[1]),
  ]);
  if (one.equals(other)) return new Set();
  const records = splitNul(other);
  const unlike = splitNul(one).flatMap((record, at) => (record === records[at] ? [] : [at]));
  return new Set(unlike.map((at) => paths[Math.floor(at / RECORDS)] ?? ''));
}
