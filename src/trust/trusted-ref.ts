/** Which commit rules a run: by event, or as the workflow says. */
import { BottleError } from '../errors.ts';
import type { Event } from './event.ts';
import { refused } from './refused.ts';
import type { Repository } from './repository.ts';

export type TrustedRef =
  | { readonly kind: 'commit'; readonly sha: string }
  | { readonly kind: 'worktree' };

export type ChosenRef = {
  readonly ref: TrustedRef;
  /** The commit that the event itself is trusted with; empty with the work tree. */
  readonly eventSha: string;
  /** For a sentence: `commit 1234… (the base of the pull request)`. */
  readonly from: string;
};

type Resolver = Pick<Repository, 'resolve'> | undefined;

/** @throws {BottleError} `config-invalid` for a `manifest-ref` that names nothing. */
export async function chooseRef(
  event: Event,
  manifestRef: string,
  repository: Resolver,
): Promise<ChosenRef> {
  const ruledByWorktree = manifestRef === 'worktree' || (event.kind === 'local' && !manifestRef);
  if (repository === undefined || ruledByWorktree) {
    if (manifestRef !== '' && manifestRef !== 'worktree') throw notFound(manifestRef);
    return { ref: { kind: 'worktree' }, eventSha: '', from: 'the files as they are checked out' };
  }
  const own = await shaOf(event, repository);
  if (manifestRef === '') {
    const from = `commit ${own.sha} (${own.what})`;
    return { ref: { kind: 'commit', sha: own.sha }, eventSha: own.sha, from };
  }
  const sha = await repository.resolve(manifestRef);
  if (sha === undefined) throw notFound(manifestRef);
  const from = `commit ${sha} (input manifest-ref: ${manifestRef})`;
  return { ref: { kind: 'commit', sha }, eventSha: own.sha, from };
}

async function shaOf(event: Event, repository: NonNullable<Resolver>) {
  switch (event.kind) {
    case 'push':
    case 'schedule':
    case 'workflow_dispatch':
    case 'repository_dispatch':
      return { sha: event.sha, what: `the commit of this ${event.name}` };
    // GITHUB_SHA of these is a merge with the head.
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment':
      return { sha: event.pull_request.base.sha, what: 'the base of the pull request' };
    case 'pull_request_target':
      return { sha: event.sha, what: 'the base of the pull request, or the default branch' };
    case 'workflow_run':
    case 'issue_comment':
    case 'issues':
      return { sha: event.sha, what: 'the default branch' };
    case 'local':
      return { sha: '', what: 'no event' };
    case 'other':
      return await defaultBranchOf(event, repository);
  }
}

/** Of an unknown event, nobody knows whose commit GITHUB_SHA is. */
async function defaultBranchOf(event: Event, repository: NonNullable<Resolver>) {
  const { defaultBranch, name } = event;
  const branch = `refs/heads/${defaultBranch}`;
  const sha = defaultBranch === '' ? undefined : await repository.resolve(branch);
  if (sha !== undefined) return { sha, what: `the default branch, ${defaultBranch}` };
  throw refused({
    what: 'There is no ref that this event can be trusted with',
    where: `event ${name}`,
    fix: 'Start the run with another event, or name a commit with the input `manifest-ref`.',
  });
}

function notFound(revision: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The ref that the manifest shall be read from is not there',
    where: `input manifest-ref: ${JSON.stringify(revision)}`,
    fix: 'Give a full commit id, a branch or a tag of this repository, or `worktree`.',
  });
}
