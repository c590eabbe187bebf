/** Writes down, as a git tree and a commit, what the agent starts from. */
import { statSync } from 'node:fs';
import { type BytePath, joinNul, splitNul } from './byte-path.ts';
import { isPointedTo, type Lfs } from './lfs.ts';
import type { Repository } from './repository.ts';
import type { Scratch } from './scratch.ts';
import type { TreeEntry } from './tree-entry.ts';
import { type Listing, SUBMODULE_MODE, type Tracked, type WorkTree } from './work-tree.ts';

/** Where the guest's repository starts, in the order of its index. */
export type Base = {
  readonly commit: string;
  /** The commit's tree with what was changed and untracked on the runner. */
  readonly tree: string;
  /** The commit's own tree, file by file. */
  readonly committed: ReadonlyMap<BytePath, Tracked>;
  /** Copied files that are as the commit has them. */
  readonly clean: ReadonlySet<BytePath>;
};

export type Author = { readonly name: string; readonly email: string };

const ABSENT_MODE = '000000';

/** Larger files are not held in memory. */
const STREAM_LARGE = ['-c', 'core.bigFileThreshold=1m'];

/** What HEAD has of each tracked path that differs on the runner; undefined: nothing. */
export type Changes = ReadonlyMap<BytePath, Tracked | undefined>;

export async function listChanges(scratch: Scratch, head: string): Promise<Changes> {
  const options = ['-z', '--no-renames', '--no-abbrev', '--ignore-submodules=all'];
  const records = splitNul(await scratch.readIndex(['diff-index', ...options, head]));
  const changes = new Map<BytePath, Tracked | undefined>();
  for (let at = 0; at + 1 < records.length; at += 2) {
    // `:<old mode> <mode> <old id> <id> <status>`, then the path.
    const [mode = '', , id = ''] = (records[at] ?? '').slice(1).split(' ');
    changes.set(records[at + 1] ?? '', mode === ABSENT_MODE ? undefined : { mode, id });
  }
  return changes;
}

/** The checkout's own commit, with what differs from it on the runner in a tree beside it. */
export async function baseOfCheckout(checkout: {
  readonly scratch: Scratch;
  readonly source: Repository;
  readonly listing: Listing;
  readonly changes: Changes;
  readonly workTree: WorkTree;
  readonly lfs: Lfs;
}): Promise<Base> {
  const { scratch, source, listing, changes, workTree, lfs } = checkout;
  const committed = committedOf(listing, changes);
  const indexed = statSync(source.index).mtimeMs;
  const clean = new Set<BytePath>();
  const added: TreeEntry[] = [];
  const copied = new Set<BytePath>();
  for (const entry of workTree.entries) {
    const { path, mtimeMs } = entry;
    copied.add(path);
    if (entry.kind === 'directory') continue;
    const same = listing.tracked.has(path) && !changes.has(path) && !listing.sparse.has(path);
    const isOwn = entry.root === source.top;
    if (same && isOwn && mtimeMs < indexed) clean.add(path);
    else if (isOwn && lfs.paths.has(path) && (await holdsCommitted(entry))) clean.add(path);
    else added.push(entry);
  }
  const removed = [...committed]
    .filter(([path, { mode }]) => !copied.has(path) && mode !== SUBMODULE_MODE)
    .map(([path]) => path)
    .filter((path) => !workTree.withheld.has(path));
  const { head } = source;
  const differs = added.length + removed.length > 0;
  const tree = differs ? await writeTree(scratch, head, added, removed) : source.tree;
  return { commit: head, tree, committed, clean };

  async function holdsCommitted(entry: TreeEntry): Promise<boolean> {
    return await isPointedTo(entry, committed.get(entry.path)?.id, scratch.objectFormat);
  }
}

/** HEAD's tree in git's order: the index, but for what differs. */
function committedOf(listing: Listing, changes: Changes): ReadonlyMap<BytePath, Tracked> {
  if (changes.size === 0) return listing.tracked;
  const committed = new Map(listing.tracked);
  for (const [path, before] of changes) {
    if (before) committed.set(path, before);
    else committed.delete(path);
  }
  return new Map([...committed].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** A first commit of everything, where there is no history to carry over. */
export async function baseOfFiles(
  scratch: Scratch,
  workTree: WorkTree,
  author: Author,
  seconds: number,
): Promise<Base> {
  const files = workTree.entries.filter(({ kind }) => kind !== 'directory');
  const tree = await writeTree(scratch, '', files, []);
  const identity = `${plain(author.name)} <${plain(author.email)}> ${seconds} +0000`;
  const people = `author ${identity}\ncommitter ${identity}\n`;
  const text = `tree ${tree}\n${people}\nThe workspace as it was provisioned\n`;
  const [commit, listed] = await Promise.all([
    scratch.run(['hash-object', '-t', 'commit', '-w', '--stdin'], Buffer.from(text)),
    scratch.run(['ls-tree', '-r', '-z', tree]),
  ]);
  const committed = parseTree(listed);
  const clean = new Set(committed.keys());
  return { commit: idOf(commit), tree, committed, clean };
}

/** What git itself leaves out of a name in a commit. */
function plain(text: string): string {
  return text.replace(/[\0-\x1f<>]/g, '').trim();
}

async function writeTree(
  scratch: Scratch,
  head: string,
  added: readonly TreeEntry[],
  removed: readonly BytePath[],
): Promise<string> {
  if (head !== '') await scratch.run(['read-tree', head]);
  if (removed.length > 0) {
    const none = '0'.repeat(scratch.objectFormat === 'sha256' ? 64 : 40);
    const records = removed.map((path) => `0 ${none}\t${path}`);
    await scratch.run(['update-index', '-z', '--index-info'], joinNul(records));
  }
  const update = [...STREAM_LARGE, 'update-index', '-z', '--add', '--replace', '--stdin'];
  for (const [root, files] of Map.groupBy(added, (entry) => entry.root)) {
    await scratch.run(update, joinNul(files.map(({ path }) => path)), root);
  }
  return idOf(await scratch.run(['write-tree']));
}

/** `<mode> <type> <id>\t<path>` */
function parseTree(output: Buffer): Map<BytePath, Tracked> {
  const committed = new Map<BytePath, Tracked>();
  for (const record of splitNul(output)) {
    const tab = record.indexOf('\t');
    const [mode = '', , id = ''] = record.slice(0, tab).split(' ');
    committed.set(record.slice(tab + 1), { mode, id });
  }
  return committed;
}

function idOf(output: Buffer): string {
  return output.toString('latin1').trim();
}
