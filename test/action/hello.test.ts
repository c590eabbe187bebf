/** The hello example through the built bundles, as the runner runs them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRecordSchema } from '../../src/report/record.ts';
import { writeTinyPack } from '../pack/rootfs.ts';
import { makeWorkspace } from '../results-service/call-clients.ts';
import type { Call } from '../results-service/client.ts';
import type { StepResult } from '../runner/run-step.ts';
import {
  type ArtifactOutput,
  artifactsOf,
  git,
  NO_BOTTLE,
  openScene,
  ROOT,
  type Scene,
  scripted,
  skipWithoutBottle,
} from './scene.ts';

skipWithoutBottle();

const SMOLVM = process.env.SMOLVM_BIN ?? join(ROOT, 'test/smolvm-double/smolvm');

/** What GitHub's client tells of an artifact. */
type Listed = {
  readonly name: string;
  readonly id: number;
  readonly size: number;
  readonly digest: string;
};

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

  test('leaves artifacts that GitHub’s client finds by name and downloads', async () => {
    const artifacts = artifactsOf(result);
    const kinds = ['result', 'transcript', 'egress', 'proposal', 'outputs'];
    expect(Object.keys(artifacts).sort()).toEqual([...kinds].sort());
    const workspace = await makeWorkspace();
    const byName = kinds.map((kind) => `bottle-${result.outputs['run-id']}-${kind}`);
    const found = await workspace.call(
      scene.service.env,
      ...byName.map((name): Call => ['artifact', 'getArtifact', name]),
    );
    const listed = found.map(({ value }) => (value as { artifact: Listed }).artifact);
    expect(listed.map(({ name }) => name)).toEqual(byName);
    const downloads = await workspace.call(
      scene.service.env,
      ...listed.map(({ id, name, digest }): Call => {
        const path = join(workspace.directory, name);
        return ['artifact', 'downloadArtifact', id, { path, expectedHash: digest }];
      }),
    );
    expect(downloads.map(({ value }) => value)).toEqual(
      byName.map((name) => ({
        downloadPath: join(workspace.directory, name),
        digestMismatch: false,
      })),
    );
    for (const [at, kind] of kinds.entries()) {
      const { name, id, digest, size } = listed[at] ?? ({} as Listed);
      expect(artifacts[kind]).toMatchObject({ name, id: String(id), digest, size });
    }
    const read = (path: string) => readFileSync(join(workspace.directory, path), 'utf8');
    const [, , , proposal, outputs] = byName;
    expect(readdirSync(join(workspace.directory, proposal ?? '')).sort()).toEqual([
      'changes.patch',
      'proposal.bundle',
      'run.json',
    ]);
    expect(read(`${outputs}/outputs/report.md`)).toContain('# Report');
    // The record tells the others by their digests.
    const { artifacts: told } = JSON.parse(read(`${byName[0]}/run.json`));
    expect(told).toEqual(
      kinds.slice(1).map((kind) => {
        const { url: _, ...artifact } = artifacts[kind] ?? ({} as ArtifactOutput);
        return { kind, ...artifact };
      }),
    );
    await workspace.remove();
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

test('one large output is an artifact as it is, without a zip', async () => {
  const scene = await openScene(scripted('head -c 67108864 /dev/zero >"$BOTTLE_OUTPUT_DIR/big"'));
  const result = await scene.run();
  const { outputs } = artifactsOf(result);
  expect(outputs?.size).toBe(67_108_864);
  const files = await scene.service.readArtifact(outputs?.name ?? '');
  expect([...files.keys()]).toEqual([outputs?.name]);
  const record = JSON.parse((await scene.artifact(result)).get('run.json')?.toString() ?? '');
  const [file] = record.outputs.files;
  expect(file).toMatchObject({ path: 'outputs/big', size: 67_108_864 });
  // Nothing was added: the file's digest is the artifact's.
  expect(outputs?.digest).toBe(`sha256:${file.sha256}`);
  expect(scene.service.violations).toEqual([]);
  await scene.close();
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
    const own = [
      'run.json',
      'summary.md',
      'report.html',
      'provenance.intoto.json',
      'egress.jsonl',
      'transcript.jsonl',
      'transcript.md',
      'proposal.bundle',
    ];
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
