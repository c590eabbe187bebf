/** Writes a checked change to a branch of its own, and opens a pull request for it. */
import { type GitRunner, makeGitRunner } from '../git-check/git-runner.ts';
import { type ClientOptions, makeApiClient } from '../github/client.ts';
import type { Host } from '../host/host.ts';
import { type ApiWork, commitByApi, planApiWork, TreeMismatch } from './api-commit.ts';
import { findTarget, requireOwnCommits, type Target } from './branch.ts';
import { descends, planCommits, treeOf } from './commit-plan.ts';
import { pushFailed, toPushError } from './fault.ts';
import { type GitHub, openGitHub } from './github.ts';
import { dressPullRequest, openPullRequest } from './pull-request.ts';
import { pushBranch, rewriteCommits } from './push-commit.ts';
import { setBranch } from './ref.ts';
import { nothingWritten, type WriteBack, type WriteBackRequest } from './written.ts';

/** For one git: it may push a large change. */
const GIT_MS = 10 * 60_000;
export const PATIENCE = { timeoutMs: 60_000, retryMs: 2000, longestPauseMs: 180_000 };

/**
 * First the objects, which nobody sees, then the branch in one step, then the pull request with all
 * its text: whatever fails leaves nothing, a complete branch, or a complete pull request. Never
 * throws: what was done is told with why it did not go on.
 */
export async function writeBack(
  host: Host,
  request: WriteBackRequest,
  options: ClientOptions = PATIENCE,
): Promise<WriteBack> {
  let done = nothingWritten('failed');
  try {
    requireVerdict(request);
    const github = openGitHub(makeApiClient(host, request.place.token, options), request.place);
    const git = openGit(host, request);
    const target = await findTarget(github, request);
    done = { ...(await writeBranch(host, { github, git, request, target })), state: 'failed' };
    if (request.push.mode.value !== 'pull-request') return { ...done, state: stateOf(done) };
    const base = request.push.base.value || target.defaultBranch;
    const { pullRequest, notices } = await openPullRequest(github, request, base);
    done = { ...done, pullRequest, notices: [...done.notices, ...notices] };
    const undressed = await dressPullRequest(github, request, pullRequest);
    if (undressed.length > 0) throw incomplete(pullRequest.url, undressed);
    return { ...done, state: stateOf(done) };
  } catch (error) {
    const what = done.branch === '' ? 'The change was not written back' : WITHOUT_REQUEST;
    return { ...done, error: toPushError(what, error, host.cancelled.aborted) };
  }
}

const WITHOUT_REQUEST = 'The branch is written, and its pull request is not as it should be';

function stateOf({ by }: WriteBack): WriteBack['state'] {
  return by === '' ? 'unchanged' : 'written';
}

function requireVerdict({ change, push }: WriteBackRequest): void {
  if (change.verdict === 'clean') return;
  if (change.verdict === 'review' && push.mode.value === 'pull-request') return;
  throw pushFailed({
    what:
      change.verdict === 'review'
        ? 'The change needs a review, and a branch alone asks nobody for it'
        : 'The change is blocked by its checks',
    where: `push: ${push.mode.value}, from ${push.mode.source}`,
    fix:
      change.verdict === 'review'
        ? 'Use `push: pull-request`; the change is in the artifact.'
        : 'Read the findings; what may pass is said by `git-gate` of the bottle.',
  });
}

function incomplete(url: string, failed: readonly string[]) {
  return pushFailed({
    what: 'The pull request is there, and something was not added to it',
    where: `${url}: ${failed.join('; ')}`,
    fix: 'Check that the labels and reviewers exist and that the token may add them.',
  });
}

function openGit(host: Host, { change }: WriteBackRequest): GitRunner {
  const program = host.which('git');
  if (program === undefined) throw new Error('there is no git on the runner');
  return makeGitRunner({
    spawn: (argv, options) => host.spawn(argv, options),
    program,
    directory: change.repository,
    path: host.env.PATH ?? '',
    timeoutMs: GIT_MS,
    signal: host.cancelled,
  });
}

type Writing = {
  readonly github: GitHub;
  readonly git: GitRunner;
  readonly request: WriteBackRequest;
  readonly target: Target;
};

async function writeBranch(host: Host, writing: Writing): Promise<WriteBack> {
  const { github, git, request, target } = writing;
  const { change, push } = request;
  const { now } = target;
  const branch = push.branch.value;
  const told = { ...nothingWritten('written'), branch };
  if (now !== undefined && now.tree === (await treeOf(git, change.tip))) {
    return { ...told, commit: now.sha };
  }
  const follows = now === undefined || (await descends(git, change.tip, now.sha));
  if (now !== undefined && !follows) await requireOwnCommits(github, request, now);
  const known = [change.base, ...(now && follows ? [now.sha] : [])];
  const commits = await planCommits(git, request, known);
  const old = now?.sha ?? '';
  const work = follows ? await planApiWork(git, commits) : 'the branch is replaced';
  const commit = typeof work === 'string' ? work : await tryApi(github, work);
  if (typeof commit !== 'string') {
    await setBranch(github, branch, { commit: commit.id, old });
    return { ...told, commit: commit.id, by: 'api' };
  }
  const pushed = await rewriteCommits(git, commits, request.author);
  await pushBranch(host, git, request, { commit: pushed, old });
  const notices = [`Pushed by git, so GitHub does not sign the commits: ${commit}`];
  return { ...told, commit: pushed, by: 'git-push', notices };
}

/** Text: why git has to do it. */
async function tryApi(github: GitHub, work: ApiWork): Promise<{ readonly id: string } | string> {
  try {
    return { id: await commitByApi(github, work) };
  } catch (error) {
    // Objects alone are seen by nobody: nothing has happened yet.
    if (error instanceof TreeMismatch) return error.message;
    throw error;
  }
}
