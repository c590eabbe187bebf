/** What a person can get wrong: one paragraph with what, where and fix; exit 1; nothing created. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepRequest, StepResult } from '../runner/run-step.ts';
import { openScene, type Scene } from './scene.ts';

type Bad = {
  readonly name: string;
  readonly request: Partial<StepRequest>;
  readonly outcome?: string;
  /** Words of what, of where and of fix. */
  readonly says: readonly (string | RegExp)[];
};

const EMPTY_PATH = { PATH: '/nonexistent' };

const CASES: readonly Bad[] = [
  {
    name: 'an unknown agent',
    request: { inputs: { agent: 'helo' } },
    says: ['"helo"', 'input agent', 'hello'],
  },
  { name: 'no task', request: { inputs: { task: '' } }, says: ['task', 'task-file'] },
  {
    name: 'two tasks',
    request: { inputs: { 'task-file': 'greetings.txt' } },
    says: ['task', 'task-file'],
  },
  {
    name: 'a task file that is not there',
    request: { inputs: { task: '', 'task-file': 'no.md' } },
    says: ['task-file', 'no.md', /Name a file/],
  },
  {
    name: 'a task file that leads out through a link',
    request: { inputs: { task: '', 'task-file': 'way-out/passwd' } },
    says: ['task-file', 'way-out/passwd', /leads out/],
  },
  {
    name: 'a manifest that is not there',
    request: { inputs: { manifest: 'no-such-dir' } },
    says: ['no-such-dir'],
  },
  {
    name: 'a manifest that cannot be read',
    request: { inputs: { manifest: 'broken.yml' } },
    says: ['broken.yml', /:\d+/],
  },
  {
    name: 'an unknown key',
    request: { inputs: { manifest: 'unknown.json' } },
    says: ['unknown.json:1', 'limit', 'limits'],
  },
  {
    name: 'a name that is no name',
    request: { inputs: { agent: '../hello' } },
    says: ['agent', '../hello'],
  },
  {
    name: 'a workspace outside the checkout',
    request: { inputs: { workspace: '../elsewhere' } },
    says: ['workspace', '../elsewhere'],
  },
  {
    name: 'a workspace that leads out through a link',
    request: { inputs: { workspace: 'way-out' } },
    says: ['way-out'],
  },
  {
    name: 'a missing skill',
    request: { inputs: { 'skills-path': 'nowhere' } },
    says: ['greet', 'nowhere'],
  },
  {
    name: 'no bubblewrap',
    request: { env: EMPTY_PATH },
    outcome: 'boot-failed',
    says: ['bwrap', 'apt-get install bubblewrap'],
  },
  {
    name: 'no smolvm',
    request: {
      inputs: { engine: 'smolvm', image: 'x.smolmachine' },
      env: {
        ...EMPTY_PATH,
        BOTTLE_BOOT_ANYWAY: 'true',
        BOTTLE_SMOLVM_RELEASES: 'http://127.0.0.1:9',
      },
    },
    outcome: 'boot-failed',
    says: ['smolvm', 'checksums', 'BOTTLE_SMOLVM_RELEASES'],
  },
  {
    name: 'smolvm without an image',
    request: { inputs: { engine: 'smolvm' } },
    says: ['smolvm', 'image', '.smolmachine'],
  },
  {
    name: 'an engine that does not exist',
    request: { inputs: { engine: 'bublewrap' } },
    says: ['engine', 'bublewrap', 'bubblewrap'],
  },
  {
    name: 'a number that is none',
    request: { inputs: { minutes: 'ten' } },
    says: ['minutes', 'ten', '4320'],
  },
];

describe('fail-on', () => {
  test('holds also for what ends before there is a bottle', async () => {
    const scene = await openScene();
    const result = await scene.run({ env: EMPTY_PATH, inputs: { 'fail-on': 'none' } });
    expect(result.outputs).toEqual({ outcome: 'boot-failed' });
    expect(result.conclusion, result.log).toBe('success');
    expect(result.annotations.map(({ level }) => level)).toEqual(['warning']);
    await scene.close();
  });
});

describe('a step that cannot begin', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    const { symlinkSync, writeFileSync } = await import('node:fs');
    writeFileSync(`${scene.workspace}/broken.yml`, 'bottles: [\n');
    const unknown = { bottles: { dev: { limit: {} } }, agents: { a: { bottle: 'dev' } } };
    writeFileSync(`${scene.workspace}/unknown.json`, JSON.stringify(unknown));
    symlinkSync('/etc', `${scene.workspace}/way-out`);
  });
  afterAll(() => scene.close());

  test.each(CASES)('$name', async ({ request, says, outcome = 'config-invalid' }) => {
    const result: StepResult = await scene.run(request);
    expect(result.exitCode, result.log).toBe(1);
    expect(result.outputs).toEqual({ outcome });
    const failure = result.annotations.at(-1)?.message ?? '';
    for (const word of says) expect(failure).toMatch(word);
    // One paragraph, no trace of our own code.
    expect(failure).not.toMatch(/\n|^\s+at /m);
    expect(result.log).not.toMatch(/^\s+at .*\(/m);
    expect(result.summary).toContain('Nothing was started');
    expect(result.leftovers).toEqual([]);
    expect(result.orphans).toEqual([]);
    expect(scene.service.listArtifacts()).toEqual([]);
  });
});
