/** Finds names in one directory that are one file on a file system that folds case or Unicode. */
import { posix } from 'node:path';
import { askGit, linesOf } from './git-output.ts';
import type { Inspection } from './inspection.ts';
import type { NewObject } from './new-object.ts';
import { foldName } from './path-name.ts';

/** Larger ones are not looked through; see `checkTreeSizes`. */
export const MAX_TREE_BYTES = 16 * 1024 * 1024;

type Collision = { readonly directory: string; readonly names: readonly [string, string] };

export type CollisionSearch = {
  /** Only directories that something was added to need be looked at. */
  wants(tree: NewObject): boolean;
  look(tree: NewObject, content: Buffer): void;
  /** Adds a finding for each that the base does not have as well. */
  report(): Promise<void>;
};

export function searchCollisions(inspection: Inspection): CollisionSearch {
  const added = listAdded(inspection);
  const found = new Map<string, Collision>();
  return {
    wants: ({ type, path }) => type === 'tree' && added.has(path),
    look({ id, path: directory }, content) {
      const names = added.get(directory);
      const byFold = new Map<string, string>();
      for (const name of namesIn(content, id.length / 2)) {
        const folded = foldName(name);
        const other = byFold.get(folded);
        byFold.set(folded, name);
        if (other === undefined || !(names?.has(name) || names?.has(other))) continue;
        if (found.size < MAX_FOUND)
          found.set(`${directory}/${folded}`, { directory, names: [other, name] });
      }
    },
    report: () => report(inspection, [...found.values()]),
  };
}

const MAX_FOUND = 1000;

/** Directory → the names in it that the change adds, or adds something below. */
function listAdded({ changes }: Inspection): ReadonlyMap<string, ReadonlySet<string>> {
  const added = new Map<string, Set<string>>();
  for (const { path, now, before } of changes) {
    if (now === undefined || before.length > 0) continue;
    for (let at = path; at !== '.' && at !== ''; at = posix.dirname(at)) {
      const directory = posix.dirname(at) === '.' ? '' : posix.dirname(at);
      const names = added.get(directory) ?? new Set<string>();
      added.set(directory, names);
      const name = posix.basename(at);
      if (names.has(name)) break;
      names.add(name);
    }
  }
  return added;
}

/** `<mode> <name>\0<id>` for each entry. */
function* namesIn(tree: Buffer, idBytes: number): Generator<string> {
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const nul = tree.indexOf(0, space);
    if (space < 0 || nul < 0) return;
    yield tree.toString('utf8', space + 1, nul);
    at = nul + 1 + idBytes;
  }
}

async function report(inspection: Inspection, found: readonly Collision[]): Promise<void> {
  const { git, base, changes, findings, show } = inspection;
  if (found.length === 0) return;
  const paths = found.flatMap(({ directory, names }) =>
    names.map((name) => (directory === '' ? name : `${directory}/${name}`)),
  );
  const isOld = base === '' ? paths.map(() => false) : await existIn(git, base, paths);
  for (const index of found.keys()) {
    const [one, other] = [paths[index * 2] ?? '', paths[index * 2 + 1] ?? ''];
    if (isOld[index * 2] && isOld[index * 2 + 1]) continue;
    const below = (path: string) => path === other || path.startsWith(`${other}/`);
    const commit = changes.find(({ path }) => below(path))?.commit ?? '';
    const detail = `It is the same file as ${show(one)} where case or Unicode forms do not count`;
    findings.add({ rule: 'path-alias', commit, path: show(other), detail });
  }
}

async function existIn(
  git: Inspection['git'],
  commit: string,
  paths: readonly string[],
): Promise<boolean[]> {
  const input = linesOf(paths.map((path) => `${commit}:${path.replaceAll('\n', '')}`));
  const answer = await askGit(git, ['cat-file', '--batch-check'], { input });
  return answer
    .toString()
    .split('\n')
    .map((line) => !line.endsWith(' missing'));
}
