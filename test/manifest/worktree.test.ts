/** Files of a checkout: links, loops, pipes, huge files. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { worktreeFiles } from '../../src/manifest/worktree.ts';

let above: string;
let root: string;
const agents = () => join(root, '.bot-bottle/agents');

beforeEach(() => {
  above = realpathSync(mkdtempSync(join(tmpdir(), 'manifest-')));
  root = join(above, 'repository');
  mkdirSync(agents(), { recursive: true });
  writeFileSync(join(agents(), 'demo.md'), '---\n---\nHi.\n');
});

afterEach(() => rmSync(above, { recursive: true, force: true }));

async function load(): Promise<string[]> {
  return [...(await loadManifest(worktreeFiles(root))).agents.keys()];
}

async function problem(): Promise<string> {
  try {
    return `loaded ${await load()}`;
  } catch (error) {
    return error instanceof BottleError ? error.message : `threw ${error}`;
  }
}

test('a directory is read', async () => {
  expect(await load()).toEqual(['demo']);
});

test('a link inside the tree is followed', async () => {
  writeFileSync(join(root, 'shared.md'), '---\n---\nHi.\n');
  symlinkSync('../../shared.md', join(agents(), 'linked.md'));
  expect(await load()).toEqual(['demo', 'linked']);
});

test('a link out of the tree is refused', async () => {
  writeFileSync(join(above, 'secret.md'), '---\n---\nsecret\n');
  symlinkSync('../../../secret.md', join(agents(), 'linked.md'));
  expect(await problem()).toBe(
    'The manifest has a problem (.bot-bottle). Correct .bot-bottle/agents/linked.md:1:1 This leads out of the repository. Put the file itself there, not a link.',
  );
});

test('a directory that leads out of the tree is refused', async () => {
  mkdirSync(join(above, 'other'));
  symlinkSync('../../other', join(root, '.bot-bottle/bottles'));
  expect(await problem()).toBe(
    'This leads out of the repository (.bot-bottle/bottles). Put the file itself there, not a link.',
  );
});

test('a neighbour whose name begins like the tree’s is outside', async () => {
  mkdirSync(join(above, 'repository-2'));
  writeFileSync(join(above, 'repository-2/x.md'), '---\n---\n');
  symlinkSync(join(above, 'repository-2/x.md'), join(agents(), 'x.md'));
  expect(await problem()).toContain('This leads out of the repository');
});

test('a link to nowhere is named', async () => {
  symlinkSync('nowhere.md', join(agents(), 'gone.md'));
  expect(await problem()).toContain(
    'gone.md:1:1 the file went away while it was read, or its link leads nowhere',
  );
});

test('a link to itself is named', async () => {
  symlinkSync('loop.md', join(agents(), 'loop.md'));
  expect(await problem()).toContain('.bot-bottle/agents/loop.md:1:1 This link leads to itself');
});

test('a loop of directories is not walked', async () => {
  symlinkSync('..', join(agents(), 'up'));
  symlinkSync('.', join(agents(), 'here.md'));
  expect(await problem()).toContain('here.md:1:1 This is not a regular file');
  rmSync(join(agents(), 'here.md'));
  expect(await load()).toEqual(['demo']);
});

test('a file of 100 MB is refused by its size alone', async () => {
  const path = join(agents(), 'big.md');
  writeFileSync(path, '');
  truncateSync(path, 100_000_000);
  const start = performance.now();
  expect(await problem()).toContain(
    'big.md:1:1 the file has 100000000 bytes, and 1048576 is the most that is read',
  );
  expect(performance.now() - start).toBeLessThan(500);
});

test('a manifest file of 100 MB is refused by its size alone', async () => {
  rmSync(join(root, '.bot-bottle'), { recursive: true });
  writeFileSync(join(root, 'bot-bottle.yml'), '');
  truncateSync(join(root, 'bot-bottle.yml'), 100_000_000);
  expect(await problem()).toBe(
    'The file has 100000000 bytes, and 1048576 is the most that is read (bot-bottle.yml). Shorten it.',
  );
});

test('a pipe does not hold the loader up', async () => {
  const pipes = [join(agents(), 'pipe.md'), join(root, 'pipe')];
  execFileSync('sh', ['-c', 'mkfifo "$@"', 'sh', ...pipes]);
  symlinkSync('../../pipe', join(agents(), 'to-pipe.md'));
  const message = await problem();
  expect(message).toContain('pipe.md:1:1 this is not a file');
  expect(message).toContain('to-pipe.md:1:1 This is not a regular file');
});

test('a file that may not be read is named', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('needs an ordinary user: root may read every file');
  chmodSync(join(agents(), 'demo.md'), 0);
  expect(await problem()).toContain('.bot-bottle/agents/demo.md:1:1 This cannot be read (EACCES)');
});
