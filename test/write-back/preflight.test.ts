/** What GitHub will let us do is asked before anything runs, and nothing is changed by it. */
import { expect, test } from 'vitest';
import { preflight } from '../../src/write-back/preflight.ts';
import { makeScene, type Scene } from './scene.ts';

async function ask(scene: Scene, push: Parameters<Scene['request']>[0] = {}) {
  const request = scene.request(push);
  const options = { timeoutMs: 5000, retryMs: 1 };
  const lines = await preflight(scene.host(), request, options);
  expect(scene.github.asked.filter((call) => !call.startsWith('GET'))).toEqual([]);
  expect(scene.github.unexpected).toEqual([]);
  return Object.fromEntries(lines.map(({ what, answer, found }) => [what, `${answer}: ${found}`]));
}

const FREE = 'the branch bottle/demo-12345 is free or ours';

test('all is well', async () => {
  const scene = await makeScene();
  scene.github.state.permissions.administration = true;
  expect(await ask(scene)).toEqual({
    'the token may push': 'yes: status 200 of git-receive-pack',
    [FREE]: 'yes: there is no such branch',
    'Actions may open pull requests': 'yes: the setting says so',
    'rulesets let it': 'yes: no rule is about such a branch',
  });
});

test('nothing is asked where nothing is to be written', async () => {
  const scene = await makeScene();
  expect(await ask(scene, { mode: 'none' })).toEqual({});
  expect(scene.github.asked).toEqual([]);
});

test('a token without the permission is told', async () => {
  const scene = await makeScene();
  scene.github.state.permissions.contents = false;
  const lines = await ask(scene);
  expect(lines['the token may push']).toMatch(/^no: status 403.*contents: write/);
});

test('a setting that forbids is told to who may read it, and else unknown', async () => {
  const scene = await makeScene();
  scene.github.state.mayOpen = false;
  expect((await ask(scene))['Actions may open pull requests']).toMatch(/^unknown: .*status 403/);
  scene.github.state.permissions.administration = true;
  expect((await ask(scene))['Actions may open pull requests']).toMatch(/^no: .*Settings, Actions/);
  expect(await ask(scene, { mode: 'branch' })).not.toHaveProperty('Actions may open pull requests');
});

test('a branch that is not ours is told', async () => {
  const scene = await makeScene();
  scene.remote('branch', 'bottle/demo-12345', 'main');
  expect((await ask(scene))[FREE]).toBe('no: its last commit is not of this workflow');
  scene.github.state.protectedBranches.add('bottle/demo-12345');
  expect((await ask(scene))[FREE]).toBe('no: it is protected');
});

test('a ruleset is told, and whether it may be bypassed', async () => {
  const scene = await makeScene();
  const { rules, bypass } = scene.github.state;
  rules.push(
    { type: 'creation', ruleset_id: 1 },
    { type: 'update', ruleset_id: 2 },
    { type: 'required_signatures', ruleset_id: 3 },
    { type: 'deletion', ruleset_id: 1 },
  );
  bypass.set(1, 'never');
  bypass.set(2, 'always');
  const lines = await ask(scene, { mode: 'branch' });
  expect(Object.entries(lines).slice(2)).toEqual([
    ['the rule creation lets it', expect.stringMatching(/^no: ruleset 1 .*may not bypass it$/)],
    ['the rule update lets it', expect.stringMatching(/^yes: ruleset 2 .*may bypass it$/)],
    [
      'the rule required_signatures lets it',
      expect.stringMatching(/^unknown: ruleset 3 .*does not say whether/),
    ],
  ]);
});

test('a server that is not there makes all unknown', async () => {
  const scene = await makeScene();
  scene.github.fault({ with: 'die' });
  const answers = Object.values(await ask(scene)).map((line) => line.split(':')[0]);
  expect(answers).toEqual(Array(4).fill('unknown'));
});
