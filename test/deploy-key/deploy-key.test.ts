/** A deploy key is made for one run and taken back, whatever happens in between. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DeployKeyRequest, makeDeployKey, removeDeployKeys } from '../../src/deploy-key.ts';
import { engineHost } from '../machine/engine-host.ts';
import { GITEA_TOKEN, type Gitea, startGitea } from './gitea.ts';

let directory: string;
let gitea: Gitea;
beforeEach(async () => {
  directory = join(mkdtempSync(join(tmpdir(), 'deploy-key-')), 'keys');
  gitea = await startGitea();
});
afterEach(async () => {
  await gitea.close();
  rmSync(join(directory, '..'), { recursive: true });
});

const env = { PATH: process.env.PATH, GITEA: `${GITEA_TOKEN}\n` };
const hostWith = (more: Record<string, string> = {}) => engineHost({ env: { ...env, ...more } });

const request = (more: Partial<DeployKeyRequest> = {}): DeployKeyRequest => ({
  kind: 'deploy-key',
  api: gitea.api,
  repository: 'me/site',
  tokenName: 'GITEA',
  remote: 'site',
  title: 'demo-k3x9q site',
  readOnly: false,
  source: 'a test',
  ...more,
});

test.each([true, false])('it may be read-only: %s', async (readOnly) => {
  await makeDeployKey(hostWith(), directory, request({ readOnly }));
  expect(gitea.keys).toMatchObject([{ title: 'demo-k3x9q site', read_only: readOnly }]);
});

test('the private key is the file that it returns, of the key that the server has', async () => {
  const host = hostWith();
  const file = await makeDeployKey(host, directory, request());
  const { stdout } = await host.run(['ssh-keygen', '-y', '-f', file]);
  expect(stdout.split(' ').slice(0, 2).join(' ')).toBe(gitea.keys[0]?.key);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});

test('it is taken back, and no other one', async () => {
  const others = Array.from({ length: 7 }, (_, index) => `other ${index}`);
  gitea.keys.push(...others.map((title, id) => ({ id, title, key: title, read_only: true })));
  const host = hostWith();
  await makeDeployKey(host, directory, request());
  expect(gitea.keys.length).toBe(8);
  await removeDeployKeys(host, directory);
  expect(gitea.keys.map(({ title }) => title)).toEqual(others);
  expect(host.lines.join()).toContain('Took back the deploy key "demo-k3x9q site" of me/site');
  const asked = gitea.asked.length;
  await removeDeployKeys(host, directory);
  expect(gitea.asked.length).toBe(asked);
});

test('one that nobody was told of any more is taken back too', async () => {
  gitea.onChange = () => {
    gitea.fault = () => 500;
  };
  gitea.fault = (method) => {
    if (method !== 'POST') return undefined;
    gitea.keys.push({ id: 9, title: 'demo-k3x9q site', key: 'ssh-ed25519 A', read_only: false });
    return 502;
  };
  const refused = makeDeployKey(hostWith(), directory, request());
  await expect(refused).rejects.toMatchObject({ outcome: 'config-invalid' });
  gitea.fault = () => undefined;
  await removeDeployKeys(hostWith(), directory);
  expect(gitea.keys).toEqual([]);
});

test('the server is asked for it once', async () => {
  gitea.fault = () => 500;
  await expect(makeDeployKey(hostWith(), directory, request())).rejects.toThrow(/status 500/);
  expect(gitea.asked).toEqual(['POST /api/v1/repos/me/site/keys']);
});

test.each<[string, Partial<DeployKeyRequest>, Record<string, string>, RegExp]>([
  ['a token that opens nothing', {}, { GITEA: 'wrong-token-k3x9q' }, /401, token is required/],
  ['no token', {}, { GITEA: '' }, /is empty/],
  ['another repository', { repository: 'me/other' }, {}, /404, not found/],
  ['nobody there', { api: 'http://127.0.0.1:2/api/v1' }, {}, /:2\/api\/v1\/repos\/.*ECONNREFUSED/],
  ['an API that would be told in clear', { api: 'http://git.example/api' }, {}, /not https/],
])('%s is an error that says so, without the token', async (_, more, variables, what) => {
  const error = await makeDeployKey(hostWith(variables), directory, request(more)).catch((e) => e);
  expect(error).toMatchObject({ outcome: 'config-invalid' });
  expect(error.message).toMatch(what);
  expect(JSON.stringify(error) + error.message).not.toMatch(/wrong-token-k3x9q|gitea-0123/);
});

test('without ssh-keygen that is what the error says', async () => {
  const host = engineHost({ env, which: () => undefined });
  await expect(makeDeployKey(host, directory, request())).rejects.toThrow(/openssh-client/);
});

test('what cannot be taken back is a warning with its name, and is tried again', async () => {
  await makeDeployKey(hostWith(), directory, request());
  gitea.fault = (method) => (method === 'DELETE' ? 403 : undefined);
  const host = hostWith();
  await removeDeployKeys(host, directory);
  expect(host.lines.join()).toMatch(/"demo-k3x9q site" of me\/site may still be there/s);
  expect(host.lines.join()).toContain('403');
  gitea.fault = () => undefined;
  await removeDeployKeys(hostWith(), directory);
  expect(gitea.keys).toEqual([]);
});

test('what is kept for taking it back holds no secret', async () => {
  await makeDeployKey(hostWith(), directory, request());
  for (const name of readdirSync(directory))
    expect(readFileSync(join(directory, name), 'utf8')).not.toContain(GITEA_TOKEN);
});

test('where none was made, there is nothing to do', async () => {
  await removeDeployKeys(hostWith(), directory);
  expect(existsSync(directory)).toBe(false);
  expect(gitea.asked).toEqual([]);
});
