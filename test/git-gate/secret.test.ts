/** Secrets in a push, wherever in it: refused before the upstream sees a byte, named without the secret. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit, openScene, type Scene } from './scene.ts';

/** Put together here, so that this file holds none itself. */
const OWN = ['a-secret-of-the', 'run-73kd02'].join('-');
const VENDOR = ['ghp', 'aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5'].join('_');

type Case = readonly [
  where: string,
  make: (scene: Scene, work: string, secret: string) => Promise<unknown>,
];

const CASES: readonly Case[] = [
  ['the tip', (scene, work, secret) => commit(scene, work, { 'a.txt': `x\ny ${secret}\n` })],
  [
    'a commit in the middle',
    async (scene, work, secret) => {
      await commit(scene, work, { 'a.txt': `${secret}\n` });
      await commit(scene, work, { 'a.txt': 'clean\n' });
    },
  ],
  [
    'a file that was deleted again',
    async (scene, work, secret) => {
      await commit(scene, work, { 'a.txt': `${secret}\n`, 'b.txt': 'b\n' });
      await scene.good(work, 'rm', '--quiet', 'a.txt');
      await scene.good(work, 'commit', '--quiet', '-m', 'remove it');
    },
  ],
  [
    'a merge alone',
    async (scene, work, secret) => {
      await scene.good(work, 'switch', '--quiet', '-c', 'side');
      await commit(scene, work, { 'side.txt': 'side\n' });
      await scene.good(work, 'switch', '--quiet', '-');
      await commit(scene, work, { 'here.txt': 'here\n' });
      await scene.good(work, 'merge', '--quiet', '--no-commit', '--no-ff', 'side');
      await commit(scene, work, { 'evil.txt': `${secret}\n` }, 'a merge');
    },
  ],
  [
    'what a branch was merged with',
    async (scene, work, secret) => {
      await scene.good(work, 'switch', '--quiet', '-c', 'side');
      await commit(scene, work, { 'side.txt': `${secret}\n` });
      await scene.good(work, 'switch', '--quiet', '-');
      await commit(scene, work, { 'here.txt': 'here\n' });
      await scene.good(work, 'merge', '--quiet', '-s', 'ours', '-m', 'ours', 'side');
    },
  ],
  [
    'a file that was renamed after',
    async (scene, work, secret) => {
      await commit(scene, work, { 'a.txt': `one\n${secret}\nthree\n` });
      await scene.good(work, 'mv', 'a.txt', 'b.txt');
      await commit(scene, work, {}, 'rename it');
    },
  ],
  [
    'a binary file',
    (scene, work, secret) => {
      const bytes = Buffer.concat([Buffer.alloc(5000, 0), Buffer.from(secret), Buffer.alloc(9, 0)]);
      return commit(scene, work, { 'a.bin': bytes });
    },
  ],
  ['a message', (scene, work, secret) => commit(scene, work, { 'a.txt': 'a\n' }, `use ${secret}`)],
  [
    'the name of an author',
    async (scene, work, secret) => {
      const name = ['-c', `user.name=${secret}`, '-c', 'user.email=a@example.test'];
      const author = `--author=${secret} <a@example.test>`;
      await scene.good(work, ...name, 'commit', '--quiet', '--allow-empty', '-m', 'a', author);
    },
  ],
  ['the name of a file', (scene, work, secret) => commit(scene, work, { [`d/${secret}`]: 'a\n' })],
  [
    'a tag',
    async (scene, work, secret) => {
      await scene.good(work, 'tag', '-a', '-m', `with ${secret}`, 'tagged', 'HEAD');
    },
  ],
  [
    'a note',
    async (scene, work, secret) => {
      await scene.good(work, 'notes', 'add', '-f', '-m', `see ${secret}`, 'HEAD');
    },
  ],
  [
    'the name of a branch',
    async (scene, work, secret) => {
      await scene.good(work, 'branch', `topic/${secret}`);
    },
  ],
];

describe.each([
  ['a secret of the run', OWN],
  ['a token of a vendor', VENDOR],
] as const)('%s', (_, secret) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({
      repository: { refs: ['refs/**'] },
      config: { secrets: [{ name: 'OWN_SECRET', value: OWN }] },
    });
  });
  afterAll(() => scene?.close());

  test.each(CASES)('in %s is refused before the upstream sees a byte', async (where, make) => {
    const work = await scene.clone(`${where.replaceAll(' ', '-')}`);
    await make(scene, work, secret);
    const refs = scene.atUpstream('for-each-ref');
    const { exitCode, stderr } = await scene.git(
      work,
      ...['push', 'origin', 'refs/heads/*', 'refs/tags/tag*', 'refs/notes/*'],
    );
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/remote: bottle-action: refused \(secret\): /);
    expect(scene.atUpstream('for-each-ref')).toBe(refs);
    expect(scene.asked(/receive-pack/)).toBe(0);
    const said = (await scene.pushes(1)).at(-1);
    expect(said).toMatchObject({ verdict: 'refused' });
    expect(said?.findings).toContainEqual(expect.objectContaining({ rule: 'secret' }));
    expect(stderr.replace(/^ ! .*$/gm, '')).not.toContain(secret);
    expect(JSON.stringify(scene.gateway.messages)).not.toContain(secret);
  });
});

test('a finding names its file and its line', async () => {
  const scene = await openScene();
  try {
    const work = await scene.clone('work');
    await commit(scene, work, { 'deep/a.txt': `1\n2\n3 ${VENDOR}\n` });
    const { stderr } = await scene.git(work, 'push', 'origin', 'main');
    expect(stderr).toMatch(/refused \(secret\): deep\/a\.txt:3, commit [0-9a-f]{12}: /);
  } finally {
    await scene.close();
  }
});
