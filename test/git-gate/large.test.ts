/** Pushes that are large: in commits, in bytes; and what a push of any size leaves in sight. */

import { createCipheriv } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import { allProcesses, NO_PROC, peakMemory } from './process.ts';
import { commit, importCommits, openScene, type Scene, TOKEN } from './scene.ts';

const MIB = 1024 * 1024;
const LARGE = { ...DEFAULT_POLICY, maxFileBytes: 300 * MIB, maxPatchBytes: 300 * MIB };

let scene: Scene | undefined;
afterEach(() => scene?.close());

test('a thousand commits go on', { timeout: 60_000 }, async () => {
  scene = await openScene();
  const work = await scene.clone('work');
  importCommits(work, 1_000);
  const { exitCode, stderr } = await scene.git(work, 'push', 'origin', 'main');
  expect(exitCode, stderr).toBe(0);
  expect(scene.atUpstream('rev-list', '--count', 'main')).toBe('1003');
});

test('200 MiB go on, and the gateway does not hold them', { timeout: 180_000 }, async () => {
  scene = await openScene({ gate: { rules: LARGE } });
  const work = await scene.clone('work');
  await writeNoise(join(work, 'large.bin'), 200 * MIB);
  await commit(scene, work, {});
  const { exitCode, stderr } = await scene.git(work, 'push', 'origin', 'main');
  expect(exitCode, stderr).toBe(0);
  expect(scene.atUpstream('cat-file', '-s', 'main:large.bin')).toBe(String(200 * MIB));
  await scene.gateway.waitFor(
    (message) => message.type === 'decision' && message.bytesUp > 200 * MIB,
  );
  if (NO_PROC === '') expect(peakMemory(scene.gateway.pid)).toBeLessThan(400 * MIB);
});

test('a file over the limit does not go on', { timeout: 60_000 }, async () => {
  scene = await openScene({ gate: { rules: { ...DEFAULT_POLICY, maxFileBytes: MIB } } });
  const work = await scene.clone('work');
  await writeNoise(join(work, 'large.bin'), 2 * MIB);
  await commit(scene, work, {});
  const { exitCode, stderr } = await scene.git(work, 'push', 'origin', 'main');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/refused \(file-size\): large\.bin/);
  expect(scene.asked(/receive-pack/)).toBe(0);
});

test('the credential is in no argument of any process', async (context) => {
  if (NO_PROC !== '') context.skip(NO_PROC);
  scene = await openScene();
  const work = await scene.clone('work');
  importCommits(work, 100);
  const seen = new Set<string>();
  const look = () => {
    for (const { argv } of allProcesses()) seen.add(argv.join(' '));
  };
  const timer = setInterval(look, 1);
  const { exitCode, stderr } = await scene.git(work, 'push', 'origin', 'main');
  clearInterval(timer);
  expect(exitCode, stderr).toBe(0);
  const all = [...seen].join('\n');
  expect(all).toMatch(/remote-https/);
  expect(all).not.toContain(TOKEN);
  expect(all).not.toContain(Buffer.from(`x-access-token:${TOKEN}`).toString('base64'));
  expect(JSON.stringify(scene.gateway.messages)).not.toContain(TOKEN);
});

/** Bytes that nothing makes smaller. */
async function writeNoise(path: string, bytes: number): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  const chunks = Array.from({ length: bytes / MIB }, () => zeros);
  await pipeline(Readable.from(chunks), cipher, createWriteStream(path));
}
