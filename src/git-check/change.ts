/**
 * Lists what each commit does to which path; of a merge, what none of its parents has. git compares
 * single directories, each pair once: it would hold all files of a tree that repeats itself.
 */
import { CheckStop } from './finding.ts';
import type { GitRunner } from './git-runner.ts';
import type { Comparison } from './history.ts';
import { compareTrees, isTree, type TreeDifference, type Version } from './tree-difference.ts';

export type Change = {
  readonly commit: string;
  /** Bytes that are no UTF-8 are U+FFFD. */
  readonly path: string;
  /** Undefined: it is deleted. */
  readonly now: Version | undefined;
  /** What the parents have there, if anything. */
  readonly before: readonly Version[];
};

export const SYMLINK = '120000';
export const SUBMODULE = '160000';

const MAX_CHANGES = 300_000;
const MAX_DEPTH = 100;

/** A directory of a commit beside the same directory of its parents. */
type Place = Comparison & { readonly path: string; readonly order: number };
type Placed = Change & Pick<Place, 'order' | 'isWhole'>;

/** In the order of the comparisons; the whole says only what no single commit has said. */
export async function listChanges(
  git: GitRunner,
  comparisons: readonly Comparison[],
  maxFiles: number,
): Promise<readonly Change[]> {
  const changes: Placed[] = [];
  const paths = new Set<string>();
  let looked = 0;
  let places: Place[] = comparisons.map((one, order) => ({ ...one, path: '', order }));
  for (let depth = 0; places.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw tooDeep();
    const differences = await compareTrees(git, places);
    const next: Place[] = [];
    for (const [index, place] of places.entries()) {
      for (const change of split(place, differences[index] ?? [], next)) {
        changes.push(change);
        paths.add(change.path);
        if (paths.size > maxFiles) throw tooMany(`More than ${maxFiles} files are touched`);
      }
      if (changes.length + looked + next.length > MAX_CHANGES)
        throw tooMany(`There are more than ${MAX_CHANGES} changes of files and directories`);
    }
    looked += next.length;
    places = next;
  }
  const keyOf = ({ path, now }: Change) => `${now?.mode} ${now?.id} ${path}`;
  const said = new Set(changes.filter(({ isWhole }) => !isWhole).map(keyOf));
  return changes
    .filter((change) => !change.isWhole || !said.has(keyOf(change)))
    .toSorted((a, b) => a.order - b.order);
}

/** The files that differ from those of all parents; directories that may hold such go to `next`. */
function* split(
  { commit, path: directory, order, isWhole }: Place,
  sides: readonly TreeDifference[],
  next: Place[],
): Generator<Placed> {
  for (const name of sides[0]?.keys() ?? []) {
    const all = sides.flatMap((side) => side.get(name) ?? []);
    if (all.length < sides.length) continue;
    const now = all[0]?.now;
    const path = directory === '' ? name : `${directory}/${name}`;
    const before = all.flatMap(({ old }) => (old && !isTree(old) ? [old] : []));
    const file = now && !isTree(now) ? now : undefined;
    if (file || before.length > 0) yield { commit, path, order, isWhole, now: file, before };
    const trees = all.map(({ old }) => (old && isTree(old) ? old.id : ''));
    const tree = now && isTree(now) ? now.id : '';
    if (tree !== '' || trees.some((id) => id !== ''))
      next.push({ commit, path, order, isWhole, now: tree, before: trees });
  }
}

function tooMany(detail: string): CheckStop {
  return new CheckStop({ rule: 'file-count', detail });
}

function tooDeep(): CheckStop {
  const detail = `Directories are more than ${MAX_DEPTH} deep`;
  return new CheckStop({ rule: 'path-alias', detail });
}
