/** The commits that a change brings, and those that they build on. */
import { askGit, linesOf, unreadable } from './git-output.ts';
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

/** All that leads to a tip. `from` is not new, and empty where everything is. */
export type Span = { readonly from: string; readonly tip: string };

/** From the base, or from the first commit before each tip that is not new, by the first parents. */
export function spansOf(
  commits: readonly NewCommit[],
  tips: readonly string[],
  base: string,
): readonly Span[] {
  const byId = new Map(commits.map((commit) => [commit.id, commit]));
  return tips.map((tip) => {
    let from = tip;
    for (let commit = byId.get(from); commit; commit = byId.get(from))
      from = commit.parents[0] ?? '';
    return { tip, from: base || from };
  });
}

/**
 * Each commit beside its parents, then each span as a whole: a merge with an old commit can bring
 * back what was long gone, and is then no different from one of its parents.
 */
export async function listComparisons(
  git: GitRunner,
  commits: readonly NewCommit[],
  spans: readonly Span[],
): Promise<readonly Comparison[]> {
  const trees = await readTrees(git, commits, spans);
  const treeOf = (id: string) => trees.get(id) ?? '';
  const single = commits.map(({ id, tree, parents }) => ({
    commit: id,
    now: tree,
    before: parents.length > 0 ? parents.map(treeOf) : [''],
    isWhole: false,
  }));
  const whole = spans.map(({ from, tip }) => ({
    commit: tip,
    now: treeOf(tip),
    before: [treeOf(from)],
    isWhole: true,
  }));
  return [...single, ...whole];
}

async function readTrees(
  git: GitRunner,
  commits: readonly NewCommit[],
  spans: readonly Span[],
): Promise<ReadonlyMap<string, string>> {
  const trees = new Map(commits.map(({ id, tree }) => [id, tree]));
  const ids = [...commits.flatMap(({ parents }) => parents), ...spans.flatMap(Object.values)];
  const old = [...new Set<string>(ids)].filter((id) => id !== '' && !trees.has(id));
  const input = linesOf(old.map((id) => `${id}^{tree}`));
  const answer = await askGit(git, ['cat-file', '--batch-check=%(objectname)'], { input });
  const lines = answer.toString().split('\n');
  for (const [index, id] of old.entries()) {
    const tree = lines[index] ?? '';
    if (!/^[0-9a-f]{40,64}$/.test(tree)) throw unreadable(`The commit ${id} is missing`);
    trees.set(id, tree);
  }
  return trees;
}
