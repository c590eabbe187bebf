/** Files of Git LFS: content that the runner fetched is no change, and a pointer is named. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeGuest } from '../outputs/guest-scene.ts';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';

const CONTENT = Buffer.from(`large ${'x'.repeat(5000)}\0`);

function pointerTo(content: Buffer): string {
  const oid = createHash('sha256').update(content).digest('hex');
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
}

/** The commit has pointers, as after `git lfs track` and a push. */
function commitPointers(scene: Scene): void {
  startRepository(scene);
  scene.write('.gitattributes', '*.bin filter=lfs diff=lfs merge=lfs -text\n');
  scene.write('a.bin', pointerTo(CONTENT));
  scene.write('b.bin', pointerTo(Buffer.from('other')));
  commitAll(scene);
}

/** What `git lfs pull` leaves: the content, and an index that says it is unchanged. */
function smudge(scene: Scene): void {
  scene.write('a.bin', CONTENT);
  const pointer = join(scene.root, 'pointer');
  writeFileSync(pointer, pointerTo(CONTENT));
  scene.git('-c', `filter.lfs.clean=cat ${pointer}`, 'add', 'a.bin');
}

const touch = (scene: Scene, name: string) => {
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(scene.guestWorkspace, name), later, later);
};

test('a pointer goes in as it is, and is named', async () => {
  const scene = makeScene();
  commitPointers(scene);
  const { notices } = await scene.provision();
  expect(notices).toEqual([
    'Copied as Git LFS pointers, because the checkout has no content for them: a.bin, b.bin.',
  ]);
  expect(readFileSync(join(scene.guestWorkspace, 'a.bin'), 'utf8')).toBe(pointerTo(CONTENT));
  expect(scene.guestGit('status', '--porcelain')).toBe('');
});

test.each([
  ['the index knows', (scene: Scene) => smudge(scene)],
  ['no index knows', (scene: Scene) => scene.write('a.bin', CONTENT)],
])('content goes in, and is no change where %s', async (_, make) => {
  const scene = makeScene();
  commitPointers(scene);
  make(scene);
  const { baseTree, notices } = await scene.provision();
  expect(baseTree).toBe(scene.git('rev-parse', 'HEAD^{tree}').trim());
  expect(notices).toEqual([expect.stringMatching(/ b\.bin\.$/)]);
  expect(readFileSync(join(scene.guestWorkspace, 'a.bin'))).toEqual(CONTENT);
  expect(scene.guestGit('status', '--porcelain')).toBe('');
  // Whoever reads all files again, as the collection does, finds the same.
  touch(scene, 'a.bin');
  touch(scene, 'b.bin');
  scene.guestGit('read-tree', 'HEAD');
  scene.guestGit('add', '-A');
  expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
});

test('content that the agent or the runner changed is a change, whole', async () => {
  const scene = makeScene();
  commitPointers(scene);
  smudge(scene);
  scene.write('b.bin', 'not what the pointer says\n');
  const { baseTree } = await scene.provision();
  expect(scene.guestGit('cat-file', 'blob', `${baseTree}:b.bin`)).toBe(
    'not what the pointer says\n',
  );
  writeFileSync(join(scene.guestWorkspace, 'a.bin'), 'the agent’s\n');
  scene.guestGit('add', '-A');
  expect(scene.guestGit('cat-file', 'blob', ':a.bin')).toBe('the agent’s\n');
  expect(scene.guestGit('cat-file', 'blob', ':b.bin')).toBe('not what the pointer says\n');
});

test('a new file is stored whole: a pointer of its own would point to nothing', async () => {
  const scene = makeScene();
  commitPointers(scene);
  smudge(scene);
  await scene.provision();
  const odd = "it's $(x) `y`.bin";
  writeFileSync(join(scene.guestWorkspace, odd), CONTENT.subarray(1));
  scene.guestGit('add', '-A');
  const stored = execFileSync('git', ['cat-file', 'blob', `:${odd}`], {
    cwd: scene.guestWorkspace,
  });
  expect(stored).toEqual(CONTENT.subarray(1));
});

test('what is collected has no change of a file that was only touched', async () => {
  const guest = makeGuest();
  commitPointers(guest);
  smudge(guest);
  const given = await guest.provision();
  touch(guest, 'a.bin');
  touch(guest, 'b.bin');
  expect((await guest.collect({ given })).changedFiles).toEqual([]);
  guest.leave('workspace/b.bin', 'the agent’s\n');
  expect((await guest.collect({ given })).changedFiles).toEqual(['b.bin']);
});

test('in the sha256 format is found too', async () => {
  const scene = makeScene();
  scene.git('init', '-q', '-b', 'main', '--object-format=sha256');
  scene.write('.gitattributes', '*.bin filter=lfs -text\n');
  scene.write('a.bin', pointerTo(CONTENT));
  commitAll(scene);
  scene.write('a.bin', CONTENT);
  const { baseTree } = await scene.provision();
  expect(baseTree).toBe(scene.git('rev-parse', 'HEAD^{tree}').trim());
});
