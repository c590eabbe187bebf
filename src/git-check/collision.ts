/** Finds names in one directory that are one file on a file system that folds case or Unicode. */
import { posix } from 'node:path';
import type { Change } from './change.ts';
import { CheckStop } from './finding.ts';
import { askGit, linesOf } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';
import type { Inspection } from './inspection.ts';
import { MAX_TREE_BYTES } from './new-object.ts';
import { streamObjects } from './object-stream.ts';
import { foldName } from './path-name.ts';

const MAX_TREES = 50_000;
const MAX_FOUND = 1000;

/** Directory → names in it. The root is the empty path. */
type Names = ReadonlyMap<string, Set<string>>;
type Pair = { readonly directory: string; readonly names: readonly [string, string] };

/** Only names that the change adds count, and only where both were not there before. */
export async function checkCollisions(inspection: Inspection): Promise<void> {
  const { git, changes, objects } = inspection;
  const added = listNames(changes.filter(({ now, before }) => now && before.length === 0));
  const ever = await listEver(inspection, added);
  const suspects = new Set(
    [...ever]
      .filter(([path, names]) => pairsIn(path, names, added).length > 0)
      .map(([path]) => path),
  );
  const trees = new Map<string, string>();
  for (const { id, type, path } of objects.values())
    if (type === 'tree' && suspects.has(path)) trees.set(id, path);
  const found = new Map<string, Pair>();
  await streamObjects(git, [...trees.keys()], {
    onObject: () => true,
    onContent: ({ id }, content) => {
      const names = namesIn(content, id.length / 2);
      for (const pair of pairsIn(trees.get(id) ?? '', names, added))
        if (found.size < MAX_FOUND) found.set(`${pair.directory}/${pair.names.join('/')}`, pair);
    },
  });
  await report(inspection, [...found.values()]);
}

/** Each name of each path, by the directory that it stands in. */
function listNames(changes: readonly Change[]): Names {
  const names = new Map<string, Set<string>>();
  for (const { path } of changes)
    for (let at = path; at !== ''; at = parentOf(at)) {
      const inside = names.get(parentOf(at)) ?? new Set<string>();
      names.set(parentOf(at), inside);
      if (inside.has(posix.basename(at))) break;
      inside.add(posix.basename(at));
    }
  return names;
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** What a directory had at any time: what it has at the beginning or the end, and what changed. */
async function listEver({ git, spans, changes }: Inspection, added: Names): Promise<Names> {
  const changed = listNames(changes);
  // git is asked by lines; such a name is refused anyhow.
  const directories = [...added.keys()].filter((path) => !path.includes('\n'));
  const ever = new Map(directories.map((path) => [path, new Set(changed.get(path))]));
  const commits = new Set(
    spans.flatMap(({ tip, from, merged }) => [tip, from, ...merged].filter(Boolean)),
  );
  if (commits.size * directories.length > MAX_TREES) throw tooManyTrees();
  const places = [...commits].flatMap((commit) => directories.map((path) => ({ commit, path })));
  const names = places.map(({ commit, path }) => `${commit}:${path}`);
  await streamObjects(git, names, {
    isSparse: true,
    onObject: ({ type, start, end }) => type === 'tree' && end - start <= MAX_TREE_BYTES,
    onContent: ({ id, index }, content) => {
      const inside = ever.get(places[index]?.path ?? '');
      for (const name of namesIn(content, id.length / 2)) inside?.add(name);
    },
  });
  return ever;
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

function pairsIn(directory: string, names: Iterable<string>, added: Names): Pair[] {
  const fresh = added.get(directory);
  const byFold = new Map<string, string>();
  const pairs: Pair[] = [];
  for (const name of names) {
    const folded = foldName(name);
    const other = byFold.get(folded);
    if (other !== undefined && (fresh?.has(name) || fresh?.has(other)))
      pairs.push({ directory, names: [other, name] });
    byFold.set(folded, name);
  }
  return pairs;
}

async function report(inspection: Inspection, found: readonly Pair[]): Promise<void> {
  const { git, spans, changes, findings, show } = inspection;
  if (found.length === 0) return;
  const paths = found.flatMap(({ directory, names }) =>
    names.map((name) => (directory === '' ? name : `${directory}/${name}`)),
  );
  const olds = [];
  for (const commit of new Set(spans.flatMap(({ from, merged }) => [from, ...merged])))
    if (commit !== '') olds.push(await existing(git, commit, paths));
  for (const index of found.keys()) {
    const [one = '', other = ''] = paths.slice(index * 2);
    if (olds.some((old) => old[index * 2] && old[index * 2 + 1])) continue;
    const isBelow = ({ path }: Change) => path === other || path.startsWith(`${other}/`);
    const detail = `It is the same file as ${show(one)} where case or Unicode forms do not count`;
    const commit = changes.find(isBelow)?.commit ?? '';
    findings.add({ rule: 'path-alias', commit, path: show(other), detail });
  }
}

/** Whether each of the paths is in the commit. */
async function existing(
  git: GitRunner,
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

function tooManyTrees(): CheckStop {
  const detail = `Files are added to more than ${MAX_TREES} directories`;
  return new CheckStop({ rule: 'file-count', detail });
}
