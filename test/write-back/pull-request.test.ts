/** A pull request is opened once, complete, and brought up to date after that. */
import { expect, test } from 'vitest';
import { REVIEW_LABEL } from '../../src/write-back/written.ts';
import { makeScene, type Scene } from './scene.ts';

const BRANCH = 'bottle/demo-12345';

async function change(): Promise<Scene> {
  const scene = await makeScene();
  scene.write('src/main.c', 'int main() { return 0; }\n');
  scene.commit('Return something');
  return scene;
}

test('is opened with all that it says', async () => {
  const scene = await change();
  const push = { draft: true, labels: ['a', 'b'], reviewers: ['ada', 'octo-org/core'] };
  const written = await scene.run(push);
  expect(written).toMatchObject({
    state: 'written',
    notices: [],
    pullRequest: {
      state: 'created',
      number: 100,
      url: 'https://github.com/octo-org/octo-repo/pull/100',
    },
  });
  expect(scene.github.state.pulls).toMatchObject([
    {
      ...{ title: 'A title', head: BRANCH, base: 'main', draft: true },
      ...{ labels: ['a', 'b'], reviewers: ['ada'], teams: ['core'] },
      body: expect.stringMatching(/^A body\n\n<!-- bottle-action pull-request [0-9a-f]{24} -->$/),
    },
  ]);
  expect(scene.github.unexpected).toEqual([]);
});

test('a branch alone has none', async () => {
  const scene = await change();
  expect(await scene.run({ mode: 'branch' })).toMatchObject({ pullRequest: undefined });
  expect(scene.remote('rev-parse', `${BRANCH}^{tree}`)).toBe(scene.git('rev-parse', 'HEAD^{tree}'));
  expect(scene.github.asked.filter((call) => call.includes('/pulls'))).toEqual([]);
});

test('is brought up to date, and not opened twice', async () => {
  const scene = await change();
  await scene.run();
  scene.write('more.txt', 'more\n');
  scene.commit('More');
  const written = await scene.run({ labels: ['late'] }, { title: 'Another', body: 'More' });
  expect(written.pullRequest?.state).toBe('updated');
  expect(scene.github.state.pulls).toMatchObject([
    { title: 'Another', body: expect.stringMatching(/^More\n/), labels: ['late'] },
  ]);
});

test('keeps the words of somebody else', async () => {
  const scene = await change();
  await scene.run();
  const [pull] = scene.github.state.pulls;
  Object.assign(pull ?? {}, { title: 'Mine', body: 'By hand' });
  expect((await scene.run()).pullRequest?.state).toBe('kept');
  expect(pull).toMatchObject({ title: 'Mine', body: 'By hand' });
});

test('of a change to be reviewed is a draft with a label', async () => {
  const scene = await change();
  const { change: clean } = scene.request();
  const fields = { change: { ...clean, verdict: 'review' as const } };
  await scene.run({ labels: ['a'], reviewers: ['ada'] }, fields);
  expect(scene.github.state.pulls).toMatchObject([
    { draft: true, labels: ['a', REVIEW_LABEL], reviewers: ['ada'] },
  ]);
});

test('is no draft where there are none, which is said', async () => {
  const scene = await change();
  scene.github.state.hasDrafts = false;
  const written = await scene.run({ draft: true });
  expect(written).toMatchObject({ state: 'written' });
  expect(written.notices.join()).toMatch(/no draft/);
  expect(scene.github.state.pulls).toMatchObject([{ draft: false }]);
});

test('that lacks its reviewer fails the run, and is named', async () => {
  const scene = await change();
  const written = await scene.run({ reviewers: ['nobody'], labels: ['a'] });
  expect(written).toMatchObject({
    state: 'failed',
    branch: BRANCH,
    pullRequest: { number: 100 },
    error: { outcome: 'push-failed', where: expect.stringContaining('collaborators') },
  });
  expect(scene.github.state.pulls).toMatchObject([{ labels: ['a'] }]);
});

test.each<[string, (scene: Scene) => void, object, { what?: RegExp; where?: RegExp; fix: RegExp }]>(
  [
    [
      'the setting',
      ({ github }) => {
        github.state.mayOpen = false;
      },
      {},
      {
        where: /403.*not permitted/,
        fix: /"Allow GitHub Actions to create and approve pull requests"/,
      },
    ],
    [
      'the permission for pull requests',
      ({ github }) => {
        github.state.permissions.pulls = false;
      },
      {},
      { where: /POST .*\/pulls: status 403, Resource not accessible/, fix: /pull-requests: write/ },
    ],
    [
      'the branch that it would go into',
      () => {},
      { base: 'nowhere' },
      { where: /422.*base invalid/, fix: /input `base`/ },
    ],
  ],
)('without %s the branch is there, and the error says why', async (_, make, push, texts) => {
  const scene = await change();
  make(scene);
  const written = await scene.run(push);
  expect(written).toMatchObject({ state: 'failed', branch: BRANCH, pullRequest: undefined });
  expect(written.commit).toBe(scene.remote('rev-parse', BRANCH));
  expect(written.error).toMatchObject({ outcome: 'push-failed' });
  expect(written.error?.where).toMatch(texts.where ?? /./);
  expect(written.error?.fix).toMatch(texts.fix);
});

test.each<[string, (scene: Scene) => void, { where: RegExp; fix: RegExp }]>([
  [
    'the permission to write',
    ({ github }) => {
      github.state.permissions.contents = false;
    },
    { where: /status 403, Resource not accessible/, fix: /contents: write/ },
  ],
  [
    'a repository that the token sees',
    ({ github }) => github.fault({ at: /^GET $/, with: { status: 404 } }),
    { where: /status 404/, fix: /contents: write/ },
  ],
  [
    'a token that is valid',
    ({ github }) => github.fault({ at: /^GET $/, with: { status: 401 } }),
    { where: /status 401/, fix: /not valid/ },
  ],
  [
    'a ruleset that lets it',
    ({ github }) => github.state.rules.push({ type: 'creation', ruleset_id: 1 }),
    { where: /422, Repository rule violations/, fix: /ruleset/ },
  ],
])('without %s nothing is there', async (_, make, texts) => {
  const scene = await change();
  make(scene);
  const written = await scene.run();
  expect(written).toMatchObject({ state: 'failed', branch: '', commit: '' });
  expect(written.error?.where).toMatch(texts.where);
  expect(written.error?.fix).toMatch(texts.fix);
  expect(scene.github.state.bare.headOf(BRANCH)).toBe('');
  expect(scene.github.state.pulls).toEqual([]);
});
