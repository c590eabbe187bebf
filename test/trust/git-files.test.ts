/** The manifest's files at a trusted commit: from objects alone, whatever the work tree holds. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadManifest } from '../../src/manifest/load.ts';
import { worktreeFiles } from '../../src/manifest/worktree.ts';
import { gitFiles } from '../../src/trust/git-files.ts';
import { openRepository } from '../../src/trust/repository.ts';
import { type Files, fileServer, makeGitScene, serveGit } from './git-scene.ts';
import { TOKEN } from './github-api.ts';
import { makeHost } from './host.ts';

const MANIFEST = 'bot-bottle.yml';
const MIB = 1024 * 1024;

/** One commit, checked out whole. */
async function checkedOut(files: Files, format?: string) {
  const scene = makeGitScene(format);
  const sha = scene.commit(files);
  scene.clone();
  const { repository, host } = await scene.open(fileServer(scene));
  await repository.ensureCommit(sha);
  return { scene, sha, repository, host, files: gitFiles(repository, sha) };
}

const textOf = async (bytes: Promise<Uint8Array | undefined>) => {
  const found = await bytes;
  return found && Buffer.from(found).toString();
};

/** Without a token: nothing is fetched. */
function placeOf({ root }: { readonly root: string }, checkout: string) {
  return { checkout, token: '', scratch: join(root, 'temp') };
}

