/**
 * Puts the trusted commit's agent configuration into a listing, in the place of the head's.
 *
 * What the head has in the way is left out: a file or a link above a pinned path, and all below
 * one. `exclude` keeps the head's version out, under its neutral name too; the trusted version is
 * there regardless.
 */
import { existsSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { isInside } from '../inside.ts';
import type { Pinned } from '../trust/agent-config.ts';
import { type BytePath, bytePathOf, parentsOf, topOf } from './byte-path.ts';
import { hashedAsPinned } from './conversion.ts';
import { type LeftOut, leaveOut } from './left-out.ts';
import { writeHeadVersions, writeTrusted } from './pinned-file.ts';
import type { Scratch } from './scratch.ts';
import type { TreeEntry } from './tree-entry.ts';
import type { WorkTree } from './work-tree.ts';

const IN_THE_WAY = 'Not copied, because trusted agent configuration stands in its place';

export type Pinning = {
  /** Paths relative to the root of the repository that the workspace is in. */
  readonly pinned: readonly Pinned[];
  readonly workspace: HostPath;
  /** An existing directory of this run, for what is written here. */
  readonly directory: HostPath;
  /** Undefined: nothing is hashed, because there is no git on the runner. */
  readonly scratch: Scratch | undefined;
  readonly leftOut: LeftOut;
};

/** Throws `BottleError` (`provision-failed`) when something cannot be written. */
export async function pinWorkTree(pinning: Pinning, listed: WorkTree): Promise<WorkTree> {
  const { workspace, scratch, leftOut } = pinning;
  const pins = pinsBelow(workspace, pinning.pinned);
  if (pins.length === 0) return listed;
  const root = join(pinning.directory, 'trusted');
  const placed = writeTrusted(pins, root);
  const beside = writeHeadVersions(pins, listed.entries, join(pinning.directory, 'head'));

  const pinned = new Set(pins.map(({ path }) => bytePathOf(path)));
  const isInTheWay = makeConflictCheck(placed, beside);
  const gone = new Set(
    listed.entries.filter(({ path, kind }) => pinned.has(path) || isInTheWay(path, kind)),
  );
  for (const { path, text } of gone) if (!pinned.has(path)) leaveOut(leftOut, IN_THE_WAY, text);
  const kept = withoutEmptied(listed.entries, gone);
  const withheld = new Set([...listed.withheld].filter((path) => !isInTheWay(path, 'file')));
  const entries = scratch ? await hashedAsPinned(scratch, { workspace, root, pins, kept }) : kept;
  const inside = listed.inside.filter(({ path, kind }) => !isInTheWay(path, kind));
  return { entries: [...entries, ...placed], withheld, inside, beside };
}

/** With paths relative to the workspace; what is not in it is left out. */
function pinsBelow(workspace: HostPath, pinned: readonly Pinned[]): Pinned[] {
  if (pinned.length === 0) return [];
  const top = repositoryAround(workspace);
  return pinned.flatMap((pin) => {
    const place = join(top, pin.path);
    const path = relative(workspace, place);
    return path !== '' && isInside(workspace, place) ? [{ ...pin, path }] : [];
  });
}

/** Found without git, which need not be there; the workspace itself when there is none. */
function repositoryAround(workspace: HostPath): HostPath {
  for (let at = workspace; at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
  }
  return workspace;
}

/** Tells what cannot stand in the same tree as these, or would be taken for one of them. */
function makeConflictCheck(
  placed: readonly TreeEntry[],
  beside: readonly TreeEntry[],
): (path: BytePath, kind: TreeEntry['kind']) => boolean {
  const above = new Set(placed.flatMap(({ path }) => parentsOf(path)));
  const taken = new Set([
    ...placed.map(({ path }) => path),
    ...beside.map(({ path }) => topOf(path)),
  ]);
  return (path, kind) =>
    (kind !== 'directory' && above.has(path)) ||
    [path, ...parentsOf(path)].some((place) => taken.has(place));
}

/** Without directories of which all content is gone; one that was empty before stays. */
function withoutEmptied(entries: readonly TreeEntry[], gone: ReadonlySet<TreeEntry>): TreeEntry[] {
  const lost = new Set([...gone].flatMap(({ path }) => parentsOf(path)));
  const filled = new Set<BytePath>();
  // Directories come before their content, so the content is seen first from the end.
  const kept = entries.toReversed().filter((entry) => {
    if (gone.has(entry)) return false;
    const isEmptied = entry.kind === 'directory' && lost.has(entry.path) && !filled.has(entry.path);
    if (!isEmptied) filled.add(posix.dirname(entry.path));
    return !isEmptied;
  });
  return kept.reverse();
}
