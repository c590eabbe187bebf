/** The commits that are to be written, read from the proposal: trees as they are, messages made fit. */
import type { GitRunner } from '../git-check/git-runner.ts';
import { streamObjects } from '../git-check/object-stream.ts';
import { trailersOf } from './mark.ts';
import type { WriteBackRequest } from './written.ts';

export type PlannedCommit = {
  /** As the proposal has it: never the id that it is written under. */
  readonly id: string;
  readonly tree: string;
  /** Ids of the proposal, or of what the repository has already. */
  readonly parents: readonly string[];
  readonly message: string;
};

/** Those of the tip that `known` has not, parents first. `known`: commits that GitHub has. */
export async function planCommits(
  git: GitRunner,
  { change, push, place, runId, cleanMessage }: WriteBackRequest,
  known: readonly string[],
): Promise<readonly PlannedCommit[]> {
  const without = known.map((id) => `^${id}`);
  const list = ['rev-list', '--topo-order', '--reverse', change.tip, ...without];
  const ids = (await run(git, list)).split('\n').filter((id) => id !== '');
  const trailers = trailersOf({ runId, branch: push.branch.value, workflow: place.workflow });
  const read = new Map<string, PlannedCommit>();
  await streamObjects(git, ids, {
    onObject: () => true,
    onContent: ({ id }, content) => {
      const { message, ...rest } = parseCommit(content);
      read.set(id, { id, ...rest, message: `${cleanMessage(message)}\n\n${trailers}` });
    },
  });
  return ids.flatMap((id) => read.get(id) ?? []);
}

/** The tree that a commit has. */
export async function treeOf(git: GitRunner, commit: string): Promise<string> {
  return (await run(git, ['rev-parse', '--verify', `${commit}^{tree}`])).trim();
}

export async function descends(git: GitRunner, commit: string, from: string): Promise<boolean> {
  return (await git(['merge-base', '--is-ancestor', from, commit])).exitCode === 0;
}

/** What git said; throws for any exit code but 0. */
export async function run(...[git, args, options]: [GitRunner, ...Parameters<GitRunner>]) {
  const { exitCode, stdout, stderr } = await git(args, options);
  if (exitCode === 0) return stdout.toString();
  throw new Error(`git ${args[0]} ended with exit code ${exitCode}: ${stderr}`);
}

/** Headers, an empty line, the message. Bytes that are no UTF-8 become U+FFFD. */
function parseCommit(content: Buffer): Omit<PlannedCommit, 'id'> {
  const text = content.toString();
  const end = text.indexOf('\n\n');
  const headers = text.slice(0, end < 0 ? undefined : end).split('\n');
  const valuesOf = (name: string) =>
    headers
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  return {
    tree: valuesOf('tree')[0] ?? '',
    parents: valuesOf('parent'),
    message: end < 0 ? '' : text.slice(end + 2),
  };
}
