/** Makes sure that the text which an event brought is still the text that GitHub shows. */
import type { GitHubApi } from './api.ts';
import type { Event } from './event.ts';
import { refused } from './refused.ts';

type Expected = Readonly<Record<string, string | number | undefined>>;

/** @throws {BottleError} `untrusted` when it was edited or is gone. */
export async function requireUnedited(event: Event, api: GitHubApi): Promise<void> {
  const place = placeOf(event);
  if (place === undefined) return;
  const { status, body } = await api.get(`/repos/${event.repository}${place.path}`);
  if (status === 200 && isAs(place.expected, body)) return;
  const found = status === 200 ? 'edited since' : `status ${status}`;
  throw refused({
    what: 'The text that started this run is no longer what it was',
    where: `event ${event.name}, GET ${place.path}: ${found}`,
    fix: 'Have a look at it, and start the run again with a new comment.',
  });
}

function placeOf(event: Event): { path: string; expected: Expected } | undefined {
  switch (event.kind) {
    case 'issue_comment': {
      const { id, body, updated_at } = event.comment;
      return { path: `/issues/comments/${id}`, expected: { id, body, updated_at } };
    }
    case 'pull_request_review_comment': {
      const { id, body, updated_at } = event.comment;
      return { path: `/pulls/comments/${id}`, expected: { id, body, updated_at } };
    }
    case 'pull_request_review': {
      const { id, body } = event.review;
      return { path: `/pulls/${event.pull_request.number}/reviews/${id}`, expected: { id, body } };
    }
    case 'issues': {
      // A label changes `updated_at`, and is often what started the run.
      const { number, title, body } = event.issue;
      return { path: `/issues/${number}`, expected: { number, title, body } };
    }
    default:
      return undefined;
  }
}

/** GitHub writes an empty text as null. */
function isAs(expected: Expected, body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const found = body as Record<string, unknown>;
  return Object.entries(expected).every(([key, value]) => (found[key] ?? '') === value);
}
