/** An agent's program from npm: that version, checked, once, whole; or an error says what to do. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installProgram, type ProgramRequest } from '../../src/agent/install.ts';
import { BottleError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { engineHost } from '../machine/engine-host.ts';
import { type NpmPackage, npmRegistry } from '../upstream/npm-registry.ts';
import { type Respond, startUpstream, type Upstream } from '../upstream/upstream.ts';

const REQUEST: ProgramRequest = {
  npm: '@vendor/agent',
  version: '1.0.0',
  source: 'dev.md:3',
  file: 'node_modules/@vendor/agent/index.js',
};
const AGENT: NpmPackage = { name: '@vendor/agent', dependencies: { part: '1.0.0' } };
const PART: NpmPackage = { name: 'part' };

let folder: string;
let upstream: Upstream;
let origin: string;
let served: NpmPackage[];
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agent-install-'));
  mkdirSync(join(folder, 'home'));
  served = [AGENT, PART];
  asked = [];
  let answer: Respond | undefined;
  upstream = await startUpstream({
    respond: (request, response, ...rest) => {
      asked.push(request.url ?? '');
      answer ??= npmRegistry(origin, served);
      // Clients write the slash of a scope in another way.
      request.url = decodeURIComponent(request.url ?? '');
      answer(request, response, ...rest);
    },
  });
  origin = `http://127.0.0.1:${upstream.connectTo.find(({ port }) => port === 80)?.toPort}`;
});
afterEach(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true });
});

function runner(overrides: Partial<Host> = {}): Host {
  const env = {
    PATH: process.env.PATH,
    HOME: join(folder, 'home'),
    RUNNER_TOOL_CACHE: join(folder, 'tools'),
    npm_config_registry: `${origin}/`,
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_fetch_retries: '0',
  };
  return engineHost({ env, ...overrides });
}

const root = () => join(folder, 'tools/bottle/agent');
const installed = () =>
  existsSync(root()) ? readdirSync(root()).filter((name) => !name.startsWith('.')) : [];

async function failure(work: Promise<unknown>): Promise<BottleError> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(installed()).toEqual([]);
  const temporary = join(root(), '.temporary');
  expect(existsSync(temporary) ? readdirSync(temporary) : []).toEqual([]);
  if (error instanceof BottleError) return error;
  throw error;
}

test('is installed with what it needs, readable for the bottle, and by digest in the record', async () => {
  const { directory, packages, origin: from } = await installProgram(runner(), REQUEST);
  expect(from).toBe('npm');
  expect(packages.map(({ name, version }) => `${name}@${version}`)).toEqual([
    '@vendor/agent@1.0.0',
    'part@1.0.0',
  ]);
  for (const { integrity } of packages) expect(integrity).toMatch(/^sha512-/);
  expect(statSync(join(directory, REQUEST.file)).mode & 0o444).toBe(0o444);
  expect(statSync(directory).mode & 0o005).toBe(0o005);
});

test('is not fetched again: the second time nobody is asked', async () => {
  await installProgram(runner(), REQUEST);
  await upstream.close();
  const again = await installProgram(runner(), REQUEST);
  expect(again.origin).toBe('tool cache');
  expect(again.packages[0]?.integrity).toMatch(/^sha512-/);
});

test('two jobs at once install it once', async () => {
  const both = await Promise.all([
    installProgram(runner(), REQUEST),
    installProgram(runner(), REQUEST),
  ]);
  expect(both.map(({ origin: from }) => from).sort()).toEqual(['npm', 'tool cache']);
  expect(asked.filter((url) => url.endsWith('.tgz') && url.includes('agent'))).toHaveLength(1);
});

test('its scripts are not run', async () => {
  const mark = join(folder, 'ran');
  served = [
    { ...AGENT, scripts: { install: `touch ${mark}`, postinstall: `touch ${mark}` } },
    PART,
  ];
  await installProgram(runner(), REQUEST);
  expect(existsSync(mark)).toBe(false);
});

test('an archive that is not what the registry describes is refused', async () => {
  const integrity = `sha512-${Buffer.alloc(64, 7).toString('base64')}`;
  served = [AGENT, { ...PART, dist: { integrity } }];
  const error = await failure(installProgram(runner(), REQUEST));
  expect(error).toMatchObject({
    outcome: 'provision-failed',
    what: expect.stringContaining('not what the registry describes'),
    where: expect.stringContaining('dev.md:3'),
  });
});

test('so is a package of which the registry has no sha512', async () => {
  served = [AGENT, { ...PART, dist: { integrity: undefined } }];
  const error = await failure(installProgram(runner(), REQUEST));
  expect(error.what).toContain('no sha512 of part@1.0.0');
});

test('a version that is not there is an error of the manifest', async () => {
  const error = await failure(installProgram(runner(), { ...REQUEST, version: '7.0.0' }));
  expect(error).toMatchObject({
    outcome: 'config-invalid',
    what: expect.stringContaining('7.0.0'),
  });
});

test('a package without the program is not for this platform', async () => {
  const file = 'node_modules/@vendor/agent-linux-x64/agent';
  const error = await failure(installProgram(runner(), { ...REQUEST, file }));
  expect(error.what).toContain('it is not made for this platform');
});

test('a runner without npm, or without a way to its registry, says so', async () => {
  const none = await failure(installProgram(runner({ which: () => undefined }), REQUEST));
  expect(none.what).toContain('no npm');
  await upstream.close();
  const unreachable = await failure(installProgram(runner(), REQUEST));
  expect(unreachable).toMatchObject({
    outcome: 'provision-failed',
    what: expect.stringContaining('ECONNREFUSED'),
  });
});
