/** `mode: lock` through the built action: what it writes, and that a later run holds to it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeRootfsPack, writeTinyPack } from '../pack/rootfs.ts';
import { PACK_ARCH, type PackOptions, type WrittenPack } from '../pack/writer.ts';
import { openScene, type Scene, scripted, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

const PLATFORM = `linux/${PACK_ARCH}`;
const OTHERS = [
  `${'a'.repeat(64)} ${PLATFORM} 42 oci ghcr.io/acme/other:1`,
  `${'b'.repeat(64)} linux/riscv64 43 path image.smolmachine`,
];
const HEAD = '# a comment of ours\n';

let scene: Scene;
let lock: string;
beforeEach(async () => {
  const image = { smolmachine: 'image.smolmachine' };
  scene = await openScene(scripted('cat /etc/os-release', { image }));
  lock = join(scene.workspace, '.bot-bottle/images.lock');
});
afterEach(() => scene.close());

const writeImage = (manifest: PackOptions['manifest'] = {}): Promise<WrittenPack> =>
  writeTinyPack(join(scene.workspace, 'image.smolmachine'), { manifest });
const runLock = () => scene.run({ inputs: { mode: 'lock', task: '' } });
const lineOf = ({ sha256, bytes }: WrittenPack) =>
  `${sha256} ${PLATFORM} ${bytes} path image.smolmachine`;
const lockedLines = () =>
  readFileSync(lock, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

function writeLock(text: string): void {
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, text);
}

test('writes the digest of the image, needs no task and runs no agent', async () => {
  const pack = await writeImage();
  const result = await runLock();
  expect(result.conclusion, result.log).toBe('success');
  expect(lockedLines()).toEqual([lineOf(pack)]);
  expect(result.outputs).toEqual({ 'image-digest': `sha256:${pack.sha256}` });
  expect(scene.service.listArtifacts()).toEqual([]);
  expect(result.leftovers).toEqual([]);
  expect(result.orphans).toEqual([]);
});

test('keeps the lines of other images and platforms, and replaces its own', async () => {
  const first = await writeImage();
  writeLock(`${HEAD}${[...OTHERS, lineOf(first)].join('\n')}\n`);
  const second = await writeImage({ cpus: 3 });
  expect(second.sha256).not.toBe(first.sha256);
  expect((await runLock()).conclusion).toBe('success');
  expect(lockedLines().toSorted()).toEqual([...OTHERS, lineOf(second)].toSorted());
  const written = readFileSync(lock, 'utf8');
  expect((await runLock()).conclusion).toBe('success');
  expect(readFileSync(lock, 'utf8')).toBe(written);
});

test.each<[what: string, spoil: () => Promise<void>]>([
  ['there is no image', async () => {}],
  [
    'the image is cut off',
    async () => {
      const { path } = await writeImage();
      writeFileSync(path, readFileSync(path).subarray(0, -1));
    },
  ],
  [
    'the image is for another architecture',
    async () => void (await writeImage({ platform: 'linux/s390x' })),
  ],
])('writes nothing when %s', async (_what, spoil) => {
  await spoil();
  const bare = await runLock();
  expect(bare.conclusion).toBe('failure');
  expect(bare.outputs).toEqual({ outcome: 'image-failed' });
  expect(existsSync(dirname(lock))).toBe(false);
  writeLock(`${OTHERS.join('\n')}\n`);
  expect((await runLock()).conclusion).toBe('failure');
  expect(lockedLines()).toEqual(OTHERS);
});

test('leaves a lock file alone that it cannot read', async () => {
  await writeImage();
  writeLock('nonsense\n');
  const result = await runLock();
  expect(result.outputs).toEqual({ outcome: 'config-invalid' });
  expect(readFileSync(lock, 'utf8')).toBe('nonsense\n');
});

test('a run boots the locked image, and refuses another in its place', async () => {
  const path = join(scene.workspace, 'image.smolmachine');
  await writeRootfsPack(path);
  expect((await runLock()).conclusion).toBe('success');
  const good = await scene.run();
  expect(good.outputs, good.log).toMatchObject({ outcome: 'success' });
  expect(good.log).toContain('bottle test image');

  await writeRootfsPack(path, undefined, { manifest: { cpus: 3 } });
  const refused = await scene.run();
  expect(refused.conclusion).toBe('failure');
  expect(refused.outputs).toMatchObject({ outcome: 'image-failed' });
  expect(refused.log).not.toContain('bottle test image');
  expect(refused.annotations.at(-1)?.message).toContain('image.smolmachine');
});
