/** Lists what the agent gets to work on: what git would commit, or all files outside git. */
import { lstatSync } from 'node:fs';
import { posix } from 'node:path';
import { AGENT_FILES } from '../agent-file.ts';
import type { HostPath } from '../host/host.ts';
import { type BytePath, splitNul, textOf } from './byte-path.ts';
import { type LeftOut, leaveOut } from './left-out.ts';
import { inspect, SPECIAL, type TreeEntry, UNNAMEABLE, walk } from './tree-entry.ts';

/** A path as git's index has it. `mode` is six octal digits. */
export type Tracked = { readonly mode: string; readonly id: string };

export const SUBMODULE_MODE = '160000';

const AGENT_CONFIG = 'Not copied, because it is agent configuration of a submodule';

/** What `git ls-files` says; `untracked` are the ones that are not ignored. */
export type Listing = {
  readonly tracked: ReadonlyMap<BytePath, Tracked>;
  /** Tracked, but not checked out (sparse checkout). */
  readonly sparse: ReadonlySet<BytePath>;
  readonly untracked: readonly BytePath[];
};

export type WorkTree = {
  /** What is copied. */
  readonly entries: readonly TreeEntry[];
  /** Kept out on purpose: these are no deletions. */
  readonly withheld: ReadonlySet<BytePath>;
  /** Files of submodules, copied too: git looks at none of them where they are no repository. */
  readonly inside: readonly TreeEntry[];
  /** Copied too, into directories that git does not look at: no part of what the agent changes. */
  readonly beside: readonly TreeEntry[];
};

/** Options for `git ls-files` that yield what `parseListing` reads. */
export const LISTING = ['-z', '-t', '--stage', '--others', '--exclude-standard'];

export function parseListing(output: Buffer): Listing {
  const tracked = new Map<BytePath, Tracked>();
  const sparse = new Set<BytePath>();
  const untracked: BytePath[] = [];
  for (const record of splitNul(output)) {
    if (record.startsWith('? ')) {
      untracked.push(record.slice(2));
      continue;
    }
    // `H 100644 <id> <stage>\t<path>`
    const tab = record.indexOf('\t');
    const [tag, mode = '', id = ''] = record.slice(0, tab).split(' ');
    const path = record.slice(tab + 1);
    tracked.set(path, { mode, id });
    if (tag === 'S') sparse.add(path);
  }
  return { tracked, sparse, untracked };
}

/** The work tree of a checkout. Links are never followed, not even above a file. */
export function listCheckout(
  workspace: HostPath,
  listing: Listing,
  isOut: (path: BytePath) => boolean,
  leftOut: LeftOut,
): WorkTree {
  const entries: TreeEntry[] = [];
  const inside: TreeEntry[] = [];
  const withheld = new Set<BytePath>();
  const isRealDirectory = makeDirectoryCheck(workspace);

  function add(path: BytePath, kind: 'file' | 'submodule' | 'repository'): void {
    if (isOut(path)) return void withheld.add(path);
    const entry = isRealDirectory(posix.dirname(path)) ? inspect(workspace, path) : 'absent';
    if (entry === 'absent') {
      if (listing.sparse.has(path)) withheld.add(path);
    } else if (entry === 'unnameable') {
      withheld.add(path);
      leaveOut(leftOut, UNNAMEABLE, path);
    } else if (entry === 'special') {
      leaveOut(leftOut, SPECIAL, path);
    } else if (entry.kind !== 'directory') {
      entries.push(entry);
    } else if (kind !== 'file') {
      entries.push(entry);
      const files = kind === 'submodule' ? filesOf(path) : [];
      inside.push(...files);
      const form = files.length > 0 ? 'files without a history' : 'an empty directory';
      leaveOut(leftOut, `Copied as ${form}, because it is a ${kind} of its own`, path);
    }
  }

  function filesOf(submodule: BytePath): TreeEntry[] {
    return [...walk(workspace, leftOut, isOut, `${submodule}/`)].filter(({ path }) => {
      if (!path.split('/').some((name) => AGENT_FILES.includes(name.toLowerCase()))) return true;
      leaveOut(leftOut, AGENT_CONFIG, path);
      return false;
    });
  }

  for (const [path, { mode }] of listing.tracked) {
    add(path, mode === SUBMODULE_MODE ? 'submodule' : 'file');
  }
  for (const path of listing.untracked) {
    if (path.endsWith('/')) add(path.slice(0, -1), 'repository');
    else add(path, 'file');
  }
  return { entries, withheld, inside, beside: [] };
}

/** Everything but `.git`, where git has nothing to say. */
export function listFolder(
  workspace: HostPath,
  isOut: (path: BytePath) => boolean,
  leftOut: LeftOut,
): WorkTree {
  const entries = [...walk(workspace, leftOut, isOut)];
  return { entries, withheld: new Set(), inside: [], beside: [] };
}

/** True for a directory below `root` that is reached through no link. */
function makeDirectoryCheck(root: HostPath): (path: BytePath) => boolean {
  const known = new Map<BytePath, boolean>([['.', true]]);
  return function check(path): boolean {
    const before = known.get(path);
    if (before !== undefined) return before;
    const text = textOf(path);
    const real =
      check(posix.dirname(path)) &&
      // A name that is not UTF-8 is the entry's own finding.
      (text === undefined ||
        lstatSync(`${root}/${text}`, { throwIfNoEntry: false })?.isDirectory() === true);
    known.set(path, real);
    return real;
  };
}
