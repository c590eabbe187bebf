/** Sessions through the built bundle: kept as an artifact, or not and why; continued by a later run. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sessionSchema } from '../../src/session/session.ts';
import { artifactsOf, skipWithoutBottle } from '../action/scene.ts';
import { VERSIONS } from '../agent-binary/agents.ts';
import type { StepResult } from '../runner/run-step.ts';
import { ARTIFACT, openSessionScene, SESSION, type SessionScene } from './scene.ts';

skipWithoutBottle();

let scene: SessionScene;
beforeEach(async () => {
  scene = await openSessionScene();
});
afterEach(async () => {
  expect(scene.github.unexpected).toEqual([]);
  await scene.close();
});

const KEEP = { 'keep-session': 'true', 'artifact-name': 'talk' };
const FILE = '.claude/projects/-home-node-workspace';
const recordOf = async (result: StepResult) =>
  JSON.parse((await scene.artifact(result)).get('run.json')?.toString() ?? '');

test('by default none is kept', async () => {
  const result = await scene.talk('echo hello');
  expect(result.outputs.outcome, result.log).toBe('success');
  expect(Object.keys(artifactsOf(result))).not.toContain('session');
  expect((await recordOf(result)).session).toEqual({
    ...{ state: 'off', reason: '', files: 0, bytes: 0, continued: null },
  });
});

test('one that is kept says whose it is, and holds each file under a number', async () => {
  const result = await scene.talk('echo hello', { inputs: KEEP });
  expect(result.outputs.outcome, result.log).toBe('success');
  expect(artifactsOf(result).session?.name, result.log).toBe(ARTIFACT);
  const files = await scene.service.readArtifact(ARTIFACT);
  expect([...files.keys()].sort()).toEqual(['file-0', 'session.json']);
  expect(files.get('file-0')?.toString()).toBe('echo hello\n');
  const record = sessionSchema.parse(JSON.parse(files.get('session.json')?.toString() ?? ''));
  const sha256 = createHash('sha256').update('echo hello\n').digest('hex');
  expect(record).toEqual({
    version: 1,
    runId: result.outputs['run-id'],
    provider: 'claude',
    providerVersion: VERSIONS.claude,
    session: SESSION,
    scope: {
      trigger: 'default-branch',
      event: 'workflow_dispatch',
      actor: { id: '583231', login: 'octocat' },
      repository: { id: '1296269', name: 'octo-org/octo-repo' },
      ref: 'refs/heads/main',
      number: 0,
      workflowRun: '1658821493',
    },
    files: [{ path: `${FILE}/${SESSION}.jsonl`, size: 11, sha256 }],
  });
  expect((await recordOf(result)).session).toMatchObject({ state: 'kept', files: 1, bytes: 11 });
  expect(result.leftovers).toEqual([]);
});

test.each([
  ['failed', 'exit 3', {}, 'agent-failed'],
  ['was ended', 'sleep 60', { minutes: '0.02' }, 'timed-out'],
])('so is that of an agent that %s', async (_, task, inputs, outcome) => {
  const result = await scene.talk(task, { inputs: { ...KEEP, ...inputs } });
  expect(result.outputs.outcome, result.log).toBe(outcome);
  expect((await scene.service.readArtifact(ARTIFACT)).get('file-0')?.toString()).toBe(`${task}\n`);
});

describe('a session is not kept, and it is said why, when', () => {
  test.each<[string, string, RegExp]>([
    ['a credential is in it', 'printf %s "$OPEN" >>"$session"', /a secret is in it/],
    [
      'a credential is in it, encoded',
      'printf %s "$OPEN" | base64 >>"$session"',
      /a secret is in it/,
    ],
    [
      'a name in it is a credential',
      'cp "$session" "$(dirname "$session")/$OPEN"',
      /a secret is in it/,
    ],
    [
      "a vendor's token is in it",
      'echo 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 >>"$session"',
      /a secret is in it/,
    ],
    ['the canary is in it', 'env | grep ^SERVICE_ >>"$session"', /a secret is in it/],
    [
      'a link is in it',
      'ln -s /etc/passwd "$(dirname "$session")/link"',
      /link is a symbolic link/,
    ],
    ['it is too large', 'head -c 16777216 /dev/zero >"$session.more"', /is over/],
    [
      'it has too many files',
      'i=0; while [ $i -le 1000 ]; do : >"$session.$i"; i=$((i+1)); done',
      /1002 files, more than 1000/,
    ],
    ['there is none', 'rm -r ~/.claude/projects', /the agent left none/],
    [
      'a name would not be taken back',
      'cp "$session" "$(dirname "$session")/a:b"',
      /a:b has one of/,
    ],
  ])('%s', async (_, task, reason) => {
    // Where the shell that runs the task expands it, the task itself does not hold it.
    const { 'bot-bottle.json': text = '' } = scene.files;
    const manifest = JSON.parse(text);
    manifest.bottles.dev.env = { OPEN: `\${OPEN_KEY}` };
    scene.write('bot-bottle.json', JSON.stringify(manifest));
    const result = await scene.talk(task, {
      inputs: KEEP,
      env: { OPEN_KEY: 'open-sesame-0123456789' },
    });
    expect(result.outputs.outcome, result.log).toBe('success');
    expect(scene.service.listArtifacts().map(({ name }) => name)).not.toContain(ARTIFACT);
    const { session, notices } = await recordOf(result);
    expect(session).toMatchObject({ state: 'not-kept', files: 0, bytes: 0 });
    expect(session.reason).toMatch(reason);
    expect(notices.join('\n')).toMatch(reason);
    const said = result.annotations.map(({ message }) => message);
    expect(said.filter((message) => reason.test(message))).toHaveLength(1);
  });
});

test('a provider without sessions is told so before anything is started', async () => {
  const manifest = {
    bottles: { dev: { agent_provider: { template: 'command', command: 'true' } } },
    agents: { hello: { bottle: 'dev' } },
  };
  scene.write('bot-bottle.json', JSON.stringify(manifest));
  for (const inputs of [{ 'keep-session': 'true' }, { session: ARTIFACT }]) {
    const result = await scene.talk('x', { inputs });
    expect(result.outputs).toEqual({ outcome: 'config-invalid' });
    expect(result.annotations.at(-1)?.message).toMatch(/"command" has no session.*claude, codex/);
  }
  expect(scene.github.asked).toEqual([]);
});
