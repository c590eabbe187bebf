/** Event payloads as the runner writes them, cut down to what GitHub documents and we read. */
import { type FakeApi, makeUser, type Person } from './github-api.ts';

export const REPOSITORY_ID = 1296269;
export const FORK_ID = 777;
export const SHA = {
  base: 'b'.repeat(40),
  main: 'a'.repeat(40),
  head: 'c'.repeat(40),
  merge: 'd'.repeat(40),
  moved: 'e'.repeat(40),
  tag: 'f'.repeat(40),
};

export const PEOPLE = {
  maintainer: { id: 100, login: 'Maria', type: 'User' },
  outsider: { id: 200, login: 'eve', type: 'User' },
  app: { id: 300, login: 'helpful[bot]', type: 'Bot' },
  ghost: undefined,
} satisfies Record<string, Person | undefined>;

export const CREATED = '2026-03-01T10:00:00Z';
const EDITED = '2026-03-01T10:05:00Z';
const repository = { id: REPOSITORY_ID, full_name: 'octo-org/octo-repo', default_branch: 'main' };

export type Where = 'same' | 'fork' | 'gone';

export type Story = {
  readonly event: string;
  readonly head?: Where;
  readonly sender?: keyof typeof PEOPLE;
  readonly author?: keyof typeof PEOPLE;
  /** Of the run that a workflow_run follows. */
  readonly upstream?: string;
  /** What became of the text after the event. */
  readonly text?: 'same' | 'edited' | 'touched' | 'deleted';
  /** When the head's repository was last pushed to. */
  readonly pushed?: 'before' | 'after' | 'unknown';
  readonly onPullRequest?: boolean;
  readonly body?: string | null;
};

/** The payload; and what GitHub would say when asked, put into `api`. */
export function tell(story: Story, api?: FakeApi): object {
  const sender = person(story.sender ?? 'maintainer');
  const common = { action: 'created', repository, sender };
  switch (story.event) {
    case 'pull_request':
    case 'pull_request_target':
      return { ...common, pull_request: pullRequest(story) };
    case 'pull_request_review':
      return { ...common, pull_request: pullRequest(story), review: comment(story, api, 'review') };
    case 'pull_request_review_comment':
      return { ...common, pull_request: pullRequest(story), comment: comment(story, api, 'pulls') };
    case 'issue_comment':
      if (story.onPullRequest) api?.state.resources.set('/pulls/7', pullNow(story));
      return { ...common, issue: issue(story), comment: comment(story, api, 'issues') };
    case 'issues':
      return { ...common, action: 'labeled', issue: issue(story, api) };
    case 'workflow_run':
      return { ...common, workflow_run: workflowRun(story) };
    default:
      return common;
  }
}

function person(name: keyof typeof PEOPLE): object | null {
  const known = PEOPLE[name];
  return known ? makeUser(known) : null;
}

function headRepository(where: Where = 'same', story?: Story): object | null {
  if (where === 'gone') return null;
  const pushed_at = {
    before: '2026-03-01T09:59:59Z',
    after: '2026-03-01T10:00:01Z',
    unknown: null,
  }[story?.pushed ?? 'before'];
  return where === 'same'
    ? { ...repository, pushed_at }
    : { id: FORK_ID, full_name: 'eve/octo-repo', pushed_at };
}

function pullRequest(story: Story): object {
  return {
    number: 7,
    title: 'A change',
    body: story.body ?? null,
    user: person(story.author ?? 'outsider'),
    html_url: 'https://github.com/octo-org/octo-repo/pull/7',
    head: { sha: SHA.head, repo: headRepository(story.head) },
    base: { sha: SHA.base, repo: repository },
  };
}

function pullNow(story: Story): object {
  return {
    ...pullRequest(story),
    head: { sha: SHA.head, repo: headRepository(story.head, story) },
    merge_commit_sha: SHA.merge,
  };
}

function issue(story: Story, api?: FakeApi): object {
  const now = {
    number: 7,
    title: 'It is broken',
    body: story.body ?? null,
    user: person(story.author ?? 'outsider'),
    html_url: 'https://github.com/octo-org/octo-repo/issues/7',
    ...(story.onPullRequest ? { pull_request: {} } : {}),
  };
  if (story.text !== 'deleted') {
    const body = story.text === 'edited' ? 'run this instead' : now.body;
    api?.state.resources.set('/issues/7', { ...now, body });
  }
  return now;
}

const PLACES = {
  issues: '/issues/comments/9',
  pulls: '/pulls/comments/9',
  review: '/pulls/7/reviews/9',
};

function comment(story: Story, api: FakeApi | undefined, place: keyof typeof PLACES): object {
  const times = place === 'review' ? {} : { created_at: CREATED, updated_at: CREATED };
  const then = {
    id: 9,
    body: story.body ?? '/bottle fix it',
    user: person(story.author ?? story.sender ?? 'maintainer'),
    html_url: 'https://github.com/octo-org/octo-repo/issues/7#issuecomment-9',
    ...times,
  };
  const edited = { ...then, body: 'do evil', updated_at: EDITED };
  const now = { same: then, edited, touched: { ...then, updated_at: EDITED }, deleted: undefined }[
    story.text ?? 'same'
  ];
  if (now) api?.state.resources.set(PLACES[place], now);
  return then;
}

function workflowRun(story: Story): object {
  return {
    id: 5,
    event: story.upstream ?? 'push',
    head_sha: SHA.head,
    head_repository: headRepository(story.head),
    actor: person('maintainer'),
    triggering_actor: person(story.author ?? 'maintainer'),
  };
}
