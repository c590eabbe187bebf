/** Writes the commits by `git push`, for what the API is too small for or cannot do at once. */
import type { GitRunner } from '../git-check/git-runner.ts';
import { accessTo } from '../github/access.ts';
import type { Host } from '../host/host.ts';
import { type PlannedCommit, run } from './commit-plan.ts';
import { pushFailed } from './fault.ts';
import type { WriteBackRequest } from './written.ts';

/** Whom GitHub shows where nobody was named. */
const NOBODY = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};

const PUSH = ['push', '--porcelain', '--no-verify', '--no-signed', '--no-recurse-submodules'];
/** git-push(1), `--porcelain`: a flag, from:to, and why. */
const REJECTED = /^!\t[^\t]*\t(.+)$/gm;

/** Written anew: whom the agent named as authors is nobody's word. The id of the last one. */
export async function rewriteCommits(
  git: GitRunner,
  commits: readonly PlannedCommit[],
  author: WriteBackRequest['author'],
): Promise<string> {
  const [name, email] = [author.name || NOBODY.name, author.email || NOBODY.email];
  const env = {
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
  };
  const ids = new Map<string, string>();
  let last = '';
  for (const { id, tree, parents, message } of commits) {
    const after = parents.flatMap((parent) => ['-p', ids.get(parent) ?? parent]);
    const input = Buffer.from(`${message}\n`);
    last = (await run(git, ['commit-tree', tree, ...after, '-F', '-'], { env, input })).trim();
    ids.set(id, last);
  }
  return last;
}

/** `old`: what the branch has to be until then; empty: nothing. Replaces it in one step, or fails. */
export async function pushBranch(
  host: Pick<Host, 'env'>,
  git: GitRunner,
  { place, push }: Pick<WriteBackRequest, 'place' | 'push'>,
  { commit, old }: { readonly commit: string; readonly old: string },
): Promise<void> {
  const ref = `refs/heads/${push.branch.value}`;
  const url = `${place.server}/${place.repository}`;
  const env = accessTo(host, place.server, place.token);
  const lease = `--force-with-lease=${ref}:${old}`;
  const { exitCode, stdout, stderr } = await git([...PUSH, lease, url, `${commit}:${ref}`], {
    env,
  });
  if (exitCode === 0) return;
  const reasons = Array.from(stdout.toString().matchAll(REJECTED), ([, reason = '']) => reason);
  const said = reasons.length > 0 ? reasons.join(', ') : stderr;
  throw pushFailed({
    what: 'The branch was not pushed',
    where: `git push to ${url}, ${ref}: ${said}`,
    fix: fixOf(said),
  });
}

function fixOf(said: string): string {
  if (/stale info|fetch first|fast-forward|failed to update ref|cannot lock ref/.test(said)) {
    return 'Somebody else has written to the branch meanwhile: run it again, or name another `branch`.';
  }
  if (/\b(401|403)\b|denied|not granted|Authentication failed/i.test(said)) {
    return 'Give the job `permissions: {contents: write}`, or the input `token` one that has it.';
  }
  return 'See what git says there; the change is in the artifact.';
}
