/** What the gateway is told of the guest's remotes: addresses, credentials, the checkout to build on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gateRequest } from '../src/gate-request.ts';
import type { Host } from '../src/host/host.ts';
import { runProcess, spawnProcess } from '../src/host/process.ts';
import type { RemotePlan } from '../src/plan/git-plan.ts';
import type { Plan } from '../src/plan/plan.ts';
import { engineHost } from './machine/engine-host.ts';
import { PLAN } from './report/scenario.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gate-request-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const from = <T>(value: T) => ({ value, source: 'a test' });
const ORIGIN: RemotePlan = {
  name: 'origin',
  url: from('https://git.example.test/site'),
  guestUrl: 'http://127.0.0.1:7711/git/origin',
  insteadOf: [],
  credential: from({ kind: 'workflow-token' }),
  hostKey: from(''),
  push: from('record'),
  allowForce: from(true),
  refs: from(['refs/heads/**']),
};

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();

function checkout(): { path: string; commit: string } {
  const path = join(directory, 'checkout');
  mkdirSync(path);
  git(path, 'init', '--quiet', '-b', 'main');
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.test'];
  git(path, ...identity, 'commit', '--quiet', '--allow-empty', '-m', 'one');
  return { path, commit: git(path, 'rev-parse', 'HEAD') };
}

function request(remotes: readonly RemotePlan[], workspace = directory, host: Partial<Host> = {}) {
  const { provision } = PLAN;
  const plan: Plan = {
    ...PLAN,
    git: { ...PLAN.git, remotes, origin: 'origin' },
    provision: { ...provision, workspace: { ...provision.workspace, from: workspace } },
  };
  const real: Partial<Host> = {
    env: { PATH: process.env.PATH, GITHUB_WORKSPACE: workspace, SITE_TOKEN: 'tok-456\n' },
    which: () => '/usr/bin/git',
    run: (argv, options) => runProcess(argv, { ...options, env: options?.env ?? {} }),
    spawn: spawnProcess,
  };
  const places = {
    directory: join(directory, 'gate'),
    scratch: directory,
    deployKeys: join(directory, 'deploy-keys'),
    token: 'tok-123',
  };
  return gateRequest({ ...engineHost(), ...real, ...host }, plan, places);
}

const withCredential = (credential: RemotePlan['credential']['value']): RemotePlan => ({
  ...ORIGIN,
  credential: from(credential),
});

test('the origin comes with the input token, and with the checkout to build on', async () => {
  const { path, commit } = checkout();
  expect(await request([ORIGIN, { ...ORIGIN, name: 'other' }], path)).toMatchObject({
    program: '/usr/bin/git',
    directory: join(directory, 'gate'),
    repositories: [
      {
        name: 'origin',
        url: 'https://git.example.test/site',
        access: { kind: 'token', name: 'input token', value: 'tok-123' },
        push: 'record',
        seed: {
          objects: join(path, '.git', 'objects'),
          shallow: join(path, '.git', 'shallow'),
          commit,
        },
      },
      { name: 'other' },
    ],
  });
});

test('only the origin is built on the checkout, and never on a partial clone', async () => {
  const { path } = checkout();
  const two = await request([ORIGIN, { ...ORIGIN, name: 'other' }], path);
  expect(two?.repositories[1]).not.toHaveProperty('seed');
  mkdirSync(join(path, '.git/objects/pack'), { recursive: true });
  writeFileSync(join(path, '.git/objects/pack/pack-1.promisor'), '');
  const partial = await request([ORIGIN], path);
  expect(partial?.repositories[0]).not.toHaveProperty('seed');
});

test('no remotes, no git, no repository: nothing, or no seed', async () => {
  expect(await request([])).toBeUndefined();
  expect(await request([ORIGIN], directory, { which: () => undefined })).toBeUndefined();
  expect((await request([ORIGIN]))?.repositories[0]).not.toHaveProperty('seed');
});

describe('a credential', () => {
  test('of the step is read by its name', async () => {
    const gate = await request([withCredential({ kind: 'token', name: 'SITE_TOKEN' })]);
    const access = { kind: 'token', name: 'SITE_TOKEN', value: 'tok-456' };
    expect(gate?.repositories[0]?.access).toEqual(access);
  });

  test('that is empty is refused by its name', async () => {
    const refused = request([withCredential({ kind: 'token', name: 'NO_TOKEN' })]);
    await expect(refused).rejects.toMatchObject({ outcome: 'config-invalid' });
    await expect(refused).rejects.toThrow(/NO_TOKEN/);
  });

  test('that is a file has to be there', async () => {
    const key = join(directory, 'key');
    const remote = {
      ...withCredential({ kind: 'key-file', path: key }),
      hostKey: from('ssh-ed25519 A'),
    };
    await expect(request([remote])).rejects.toThrow(/cannot be read/);
    writeFileSync(key, '');
    const gate = await request([remote]);
    expect(gate?.repositories[0]?.access).toEqual({ kind: 'ssh', key, hostKey: 'ssh-ed25519 A' });
    const atHome = request([withCredential({ kind: 'key-file', path: '~/no-such-key' })]);
    await expect(atHome).rejects.toThrow(join(homedir(), 'no-such-key'));
  });

  test('none is none', async () => {
    const gate = await request([withCredential({ kind: 'none' })]);
    expect(gate?.repositories[0]?.access).toEqual({ kind: 'none' });
  });
});

test('a git that would look up the upstream by itself serves no remotes', async () => {
  const old: Host['run'] = async () => ({
    exitCode: 0,
    stdout: 'git version 2.34.1\n',
    stderr: '',
  });
  expect(await request([ORIGIN], directory, { run: old })).toBeUndefined();
});
