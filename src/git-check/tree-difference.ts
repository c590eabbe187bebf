/** Asks git in what single directories differ, any number of pairs of them at once. */
import { askGit, linesOf, splitRecords } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';

/** One side of a change. `mode` is octal digits, as git writes them. */
export type Version = { readonly mode: string; readonly id: string };

type Sides = { readonly old: Version | undefined; readonly now: Version | undefined };
/** By name: what is there, unless the same is on both sides. */
export type TreeDifference = ReadonlyMap<string, Sides>;

type Pairs = { readonly now: string; readonly before: readonly string[] };

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const EMPTY_TREE_SHA256 = '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321';

/** In the hash that `id` is of. git knows it without having it. */
export const emptyTreeOf = (id: string): string =>
  id.length === 64 ? EMPTY_TREE_SHA256 : EMPTY_TREE;

const TREE = '040000';
const ABSENT = '000000';
const NONE: TreeDifference = new Map();

export const isTree = ({ mode }: Version): boolean => mode === TREE;

/** For each of `pairs`, in what `now` differs from each of `before`; empty ids are the empty tree. */
export async function compareTrees(
  git: GitRunner,
  pairs: readonly Pairs[],
): Promise<readonly (readonly TreeDifference[])[]> {
  const lineOf = (old: string, now: string) =>
    `${old || emptyTreeOf(now)} ${now || emptyTreeOf(old)}`;
  const lines = new Set<string>();
  for (const { now, before } of pairs)
    for (const old of before) if (old !== now) lines.add(lineOf(old, now));
  const found = await askDifferences(git, [...lines]);
  return pairs.map(({ now, before }) => before.map((old) => found.get(lineOf(old, now)) ?? NONE));
}

/** `<old> <new>\n` for each pair, then `:<modes> <ids> <letter>\0<name>\0` for each entry. */
async function askDifferences(
  git: GitRunner,
  lines: readonly string[],
): Promise<ReadonlyMap<string, TreeDifference>> {
  const found = new Map<string, TreeDifference>();
  let difference = new Map<string, Sides>();
  let header: string | undefined;
  const onStdout = splitRecords(0, (record) => {
    if (header !== undefined) {
      // Where a file takes a directory's place, git tells of each by itself.
      const name = record.toString();
      const [one, more] = [readVersions(header), difference.get(name)];
      difference.set(name, { old: one.old ?? more?.old, now: one.now ?? more?.now });
      header = undefined;
      return;
    }
    const text = record.toString('latin1');
    const line = text.lastIndexOf('\n');
    if (line >= 0) {
      difference = new Map();
      found.set(text.slice(text.lastIndexOf('\n', line - 1) + 1, line), difference);
    }
    header = text.slice(line + 1);
  });
  const args = ['diff-tree', '--stdin', '-z', '--raw', '--no-renames', '--no-abbrev'];
  if (lines.length > 0) await askGit(git, args, { input: linesOf(lines), onStdout });
  return found;
}

function readVersions(header: string): Sides {
  const [oldMode = '', nowMode = '', oldId = '', nowId = ''] = header.slice(1).split(' ');
  return {
    old: oldMode === ABSENT ? undefined : { mode: oldMode, id: oldId },
    now: nowMode === ABSENT ? undefined : { mode: nowMode, id: nowId },
  };
}
