/** Which run may continue whose session: every pair of classes, and whatever else is compared. */
import { describe, expect, test } from 'vitest';
import { askArtifacts, askRun } from '../../src/session/ask.ts';
import { refusalOf, type Side } from '../../src/session/rule.ts';
import type { SessionScope } from '../../src/session/session.ts';
import {
  classOf,
  classOfEvent,
  rankOf,
  TRIGGER_CLASSES,
  type TriggerClass,
} from '../../src/trigger-class.ts';
import { readEvent } from '../../src/trust/read-event.ts';
import { writeEvent } from './event-file.ts';

type Facts = Partial<Omit<SessionScope, 'trigger'>> & Partial<Omit<Side['run'], 'trigger'>>;

function side(trigger: TriggerClass, facts: Facts = {}, claimed = trigger): Side {
  const scope: SessionScope = {
    trigger: claimed,
    event: 'push',
    actor: { id: '1', login: 'ada' },
    repository: { id: '9', name: 'octo/site' },
    ref: 'refs/heads/topic',
    number: 7,
    workflowRun: '5',
  };
  const run = { id: 5, trigger, actor: 1, startedBy: 1, branch: 'topic', headRepository: 9 };
  return { scope: { ...scope, ...facts }, run: { ...run, ...facts } };
}

const PAIRS = TRIGGER_CLASSES.flatMap((past) => TRIGGER_CLASSES.map((now) => [past, now] as const));

describe('a session', () => {
  test.each(PAIRS)('of the class %s in a run of the class %s', (past, now) => {
    const refusal = refusalOf(side(past), side(now));
    expect(refusal === '').toBe(rankOf(past) >= rankOf(now));
  });

  test.each(PAIRS)(
    'that GitHub says is %s and its record %s counts as the lesser',
    (one, other) => {
      const lesser = rankOf(one) < rankOf(other) ? one : other;
      for (const now of TRIGGER_CLASSES) {
        const refusal = refusalOf(side(one, {}, other), side(now));
        expect(refusal === '').toBe(rankOf(lesser) >= rankOf(now));
      }
    },
  );

  test.each(PAIRS)(
    'for a run that is %s to GitHub and %s to us is one for the greater',
    (one, other) => {
      const greater = rankOf(one) > rankOf(other) ? one : other;
      for (const past of TRIGGER_CLASSES) {
        const refusal = refusalOf(side(past), side(one, {}, other));
        expect(refusal === '').toBe(rankOf(past) >= rankOf(greater));
      }
    },
  );

  const differing: readonly (readonly [string, Facts])[] = [
    ['actor', { actor: 2 as never }],
    ['actor', { startedBy: 2 }],
    ['ref', { ref: 'refs/pull/8/merge' }],
    ['ref', { branch: 'other' }],
    ['ref', { headRepository: 8 }],
    ['issue or pull request', { number: 8 }],
  ];
  for (const [what, facts] of differing) {
    test(`of another ${what} is for nobody, but where it is of the default branch`, () => {
      for (const trigger of TRIGGER_CLASSES) {
        const base = side(trigger);
        const { actor, ...others } = facts as { actor?: number };
        const past: Side = {
          scope: { ...base.scope, ...pick(others, ['ref', 'number']) },
          run: {
            ...base.run,
            ...pick(others, ['startedBy', 'branch', 'headRepository']),
            ...(actor && { actor }),
          },
        };
        const refusal = refusalOf(past, side(trigger));
        if (trigger === 'default-branch') expect(refusal).toBe('');
        else expect(refusal).toBe(`it is of another ${what}`);
      }
    });
  }

  test('whose record names another actor is for nobody', () => {
    const past = side('writers', { actor: { id: '2', login: 'eve' } as never });
    expect(refusalOf({ ...past, run: side('writers').run }, side('writers'))).toMatch(
      /another actor/,
    );
  });

  test('of another repository is for nobody', () => {
    const past = side('default-branch', { repository: { id: '8', name: 'eve/site' } });
    expect(refusalOf(past, side('fork'))).toBe('it is of the repository eve/site');
  });
});

function pick(of: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(of).filter(([name]) => names.includes(name)));
}

test.each<[string, boolean, boolean, TriggerClass]>([
  ['push', false, true, 'default-branch'],
  ['push', false, false, 'writers'],
  ['schedule', false, false, 'default-branch'],
  ['workflow_dispatch', false, true, 'default-branch'],
  ['repository_dispatch', false, false, 'writers'],
  ['pull_request', false, true, 'repository'],
  ['pull_request', true, true, 'fork'],
  ['pull_request_review', true, false, 'fork'],
  ['pull_request_review_comment', true, false, 'fork'],
  ['pull_request_target', false, true, 'behind'],
  ['pull_request_target', true, true, 'behind'],
  ['workflow_run', false, true, 'behind'],
  ['issue_comment', false, true, 'repository'],
  ['issues', false, true, 'repository'],
  ['merge_group', false, true, 'repository'],
  ['push', true, true, 'behind'],
])('%s, fork %s, default branch %s: %s', (name, isFork, isDefault, trigger) => {
  expect(classOf(name, { isFork, isDefault })).toBe(trigger);
});

