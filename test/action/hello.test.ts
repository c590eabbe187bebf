/** The hello example through the built bundles, as the runner runs them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRecordSchema } from '../../src/report/record.ts';
import { writeTinyPack } from '../pack/rootfs.ts';
import type { StepResult } from '../runner/run-step.ts';
import { git, NO_BOTTLE, openScene, ROOT, type Scene, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

const SMOLVM = process.env.SMOLVM_BIN ?? join(ROOT, 'test/smolvm-double/smolvm');

const sha256 = (bytes: Buffer | undefined) =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');

describe('the hello example', () => {
  let scene: Scene;
  let result: StepResult;
  let files: Map<string, Buffer>;
  beforeAll(async () => {
    scene = await openScene();
    if (NO_BOTTLE) return;
    result = await scene.run();
    files = await scene.artifact(result);
  });
  afterAll(() => scene.close());

  test('succeeds, and says so in every place', () => {
    expect(result.conclusion).toBe('success');
    expect(result.outputs).toMatchObject({
      outcome: 'success',
      'exit-code': '0',
      result: 'Greeted Ada.\n',
      engine: 'bubblewrap',
      isolation: 'namespaces',
      'changed-files': '["greetings.txt"]',
      'secrets-found': '0',
    });
    expect(result.annotations).toEqual([]);
    expect(result.summary).toMatch(/^## PASS: /);
    expect(result.log).toContain('weaker than a machine of its own');
  });

  test('brings back the change as a patch that applies, and the output', () => {
    const report = '# Report\n\nGreeted Ada. There are 2 greetings now.\n';
    expect(files.get('outputs/report.md')?.toString()).toBe(report);
    const copy = mkdtempSync(join(tmpdir(), 'apply-'));
    execFileSync('git', ['clone', '-q', scene.workspace, copy]);
    execFileSync('git', ['apply', '-'], { cwd: copy, input: files.get('changes.patch') });
    expect(readFileSync(join(copy, 'greetings.txt'), 'utf8')).toBe('Hello, world!\nHello, Ada!\n');
    rmSync(copy, { recursive: true });
  });

  test('brings back the change as a bundle that can be fetched', () => {
    const { change } = JSON.parse(files.get('run.json')?.toString() ?? '');
    const copy = mkdtempSync(join(tmpdir(), 'fetch-'));
    execFileSync('git', ['clone', '-q', scene.workspace, copy]);
    const bundle = join(copy, '.git', 'proposal.bundle');
    writeFileSync(bundle, files.get('proposal.bundle') ?? '');
    git(copy, 'fetch', '-q', bundle, 'proposal');
    expect(git(copy, 'rev-parse', 'FETCH_HEAD').trim()).toBe(change.tip);
    git(copy, 'merge', '-q', '--ff-only', 'FETCH_HEAD');
    expect(readFileSync(join(copy, 'greetings.txt'), 'utf8')).toBe('Hello, world!\nHello, Ada!\n');
    rmSync(copy, { recursive: true });
  });

  test('gives the agent its task, prompt, skill and an ordinary user', () => {
    for (const line of [
      'hello | task file:  /home/node/.bottle/task.md',
      'hello | prompt:     You greet people. Keep it short.',
      'hello | skill:      How to greet somebody in greetings.txt',
      'hello | user:       node (1000)',
    ]) {
      expect(result.log.split('\n')).toContain(line);
    }
  });

  test('records the run', () => {
    const record = runRecordSchema.parse(JSON.parse(files.get('run.json')?.toString() ?? ''));
    expect(record).toMatchObject({
      outcome: 'success',
      engine: { name: 'bubblewrap', isolation: 'namespaces' },
      agent: { name: 'hello', provider: 'command', bottles: ['dev'] },
      change: {
        verdict: 'clean',
        baseCommit: git(scene.workspace, 'rev-parse', 'HEAD').trim(),
        files: [{ path: 'greetings.txt', added: 1, removed: 0 }],
        patchSha256: sha256(files.get('changes.patch')),
        bundleSha256: sha256(files.get('proposal.bundle')),
      },
    });
    expect(record.phases.map(({ name }) => name)).toEqual([
      'image',
      'gateway',
      'boot',
      'walls',
      'provision',
      'agent',
      'collect',
      'proposal',
      'clean up',
    ]);
  });

  test('leaves nothing: no process, no file, no word to the runner but ours', () => {
    expect(result.orphans).toEqual([]);
    expect(result.leftovers).toEqual([]);
    expect(scene.service.violations).toEqual([]);
    const names = new Set(result.commands.map(({ name }) => name));
    // The artifact client masks the signature of its upload address.
    const ours = ['group', 'endgroup', 'debug', 'stop-commands', 'add-mask'];
    expect([...names].filter((name) => !ours.includes(name))).toEqual([]);
  });

  test('never writes to the checkout', () => {
    const status = execFileSync('git', ['status', '--porcelain', '--ignored'], {
      cwd: scene.workspace,
      encoding: 'utf8',
    });
    expect(status).toBe('');
  });
});

describe('the same example through smolvm', () => {
  test('gives the same artifact, but for times and names', async (context) => {
    if (process.getuid?.() !== 0 && !process.env.SMOLVM_BIN) {
      context.skip('the smolvm double needs root');
    }
    const scene = await openScene();
    const image = join(mkdtempSync(join(tmpdir(), 'image-')), 'tiny.smolmachine');
    await writeTinyPack(image);
    const [bubblewrap, smolvm] = [
      await scene.run(),
      await scene.run({
        inputs: { engine: 'smolvm', image },
        env: { SMOLVM_BIN: SMOLVM, BOTTLE_BOOT_ANYWAY: 'true' },
      }),
    ];
    expect(smolvm.outputs).toMatchObject({ outcome: 'success', isolation: 'microvm' });
    const [ours, theirs] = [await scene.artifact(bubblewrap), await scene.artifact(smolvm)];
    expect([...theirs.keys()].sort()).toEqual([...ours.keys()].sort());
    // These say when, how long and in what; all else is the same to the byte.
    const own = ['run.json', 'summary.md', 'egress.jsonl', 'proposal.bundle'];
    for (const [path, bytes] of ours) {
      if (own.includes(path)) continue;
      expect(theirs.get(path), path).toEqual(bytes);
    }
    const shape = (files: Map<string, Buffer>) => {
      const { outputs, change, result, outcome, exitCode, agent } = JSON.parse(
        files.get('run.json')?.toString() ?? '',
      );
      const { verdict, files: changed, patchSha256 } = change;
      return { outputs, verdict, changed, patchSha256, result, outcome, exitCode, agent };
    };
    expect(shape(theirs)).toEqual(shape(ours));
    expect(smolvm.orphans).toEqual([]);
    expect(smolvm.leftovers).toEqual([]);
    rmSync(image, { force: true });
    await scene.close();
  });
});
