/** Git, npm and pip against the upstreams directly, and the gateway process as the tests start it. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';
import { gitServer } from './git-server.ts';
import { npmRegistry } from './npm-registry.ts';
import { pipIndex } from './pip-index.ts';
import { type Respond, startUpstream, type Upstream } from './upstream.ts';

const run = promisify(execFile);
const HAS_PYTHON = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

let directory: string;
let upstream: Upstream | undefined;
let gateway: GatewayProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'service-'));
});
afterEach(async () => {
  await upstream?.close();
  await gateway?.stop();
  [upstream, gateway] = [undefined, undefined];
  rmSync(directory, { recursive: true });
});

/** Over plain HTTP and by its address: the clients' way through TLS is not what is tested here. */
async function serve(respond: (origin: string) => Respond): Promise<string> {
  let answer: Respond | undefined;
  upstream = await startUpstream({ respond: (...exchange) => answer?.(...exchange) });
  const port = upstream.connectTo.find((entry) => entry.port === 80)?.toPort;
  const origin = `http://127.0.0.1:${port}`;
  answer = respond(origin);
  return origin;
}

test('git clones from it and pushes to it', async () => {
  const root = join(directory, 'served');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'one.git')]);
  const origin = await serve(() => gitServer(root));
  const clone = join(directory, 'clone');
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.test', '-C', clone, ...args]);
  mkdirSync(clone);
  await git('clone', '-q', `${origin}/one.git`, '.');
  writeFileSync(join(clone, 'file'), 'x'.repeat(3_000_000));
  await git('add', '-A');
  await git('commit', '-q', '-m', 'first');
  await git('push', '-q', 'origin', 'HEAD:main');
  await run('git', ['clone', '-q', `${origin}/one.git`, join(directory, 'again')]);
  expect(readFileSync(join(directory, 'again/file'))).toHaveLength(3_000_000);
});

test('git is asked for its password where one is wanted', async () => {
  const root = join(directory, 'served');
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', join(root, 'one.git')]);
  const secret = Buffer.from('x-access-token:s3cret').toString('base64');
  const origin = await serve(() => gitServer(root, { authorization: `Basic ${secret}` }));
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0' };
  await expect(run('git', ['ls-remote', `${origin}/one.git`], { env })).rejects.toThrow();
  const url = `${origin.replace('//', '//x-access-token:s3cret@')}/one.git`;
  await run('git', ['ls-remote', url], { env });
});

test('npm installs from it, with what a package needs', async () => {
  const origin = await serve((url) =>
    npmRegistry(url, [{ name: 'outer', dependencies: { inner: '^1.0.0' } }, { name: 'inner' }]),
  );
  writeFileSync(join(directory, 'package.json'), '{}');
  await run('npm', ['install', 'outer', `--registry=${origin}/`, '--no-audit', '--no-fund'], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory },
  });
  const inner = join(directory, 'node_modules/inner/index.js');
  expect(readFileSync(inner, 'utf8')).toContain('"inner"');
});

test('pip downloads from it', async ({ skip }) => {
  skip(!HAS_PYTHON, 'needs pip: apt-get install python3-pip');
  const origin = await serve(() => pipIndex('tiny'));
  const index = ['--index-url', `${origin}/simple/`, '--trusted-host', '127.0.0.1'];
  await run('python3', ['-m', 'pip', 'download', 'tiny', ...index, '-d', directory], {
    env: { PATH: process.env.PATH, HOME: directory },
  });
  expect(existsSync(join(directory, 'tiny-1.0.0-py3-none-any.whl'))).toBe(true);
});

test('the gateway as a process comes up, refuses, tells it, and ends', async () => {
  gateway = await startGatewayProcess();
  const answer = await gateway.request('GET http://example.test/ HTTP/1.1\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
  await gateway.waitFor(({ type }) => type === 'decision');
  const relay = await gateway.relay();
  await expect(fetch(`http://127.0.0.1:${relay.port}/a`)).resolves.toMatchObject({ ok: false });
  await relay.close();
  expect(gateway.stderr()).toBe('');
  expect(await gateway.stop()).toBe(0);
  gateway = undefined;
});