const REPOSITORY = { id: 9, full_name: 'octo/site', default_branch: 'main' };
const SHA = 'a'.repeat(40);
const pull = (head: number | null) => ({
  number: 7,
  head: { sha: SHA, ref: 'topic', repo: head === null ? null : { id: head, full_name: 'x/y' } },
  base: { sha: SHA, ref: 'main', repo: REPOSITORY },
});

test.each<[string, object, string, TriggerClass]>([
  ['', {}, 'refs/heads/main', 'writers'],
  ['push', {}, 'refs/heads/main', 'default-branch'],
  ['push', {}, 'refs/tags/main', 'writers'],
  ['push', {}, 'refs/heads/topic', 'writers'],
  ['pull_request', { pull_request: pull(9) }, 'refs/pull/7/merge', 'repository'],
  ['pull_request', { pull_request: pull(8) }, 'refs/pull/7/merge', 'fork'],
  ['pull_request', { pull_request: pull(null) }, 'refs/pull/7/merge', 'fork'],
  ['pull_request_target', { pull_request: pull(9) }, 'refs/heads/main', 'behind'],
  ['unknown', {}, 'refs/heads/main', 'repository'],
])('the event "%s" %o on %s is %s', (name, payload, ref, trigger) => {
  const env = writeEvent(name, { repository: REPOSITORY, ...payload }, ref);
  expect(classOfEvent(readEvent({ env }))).toBe(trigger);
});

describe('what GitHub says of a run', () => {
  const RUN = {
    id: 5,
    event: 'push',
    head_branch: 'main',
    head_sha: SHA,
    repository: { id: 9 },
    head_repository: { id: 9 },
    actor: { id: 1 },
    triggering_actor: { id: 2 },
  };
  const answers: Record<string, unknown> = {};
  const api = {
    get: async (path: string) => {
      const body = answers[path.replace('/repos/octo/site', '')];
      return { status: body === undefined ? 404 : 200, body };
    },
  };
  const question = { api, repository: 'octo/site', repositoryId: 9 };
  const ask = (run: object, comparison = 'behind') => {
    const compare = { [`/compare/main...${SHA}`]: { status: comparison } };
    Object.assign(answers, { '/actions/runs/5': run, '': REPOSITORY, ...compare });
    return askRun(question, 5);
  };

  test.each<[string, object, string, TriggerClass]>([
    ['a commit of the default branch', RUN, 'behind', 'default-branch'],
    ['its last commit', RUN, 'identical', 'default-branch'],
    ['a commit beside it, under its name', RUN, 'diverged', 'writers'],
    ['a commit before it', RUN, 'ahead', 'writers'],
    ['another branch', { ...RUN, head_branch: 'topic' }, 'behind', 'writers'],
    ['a fork', { ...RUN, event: 'pull_request', head_repository: { id: 8 } }, 'behind', 'fork'],
    ['a fork that is gone', { ...RUN, event: 'pull_request', head_repository: null }, '', 'fork'],
  ])('%s', async (_, run, comparison, trigger) => {
    expect((await ask(run, comparison)).trigger).toBe(trigger);
  });

  test('is refused when it is of another run or repository, or no answer', async () => {
    await expect(ask({ ...RUN, id: 6 })).rejects.toThrow(/did not say/);
    await expect(ask({ ...RUN, repository: { id: 8 } })).rejects.toThrow(/did not say/);
    await expect(ask({})).rejects.toThrow(/did not say/);
    await expect(askRun(question, 404)).rejects.toMatchObject({ outcome: 'untrusted' });
  });

  test('artifacts of other repositories, names and times do not count, and the newest is first', async () => {
    const one = (id: number, more: object = {}) => ({
      id,
      name: 'talk-session',
      size_in_bytes: 3,
      expired: false,
      workflow_run: { id: 5, repository_id: 9 },
      ...more,
    });
    const artifacts = [
      one(1),
      one(4),
      one(2, { expired: true }),
      one(3, { workflow_run: { id: 5, repository_id: 8 } }),
      one(5, { name: 'other' }),
      one(6, { workflow_run: null }),
    ];
    answers['/actions/artifacts?name=talk-session&per_page=100'] = { artifacts };
    const found = await askArtifacts(question, 'talk-session');
    expect(found.map(({ id }) => id)).toEqual(['4', '1']);
  });
});
