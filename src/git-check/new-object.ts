/** Finds what a change adds to the repository: commits, and objects with their type and size. */
import type { CheckRequest } from './check-commits.ts';
import { CheckStop } from './finding.ts';
import { askGit, linesOf, splitRecords, unreadable } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';
import type { NewCommit } from './history.ts';

export type NewObject = {
  readonly id: string;
  readonly type: 'commit' | 'tree' | 'blob' | 'tag';
  /** In bytes, unpacked. */
  readonly size: number;
  /** Where it was first met; empty for commits and the root. A tag's name for tags. */
  readonly path: string;
};

export type NewIds = {
  /** Parents come before their children. */
  readonly commits: readonly NewCommit[];
  /** Of all other objects, with the path where each was met. */
  readonly paths: ReadonlyMap<string, string>;
};

/** Of the names, modes and ids in one directory. */
export const MAX_TREE_BYTES = 16 * 1024 * 1024;

/** Trees and versions of files come on top of commits. */
const MAX_OBJECTS = 300_000;

export async function findNewObjects(
  git: GitRunner,
  { base, tips, known = [], policy }: CheckRequest,
): Promise<NewIds> {
  const old = base === '' ? known : [base, ...known];
  const commits: NewCommit[] = [];
  const paths = new Map<string, string>();
  const onStdout = splitRecords(0x0a, (record) => {
    const line = record.toString();
    if (line.startsWith('commit ')) return;
    const space = line.indexOf(' ');
    if (line.startsWith('=')) {
      const [id = '', tree = '', ...parents] = line.slice(1).trim().split(' ');
      commits.push({ id, tree, parents });
    } else paths.set(line.slice(0, space), line.slice(space + 1));
    if (commits.length > policy.maxCommits) throw tooManyCommits(policy.maxCommits);
    if (paths.size > MAX_OBJECTS) throw tooManyObjects();
  });
  const input = linesOf([...tips, ...old.map((id) => `^${id}`)]);
  const args = ['rev-list', '--objects', '--topo-order', '--format==%H %T %P', '--stdin'];
  await askGit(git, args, { input, onStdout });
  return { commits: commits.reverse(), paths };
}

export type Described = {
  readonly objects: ReadonlyMap<string, NewObject>;
  /** Of all commits that are new, and of those that they build on. */
  readonly trees: ReadonlyMap<string, string>;
  /** The commit that each tip is or stands for; empty: none. */
  readonly heads: readonly string[];
};

/** By one git: to start one takes longer than what it is asked. */
export async function describeObjects(
  git: GitRunner,
  { commits, paths }: NewIds,
  { tips, base }: Pick<CheckRequest, 'tips' | 'base'>,
): Promise<Described> {
  const objects = new Map<string, NewObject>();
  const trees = new Map(commits.map(({ id, tree }) => [id, tree]));
  const parents = commits.flatMap((commit) => commit.parents);
  const old = [...new Set([...parents, base])].filter((id) => id !== '' && !trees.has(id));
  const answers: (readonly string[])[] = [];
  const first = 2 * tips.length + old.length;
  const onStdout = splitRecords(0x0a, (record) => {
    const answer = record.toString().split(' ');
    if (answers.length < first) return void answers.push(answer);
    const [id = '', type, size] = answer;
    if (size === undefined) throw unreadable(`${id} is missing`);
    if (type === 'tree' && Number(size) > MAX_TREE_BYTES) throw tooManyNames();
    const path = paths.get(id) ?? '';
    objects.set(id, { id, type: type as NewObject['type'], size: Number(size), path });
  });
  const names = [
    ...tips.flatMap((tip) => [`${tip}^{}`, `${tip}^{tree}`]),
    ...old.map((id) => `${id}^{tree}`),
    ...[...commits.map(({ id }) => id), ...paths.keys()],
  ];
  await askGit(git, ['cat-file', '--batch-check', '--buffer'], { input: linesOf(names), onStdout });
  const idOf = (index: number, wanted: string) => {
    const [id = '', type] = answers[index] ?? [];
    return type === wanted ? id : '';
  };
  const heads = tips.map((_, index) => idOf(2 * index, 'commit'));
  const known: [string, number][] = [
    ...heads.map((head, index): [string, number] => [head, 2 * index + 1]),
    ...old.map((id, index): [string, number] => [id, 2 * tips.length + index]),
  ];
  for (const [id, index] of known) {
    const tree = idOf(index, 'tree');
    if (id !== '' && tree !== '') trees.set(id, tree);
  }
  return { objects, trees, heads };
}

function tooManyCommits(most: number): CheckStop {
  return new CheckStop({ rule: 'commit-count', detail: `There are more than ${most} commits` });
}

function tooManyObjects(): CheckStop {
  const detail = `There are more than ${MAX_OBJECTS} versions of files and directories`;
  return new CheckStop({ rule: 'file-count', detail });
}

function tooManyNames(): CheckStop {
  const detail = `A directory has more than ${MAX_TREE_BYTES} bytes of names`;
  return new CheckStop({ rule: 'file-count', detail });
}
