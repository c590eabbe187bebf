/** git, npm and pip through the gateway, against servers that serve what those programs are for. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { gitServer } from '../upstream/git-server.ts';
import { npmRegistry } from '../upstream/npm-registry.ts';
import { pipIndex } from '../upstream/pip-index.ts';
import type { UpstreamOptions } from '../upstream/upstream.ts';
import { openScene, type Scene, WAYS } from './scene.ts';

const NO_PIP = spawnSync('python3', ['-m', 'pip', '--version']).status !== 0;
const CASES = WAYS.flatMap((way) =>
  (['http/1.1', 'h2'] as const).map((protocol) => [way, protocol] as const),
);

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

describe.each(CASES)('%s, upstream %s:', (way, protocol) => {
  const open = async (options: UpstreamOptions, fields: Parameters<typeof openScene>[1] = {}) => {
    scene = await openScene(way, { protocol, ...options, ...fields });
    return scene;
  };

  test('git clones, pushes and fetches', async () => {
    let root = '';
    const { directory, output, run } = await open({
      names: ['git.example.test'],
      respond: (...exchange) => gitServer(root)(...exchange),
    });
    root = join(directory, 'served');
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'one.git')]);
    const url = 'https://git.example.test/one.git';
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.test'];
    const git = (where: string, ...args: string[]) =>
      output(['git', '-C', join(directory, where), ...identity, ...args]);
    await git('.', 'clone', '-q', url, 'clone');
    // More than git's `http.postBuffer`: it goes up in chunks.
    writeFileSync(join(directory, 'clone/file'), noise(3_000_000));
    await git('clone', 'add', '-A');
    await git('clone', 'commit', '-q', '-m', 'first');
    await git('clone', 'push', '-q', 'origin', 'HEAD:main');
    await git('.', 'clone', '-q', url, 'again');
    expect(readFileSync(join(directory, 'again/file'))).toHaveLength(3_000_000);
    writeFileSync(join(directory, 'clone/file'), 'changed\n');
    await git('clone', 'commit', '-q', '-a', '-m', 'second');
    await git('clone', 'push', '-q', 'origin', 'HEAD:main');
    await git('again', 'pull', '-q', '--ff-only');
    expect(readFileSync(join(directory, 'again/file'), 'utf8')).toBe('changed\n');
    const absent = await run(['git', 'ls-remote', 'https://elsewhere.example.test/one.git']);
    expect(absent.stderr).toContain('CONNECT tunnel failed, response 403');
  });

  test('npm installs a package and what it needs', async () => {
    const origin = 'https://registry.example.test';
    const packages = [{ name: 'outer', dependencies: { inner: '^1.0.0' } }, { name: 'inner' }];
    const respond = npmRegistry(origin, packages);
    const { directory, output } = await open({ names: ['registry.example.test'], respond });
    writeFileSync(join(directory, 'package.json'), '{}');
    await output(['npm', 'install', 'outer', `--registry=${origin}/`, '--no-audit', '--no-fund']);
    const inner = join(directory, 'node_modules/inner/index.js');
    expect(readFileSync(inner, 'utf8')).toContain('"inner"');
  });

  test('pip downloads a package', async ({ skip }) => {
    skip(NO_PIP, 'needs pip: apt-get install python3-pip');
    const respond = pipIndex('tiny');
    const { directory, output } = await open({ names: ['index.example.test'], respond });
    const index = ['--index-url', 'https://index.example.test/simple/'];
    await output(['python3', '-m', 'pip', 'download', 'tiny', ...index]);
    expect(existsSync(join(directory, 'tiny-1.0.0-py3-none-any.whl'))).toBe(true);
  });
});

test('git is given the password that its host wants and that it never had itself', async () => {
  let root = '';
  const authorization = `Basic ${Buffer.from('x-access-token:s3cret-value').toString('base64')}`;
  const auth = {
    scheme: 'Basic',
    header: 'authorization',
    name: 'TOKEN',
    value: 's3cret-value',
  } as const;
  scene = await openScene('open', {
    names: ['git.example.test'],
    respond: (...exchange) => gitServer(root, { authorization })(...exchange),
    route: { auth },
  });
  root = join(scene.directory, 'served');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'one.git')]);
  await scene.output(['git', 'ls-remote', 'https://git.example.test/one.git']);
  const { headers } = scene.upstream.requests[0] ?? {};
  expect(headers?.authorization).toBe(authorization);
  expect(JSON.stringify(scene.gateway.messages)).not.toContain('s3cret-value');
});

/** What git cannot pack. */
function noise(bytes: number): Buffer {
  return execFileSync('head', ['-c', String(bytes), '/dev/urandom'], { maxBuffer: bytes + 1 });
}
