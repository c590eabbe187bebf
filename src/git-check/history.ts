/** The commits that a change brings, and those that they build on. */
import { unreadable } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';

export type NewCommit = {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
};

/** A commit whose tree is compared with those of others; an empty id is the empty tree. */
export type Comparison = {
  readonly commit: string;
  readonly now: string;
  readonly before: readonly string[];
  /** Of all commits together. */
  readonly isWhole: boolean;
};

/** All that leads to a tip. */
export type Span = {
  readonly tip: string;
  /** The base, or the first commit before the tip that is not new; empty: all are. */
  readonly from: string;
  /** Other commits that are not new, and that were merged without being older than `from`. */
  readonly merged: readonly string[];
};

const MAX_MERGED = 20;

export async function findSpans(
  git: GitRunner,
  commits: readonly NewCommit[],
  tips: readonly string[],
  base: string,
): Promise<readonly Span[]> {
  const byId = new Map(commits.map((commit) => [commit.id, commit]));
  const old = new Set(commits.flatMap(({ parents }) => parents).filter((id) => !byId.has(id)));
  return Promise.all(
    tips.map(async (tip) => {
      const from = base || firstOld(byId, tip);
      const merged = [];
      for (const id of [...old].filter((one) => one !== from).slice(0, MAX_MERGED))
        if (from !== '' && !(await isAncestor(git, id, from))) merged.push(id);
      return { tip, from, merged };
    }),
  );
}

/** Along the first parents. */
function firstOld(byId: ReadonlyMap<string, NewCommit>, tip: string): string {
  let id = tip;
  for (let commit = byId.get(id); commit; commit = byId.get(id)) id = commit.parents[0] ?? '';
  return id;
}

export async function isAncestor(git: GitRunner, old: string, of: string): Promise<boolean> {
  if (old === of) return true;
  const { exitCode } = await git(['merge-base', '--is-ancestor', old, of]);
  if (exitCode > 1) throw unreadable('git merge-base cannot read the commits');
  return exitCode === 0;
}

/**
 * Each commit beside its parents, then each span as a whole: a merge with an old commit can bring
 * back what was long gone, and is then no different from one of its parents.
 */
export function listComparisons(
  commits: readonly NewCommit[],
  spans: readonly Span[],
  trees: ReadonlyMap<string, string>,
): readonly Comparison[] {
  const treeOf = (id: string) => {
    const tree = id === '' ? '' : trees.get(id);
    if (tree === undefined) throw unreadable(`The commit ${id} is missing`);
    return tree;
  };
  const single = commits.map(({ id, tree, parents }) => ({
    commit: id,
    now: tree,
    before: parents.length > 0 ? parents.map(treeOf) : [''],
    isWhole: false,
  }));
  const whole = spans.map(({ tip, from, merged }) => ({
    commit: tip,
    now: treeOf(tip),
    before: [from, ...merged].map(treeOf),
    isWhole: true,
  }));
  return [...single, ...whole];
}
