/** No credential that an earlier step left in the checkout is anywhere in the guest. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';

const TOKEN = 'ghs_0123456789abcdefABCDEF0123456789abcd';
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
const HEADER = `AUTHORIZATION: basic ${BASIC}`;
const KEY = 'http.https://github.com/.extraheader';

/** How each version of actions/checkout persists its token. */
const VERSIONS: Readonly<Record<string, (scene: Scene) => void>> = {
  'before 6: in .git/config': (scene) => scene.git('config', KEY, HEADER),
  '6: in a file that .git/config includes': (scene) => {
    const temp = join(scene.root, 'runner', '_temp');
    mkdirSync(temp, { recursive: true });
    const file = join(temp, 'git-credentials-5d6f1c1e.config');
    writeFileSync(file, `[http "https://github.com/"]\n\textraheader = ${HEADER}\n`);
    for (const directory of [`${scene.workspace}/.git`, '/github/workspace/.git']) {
      scene.git('config', `includeIf.gitdir:${directory}.path`, file);
      scene.git('config', `includeIf.gitdir:${directory}/worktrees/*.path`, file);
    }
  },
  'its submodules: in .git/modules': (scene) => {
    scene.git('config', KEY, HEADER);
    mkdirSync(join(scene.workspace, '.git/modules/sub'), { recursive: true });
    writeFileSync(join(scene.workspace, '.git/modules/sub/config'), `[http]\n\tx = ${HEADER}\n`);
  },
  'a clone with the token in the address': (scene) =>
    scene.git('config', 'remote.origin.url', `https://x-access-token:${TOKEN}@github.com/o/r`),
  'a step that rewrites addresses': (scene) =>
    scene.git('config', `url.https://me:${TOKEN}@github.com/.insteadOf`, 'https://github.com/'),
};

/** The files below the guest's home that hold one of them, and what does among git's objects. */
function grepGuest(scene: Scene): string {
  const patterns = [TOKEN, BASIC].flatMap((text) => ['-e', text]);
  const objects = 'git -C workspace cat-file --batch-all-objects --batch 2>/dev/null';
  const search = `grep -rlFa "$@" .; ${objects} | grep -Fa "$@"; true`;
  return execFileSync('sh', ['-c', search, 'sh', ...patterns], { cwd: scene.home }).toString();
}

describe.each(Object.keys(VERSIONS))('actions/checkout %s', (version) => {
  test('no file of the guest has the token, also where a step has copied it', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('.gitignore', '');
    scene.write('tracked.txt', 'one\n');
    commitAll(scene);
    VERSIONS[version]?.(scene);
    scene.write('notes.txt', `curl -H "Authorization: bearer ${TOKEN}"\n`);
    scene.write('deep/config.bak', `[http]\n\textraheader = ${HEADER}\n`);
    scene.write('tracked.txt', `${HEADER}\n`);
    scene.write('harmless.txt', 'nothing\n');
    const { notices } = await scene.provision();
    expect(grepGuest(scene)).toBe('');
    expect(notices).toEqual([
      'Not copied, because it holds a credential of an earlier step: tracked.txt, deep/config.bak, notes.txt.',
    ]);
    // What is kept back is no change.
    expect(scene.guestGit('status', '--porcelain')).toBe('?? harmless.txt\n');
  });
});

test('without any, nothing is left out and nothing is said', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.git('config', 'remote.origin.url', 'https://github.com/o/r');
  scene.write('new.txt', 'https://github.com/o/r\n');
  expect(await scene.provision()).toMatchObject({ notices: [] });
  expect(scene.guestGit('status', '--porcelain')).toBe('?? new.txt\n');
});

test.each([true, false])(
  'the file of google-github-actions/auth stays (git: %s)',
  async (hasGit) => {
    const scene = makeScene({ hasGit });
    if (hasGit) startRepository(scene);
    scene.write('gha-creds-0a1b2c3d4e5f6789.json', TOKEN);
    const { notices } = await scene.provision();
    expect(grepGuest(scene)).toBe('');
    expect(notices).toEqual([expect.stringContaining('gha-creds-0a1b2c3d4e5f6789.json')]);
  },
);

test('a part of a repository is looked at with the repository’s settings', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.write('part/a.txt', 'a\n');
  commitAll(scene);
  scene.git('config', KEY, HEADER);
  scene.write('part/copy.txt', BASIC);
  const from = join(scene.workspace, 'part');
  await scene.provision({ workspace: { ...scene.plan().provision.workspace, from } });
  expect(grepGuest(scene)).toBe('');
});