describe('files of a commit', () => {
  test('are read from objects, not from the work tree', async () => {
    const { scene, files } = await checkedOut({ [MANIFEST]: 'trusted' });
    scene.write({ [MANIFEST]: 'head', 'new.yml': 'head' });
    expect(await textOf(files.read(MANIFEST))).toBe('trusted');
    expect(await files.read('new.yml')).toBeUndefined();
  });

  const tree: Files = {
    'm/bottles/dev.md': 'dev',
    'm/bottles/linked.md': { link: '../../elsewhere.md' },
    'm/bottles/gone.md': { link: 'nowhere' },
    'm/bottles/out.md': { link: '../../../outside' },
    'm/bottles/loop.md': { link: 'loop.md' },
    'm/bottles/sub/x.md': 'x',
    'm/agents': { link: 'bottles' },
    'm/bottles/binary.md': Buffer.from([0, 255, 10, 0]),
    'm/bottles/empty.md': '',
    'm/bottles/größe 1.md': 'ü',
    'elsewhere.md': 'elsewhere',
    'big.md': Buffer.alloc(MIB + 1, 0x61),
    'exact.md': Buffer.alloc(MIB, 0x61),
  };
  const paths = [
    ...Object.keys(tree),
    ...['m', 'm/bottles', 'm/agents/dev.md', 'm/agents/out.md', 'absent', 'absent/x', 'big.md/x'],
  ];

  test.each(['sha1', 'sha256'])('answer like a work tree of them (%s)', async (format) => {
    const { scene, files } = await checkedOut(tree, format);
    writeFileSync(join(scene.root, 'outside'), 'outside');
    const same = worktreeFiles(scene.checkout);
    const outcomeOf = async (read: Promise<Uint8Array | undefined>) => {
      return await read.then(
        (bytes) => bytes && Buffer.from(bytes).toString('hex').slice(0, 100),
        () => 'refused',
      );
    };
    for (const path of paths) {
      expect(await outcomeOf(files.read(path)), path).toBe(await outcomeOf(same.read(path)));
    }
    for (const path of [
      'm/bottles',
      'm/agents',
      'm',
      'absent',
      'elsewhere.md',
      'm/bottles/dev.md',
    ]) {
      const sorted = async (list: ReturnType<typeof files.list>) =>
        (await list)
          ?.map((entry) => (entry.kind === 'directory' ? { ...entry, size: 0 } : entry))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(await sorted(files.list(path)), path).toEqual(await sorted(same.list(path)));
    }
    await expect(files.list('m/bottles/out.md')).rejects.toThrow(/out of the repository/);
    await expect(files.read('m/bottles/loop.md')).rejects.toThrow(/leads to itself/);
  });

  test('a name with a line break is no second question', async () => {
    const { files } = await checkedOut({ [MANIFEST]: 'x', b: 'y' });
    expect(await files.read(`absent\nHEAD:b`)).toBeUndefined();
    expect(await textOf(files.read(MANIFEST))).toBe('x');
  });

  test('that are huge are refused before they are read', async () => {
    const huge = Buffer.alloc(32 * MIB);
    const { files } = await checkedOut({ [MANIFEST]: huge });
    const before = process.memoryUsage().arrayBuffers;
    await expect(files.read(MANIFEST)).rejects.toThrow(/33554432 bytes/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * MIB);
  });

  test('2000 of them cost two processes, and load as a manifest', async () => {
    const bottles = Array.from({ length: 2000 }, (_, n) => [
      `.bot-bottle/bottles/b${n}.md`,
      '---\n---\n',
    ]);
    const agent = { '.bot-bottle/agents/a.md': '---\nbottle: b1\n---\nDo it.\n' };
    const { files, host } = await checkedOut({ ...Object.fromEntries(bottles), ...agent });
    const before = host.started.length;
    const started = performance.now();
    const manifest = await loadManifest(files);
    expect(manifest.bottles.size).toBe(2000);
    expect(host.started.length).toBe(before);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('a commit that the checkout lacks', () => {
  const shallow = () => {
    const scene = makeGitScene();
    const base = scene.commit({ [MANIFEST]: 'base', data: 'x'.repeat(MIB) });
    const head = scene.commit({ [MANIFEST]: 'head', data: 'x'.repeat(MIB) });
    scene.clone('--depth=1');
    return { scene, base, head };
  };

  test.each(['file', 'http'])('is fetched (%s), and the checkout stays as it was', async (way) => {
    const { scene, base, head } = shallow();
    const server =
      way === 'file' ? { url: fileServer(scene), admitted: [] } : await serveGit(scene);
    const before = snapshot(join(scene.checkout, '.git'));
    const { repository, host } = await scene.open(server.url);
    await repository.ensureCommit(base);
    expect(await textOf(gitFiles(repository, base).read(MANIFEST))).toBe('base');
    expect(await textOf(gitFiles(repository, head).read(MANIFEST))).toBe('head');
    expect(snapshot(join(scene.checkout, '.git'))).toEqual(before);
    if (way === 'http') expect(server.admitted.length).toBeGreaterThan(0);
    const said = JSON.stringify(host.started.map(({ argv }) => argv));
    expect(said).not.toContain(TOKEN);
    expect(said).not.toContain(Buffer.from(`x-access-token:${TOKEN}`).toString('base64'));
    await repository.close();
    expect(readdirSync(join(scene.root, 'temp'))).toEqual([]);
  });

  test('is fetched into a partial clone with all its files', async () => {
    const scene = makeGitScene();
    const sha = scene.commit({ [MANIFEST]: 'trusted', other: 'y' });
    scene.clone('--filter=blob:none', '--no-checkout', '--depth=1');
    const { repository } = await scene.open(fileServer(scene));
    await repository.ensureCommit(sha);
    expect(await textOf(gitFiles(repository, sha).read(MANIFEST))).toBe('trusted');
  });

  test("is asked of the event's repository, never of the checkout's remotes", async () => {
    const { scene, base } = shallow();
    const elsewhere = await serveGit(scene);
    scene.git('remote', 'set-url', 'origin', `${elsewhere.url}/eve/evil`);
    scene.git('config', `url.${elsewhere.url}/.insteadOf`, fileServer(scene));
    const { repository } = await scene.open(fileServer(scene));
    await repository.ensureCommit(base);
    expect([...elsewhere.admitted, ...elsewhere.refused]).toEqual([]);
  });

  test('cannot be had with a wrong token: the error says what to do, and no token', async () => {
    const { scene, base } = shallow();
    const server = await serveGit(scene);
    const { repository } = await scene.open(server.url, 'wrong-token');
    const error = await repository.ensureCommit(base).catch((thrown) => thrown);
    expect(error).toMatchObject({
      outcome: 'config-invalid',
      fix: expect.stringContaining('fetch-depth'),
    });
    expect(`${error} ${error.where}`).not.toMatch(/wrong-token|d3Jvbm/);
    expect(server.admitted).toEqual([]);
  });

  test('takes no token to where a server redirects', async () => {
    const { scene, base } = shallow();
    const target = await serveGit(scene);
    const server = await serveGit(scene, target.url);
    const { repository } = await scene.open(server.url);
    await expect(repository.ensureCommit(base)).rejects.toThrow(/cannot be had/);
    expect([...target.admitted, ...target.refused]).toEqual([]);
  });

  test.each(['0'.repeat(40), 'e'.repeat(40)])('and nobody has: %s', async (sha) => {
    const { scene } = shallow();
    const { repository } = await scene.open(fileServer(scene));
    await expect(repository.ensureCommit(sha)).rejects.toMatchObject({ outcome: 'config-invalid' });
  });

  test('off GitHub there is nobody to ask', async () => {
    const { scene, base } = shallow();
    const { repository } = await scene.open('');
    await expect(repository.ensureCommit(base)).rejects.toThrow(/no repository to fetch it from/);
    expect(await repository.resolve('HEAD')).toBe(repository.head);
    expect(await repository.resolve('nope')).toBeUndefined();
  });
});

describe('a name', () => {
  test("means the event's repository, not a branch of the checkout", async () => {
    const scene = makeGitScene();
    const sha = scene.commit({ [MANIFEST]: 'trusted' });
    scene.gitIn(scene.upstream, 'tag', '-a', '-m', 'x', 'v1', sha);
    scene.gitIn(scene.upstream, 'tag', 'light', sha);
    scene.clone();
    // As after a checkout of a fork's branch that is called `main` too.
    scene.git('commit', '--allow-empty', '-q', '-m', 'evil');
    scene.git('tag', '-f', 'light');
    const { repository } = await scene.open(fileServer(scene));
    expect(repository.head).not.toBe(sha);
    for (const name of ['main', 'refs/heads/main', 'v1', 'refs/tags/v1', 'light', sha]) {
      expect(await repository.resolve(name), name).toBe(sha);
    }
    for (const name of ['nope', 'refs/tags/main', 'ma*', 'HEAD']) {
      expect(await repository.resolve(name), name).toBeUndefined();
    }
  });
});

describe('no repository', () => {
  test.each([
    ['a plain directory', (path: string) => rmSync(join(path, '.git'), { recursive: true })],
    ['git is not installed', () => {}],
  ])('%s', async (name, prepare) => {
    const scene = makeGitScene();
    scene.commit({ a: 'a' });
    scene.clone();
    prepare(scene.checkout);
    const host = makeHost({ RUNNER_TEMP: join(scene.root, 'temp') }, !name.startsWith('git'));
    expect(await openRepository(host, placeOf(scene, scene.checkout))).toBeUndefined();
    expect(readdirSync(join(scene.root, 'temp'))).toEqual([]);
  });

  test('one around the checkout is not its own, one without a commit has nothing', async () => {
    const scene = makeGitScene();
    scene.commit({ 'sub/a': 'a' });
    scene.clone();
    const host = makeHost({ RUNNER_TEMP: join(scene.root, 'temp') });
    expect(await openRepository(host, placeOf(scene, join(scene.checkout, 'sub')))).toBeUndefined();
    scene.git('checkout', '-q', '--orphan', 'new');
    expect(await openRepository(host, placeOf(scene, scene.checkout))).toBeUndefined();
  });

  test('a broken one is an error, not a reason to trust the files', async () => {
    const scene = makeGitScene();
    scene.commit({ a: 'a' });
    scene.clone();
    writeFileSync(join(scene.checkout, '.git', 'HEAD'), 'garbage');
    const host = makeHost({ RUNNER_TEMP: join(scene.root, 'temp') });
    await expect(openRepository(host, placeOf(scene, scene.checkout))).rejects.toMatchObject({
      outcome: 'config-invalid',
    });
    expect(readdirSync(join(scene.root, 'temp'))).toEqual([]);
  });
});

/** Every file below, with its content. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => existsSync(path))
    .map((path) => `${path} ${readFileSync(path).toString('base64').slice(0, 200)}`)
    .sort();
}
