/** Makes commits through GitHub's API, which signs them: blobs, trees, commits; no ref yet. */
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { GitRunner } from '../git-check/git-runner.ts';
import { type PlannedCommit, treeOf } from './commit-plan.ts';
import { messageOfAnswer, refusedBy } from './fault.ts';
import type { GitHub } from './github.ts';
import {
  hasConflict,
  listTreeChanges,
  readBlobs,
  SUBMODULE,
  sizesOf,
  type TreeChange,
} from './tree-change.ts';

/** More of anything goes by git: each request costs of the hour's allowance that others share. */
const MOST = { commits: 25, blobs: 60, entries: 3000, bytes: 20 << 20 };
/** Text of a tree that is sent along with it. */
const MAX_INLINE = { file: 1 << 20, tree: 4 << 20 };

type Step = {
  readonly commit: PlannedCommit;
  /** Of its first parent; empty: it has none. */
  readonly parentTree: string;
  readonly changes: readonly TreeChange[];
};

export type ApiWork = { readonly steps: readonly Step[]; readonly blobs: Blobs };
type Blobs = ReadonlyMap<string, Buffer>;

/** Text: why git has to do it instead. */
export async function planApiWork(
  git: GitRunner,
  commits: readonly PlannedCommit[],
): Promise<ApiWork | string> {
  if (commits.length > MOST.commits) return `there are more than ${MOST.commits} commits`;
  const steps: Step[] = [];
  const trees = new Map(commits.map(({ id, tree }) => [id, tree]));
  for (const commit of commits) {
    const [parent] = commit.parents;
    const parentTree = parent ? (trees.get(parent) ?? (await treeOf(git, parent))) : '';
    const changes =
      parentTree === commit.tree ? [] : await listTreeChanges(git, parentTree, commit.tree);
    steps.push({ commit, parentTree, changes });
  }
  const all = steps.flatMap(({ changes }) => changes);
  if (all.length > MOST.entries) return `more than ${MOST.entries} files are changed`;
  if (all.some(({ path }) => path === undefined)) return 'the name of a file is no UTF-8';
  if (steps.some(({ changes }) => hasConflict(changes)))
    return 'a file stands where a directory stood';
  const ids = all.flatMap(({ id, mode }) => (id !== null && mode !== SUBMODULE ? [id] : []));
  const wanted = [...new Set(ids)];
  const sizes = await sizesOf(git, wanted);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > MOST.bytes) return `the change has more than ${MOST.bytes >> 20} MiB`;
  const blobs = await readBlobs(git, wanted);
  const binary = [...blobs.values()].filter((content) => !isPlainText(content));
  if (binary.length > MOST.blobs) return `more than ${MOST.blobs} files are no text`;
  return { steps, blobs };
}

const made = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });

/** GitHub's tree is another than ours: whatever it makes of it is not what was checked. */
export class TreeMismatch extends Error {
  override readonly name = 'TreeMismatch';
}

/** The id of the last commit. Throws `TreeMismatch`, and what the calls throw. */
export async function commitByApi(github: GitHub, work: ApiWork): Promise<string> {
  const sent = new Set<string>();
  const ids = new Map<string, string>();
  let last = '';
  for (const step of work.steps) {
    const { commit } = step;
    if (step.changes.length > 0) await makeTree(github, step, work.blobs, sent);
    // Neither author nor committer: who they are is then whose token it is, and GitHub signs.
    const { sha } = await github.demand({
      method: 'POST',
      path: '/git/commits',
      what: 'The commit was not made',
      body: {
        message: commit.message,
        tree: commit.tree,
        parents: commit.parents.map((id) => ids.get(id) ?? id),
      },
      answer: made,
    });
    ids.set(commit.id, sha);
    last = sha;
  }
  return last;
}

async function makeTree(
  github: GitHub,
  { commit, parentTree, changes }: Step,
  blobs: Blobs,
  sent: Set<string>,
): Promise<void> {
  let room = MAX_INLINE.tree;
  const entries: object[] = [];
  for (const { path, mode, id } of changes) {
    const type = mode === SUBMODULE ? 'commit' : 'blob';
    const content = id === null ? undefined : blobs.get(id);
    if (id === null || content === undefined || sent.has(id)) {
      entries.push({ path, mode, type, sha: id });
      continue;
    }
    sent.add(id);
    if (isPlainText(content) && content.length <= room) {
      room -= content.length;
      entries.push({ path, mode, type, content: content.toString() });
    } else {
      const body = { content: content.toString('base64'), encoding: 'base64' };
      await makeObject(github, { path: '/git/blobs', what: 'a file', body, id });
      entries.push({ path, mode, type, sha: id });
    }
  }
  const body = { ...(parentTree && { base_tree: parentTree }), tree: entries };
  await makeObject(github, { path: '/git/trees', what: 'the tree', body, id: commit.tree });
}

type NewObject = {
  readonly path: string;
  readonly what: string;
  readonly body: object;
  /** That git has given it. */
  readonly id: string;
};

async function makeObject(github: GitHub, { path, what, body, id }: NewObject): Promise<void> {
  const answer = await github.ask('POST', path, { body });
  // Names and sizes that git takes and the API does not.
  if (answer.status === 422 || answer.status === 413) {
    throw new TreeMismatch(`GitHub's API does not take ${what}: ${messageOfAnswer(answer.body)}`);
  }
  if (answer.status > 299) {
    throw refusedBy('The change was not taken', `POST ${github.pathOf(path)}`, answer);
  }
  const sha = made.safeParse(answer.body).data?.sha ?? 'nothing';
  if (sha !== id) throw new TreeMismatch(`${what} became ${sha}, and not ${id}`);
}

/** JSON carries it as it is, and nobody on the way has a reason to change it. */
function isPlainText(content: Buffer): boolean {
  if (content.length === 0 || content.length > MAX_INLINE.file || !isUtf8(content)) return false;
  return !content.includes(0) && !content.includes('\ufeff');
}
