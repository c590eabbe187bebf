/** Looks at what is checked out: the trusted commit, a head that the event names, or neither. */
import { z } from 'zod';
import type { EventOf } from './event.ts';
import { refused } from './refused.ts';
import type { Trust, TrustRequest } from './trust.ts';

/**
 * A head that outsiders can push to must be the one that the event is about: whoever allowed the
 * run has seen that one, and not what was pushed since.
 * @throws {BottleError} `untrusted` when it has moved
 */
export async function checkHead(
  request: Pick<TrustRequest, 'event' | 'repository' | 'api'>,
  trusted: readonly string[],
): Promise<Trust['head']> {
  const head = request.repository?.head ?? '';
  if (trusted.includes(head)) return 'trusted';
  const named = await headsOf(request);
  if (named === 'any' || named.includes(head)) return 'untrusted';
  throw refused({
    what: 'What is checked out is not what this event is about: the head may have moved since',
    where: `event ${request.event.name}, checked out ${head}, named ${named.join(', ')}`,
    fix: "Check out the event's own commit, such as github.event.pull_request.head.sha.",
  });
}

/** The commits that a run for this event may work on. */
async function headsOf({
  event,
  api,
}: Pick<TrustRequest, 'event' | 'api'>): Promise<'any' | readonly string[]> {
  switch (event.kind) {
    // GITHUB_SHA: the merge of the head with its base, made by GitHub when the event came.
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment':
    case 'pull_request_target':
      return [event.pull_request.head.sha, event.sha];
    case 'workflow_run':
      return [event.workflow_run.head_sha];
    case 'issue_comment':
      return event.issue.pull_request === undefined ? 'any' : await headsAtComment(event, api);
    default:
      // The workflow says what is checked out, and nobody else has a word in it.
      return 'any';
  }
}

const REPOSITORY = z.object({ id: z.int(), pushed_at: z.string().nullish() });
const PULL = z.object({
  head: z.object({ sha: z.string(), repo: REPOSITORY.nullish() }),
  base: z.object({ repo: z.object({ id: z.int() }) }),
  merge_commit_sha: z.string().nullish(),
});

/**
 * A comment's event does not name the head. GitHub says what it is now, and when anything was last
 * pushed to its repository: what a fork got after the comment, the commenter has not seen. Dates
 * in commits are the committer's to choose and prove nothing.
 */
async function headsAtComment(
  event: EventOf<'issue_comment'>,
  api: TrustRequest['api'],
): Promise<readonly string[]> {
  const path = `/repos/${event.repository}/pulls/${event.issue.number}`;
  const { status, body } = await api.get(path);
  const pull = PULL.safeParse(status === 200 ? body : undefined).data;
  const { head, base, merge_commit_sha: merge } = pull ?? {};
  const isFork = head?.repo?.id !== base?.repo.id;
  const pushedAt = Date.parse(head?.repo?.pushed_at ?? '');
  const isOlder = pushedAt <= Date.parse(event.comment.created_at);
  if (head && (!isFork || isOlder)) return [head.sha, ...(merge ? [merge] : [])];
  throw refused({
    what: 'The head of this pull request may have moved since the comment',
    where: `GET ${path}: status ${status}, pushed ${head?.repo?.pushed_at ?? 'nobody knows when'}`,
    fix: 'Have a look at what was pushed, and comment again.',
  });
}
