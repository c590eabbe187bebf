/** What the runner keeps of the agent's beginning: enough to judge what came of it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';

const HISTORIES: Readonly<Record<string, (scene: Scene) => void>> = {
  'a clean checkout': startRepository,
  'a checkout with changed, new and large files': (scene) => {
    startRepository(scene);
    scene.write('README.md', 'changed\n');
    scene.write('new.txt', 'new\n');
    scene.write('large', Buffer.alloc(3 << 20, 'abc'));
  },
  'a shallow checkout': (scene) => {
    startRepository(scene);
    scene.write('README.md', 'second\n');
    commitAll(scene);
    const origin = `file://${scene.workspace}`;
    scene.git('clone', '-q', '--depth=1', origin, join(scene.root, 'shallow'));
    execFileSync('sh', [
      '-c',
      'rm -rf "$1" && mv "$2" "$1"',
      'sh',
      scene.workspace,
      `${scene.root}/shallow`,
    ]);
    scene.write('new.txt', 'new\n');
  },
  'a folder without git': (scene) => scene.write('a/b.txt', 'text\n'),
};

describe('after provisioning, the repository that is kept', () => {
  test.each(Object.entries(HISTORIES))('has all of commit and tree: %s', async (_name, make) => {
    const scene = makeScene();
    make(scene);
    const { repository, baseCommit, baseTree } = await scene.provision();
    const git = (...args: string[]) =>
      execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8' });
    expect(git('rev-parse', `${baseCommit}^{commit}`).trim()).toBe(baseCommit);
    const walk = git('rev-list', '--objects', baseCommit, baseTree).trim().split('\n');
    expect(walk.some((line) => line.startsWith(baseTree))).toBe(true);
    expect(scene.guestGit('rev-parse', 'HEAD').trim()).toBe(baseCommit);
  });

  test('names what the guest did not get', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('secret/key', 'x');
    commitAll(scene);
    const { from, to } = scene.plan().provision.workspace;
    const { withheld } = await scene.provision({
      workspace: { from, to, exclude: ['secret'], pinned: [] },
    });
    expect([...withheld]).toEqual(['secret/key']);
  });

  test('is absent where the runner has no git', async () => {
    const scene = makeScene({ hasGit: false });
    scene.write('a', 'x');
    const { repository, baseCommit } = await scene.provision();
    expect({ repository, baseCommit }).toEqual({ repository: '', baseCommit: '' });
  });
});
