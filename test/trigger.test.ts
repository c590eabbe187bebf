/** Which issue, pull request and branch an event is about. */
import { expect, test } from 'vitest';
import { triggerOf } from '../src/trigger.ts';
import type { Event } from '../src/trust/event.ts';

const repo = (id: number) => ({ id, full_name: `o/r${id}` });
const pull = (head: number | undefined) => ({
  pull_request: {
    number: 7,
    head: { ref: 'topic', repo: head === undefined ? undefined : repo(head) },
    base: { ref: 'next', repo: repo(1) },
  },
});

test.each<[string, object, ReturnType<typeof triggerOf>]>([
  ['push', { ref: 'refs/heads/a/b' }, { number: 0, branch: 'a/b' }],
  ['push', { ref: 'refs/tags/v1' }, { number: 0, branch: 'main' }],
  ['schedule', { ref: 'refs/heads/main' }, { number: 0, branch: 'main' }],
  ['local', { ref: '', defaultBranch: '' }, { number: 0, branch: '' }],
  ['issues', { ref: 'refs/heads/main', issue: { number: 3 } }, { number: 3, branch: 'main' }],
  ['issue_comment', { issue: { number: 4 } }, { number: 4, branch: 'main' }],
  ['pull_request', { ref: 'refs/pull/7/merge', ...pull(1) }, { number: 7, branch: 'topic' }],
  ['pull_request', pull(2), { number: 7, branch: 'next' }],
  ['pull_request_review', pull(undefined), { number: 7, branch: 'next' }],
  ['pull_request_review_comment', pull(1), { number: 7, branch: 'topic' }],
  ['pull_request_target', { ref: 'refs/heads/next', ...pull(1) }, { number: 7, branch: 'next' }],
])('%s with %j', (kind, given, expected) => {
  const event = { kind, ref: '', defaultBranch: 'main', ...given } as unknown as Event;
  expect(triggerOf(event)).toEqual(expected);
});
