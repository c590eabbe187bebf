/** A whole run whose remote is on a Gitea: a key made for it, git over a real ssh, the key taken back. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { git, openScene, type Scene, scripted, skipWithoutBottle } from '../action/scene.ts';
import { GITEA_TOKEN, type Gitea, startGitea } from './gitea.ts';
import { NO_SSHD, type SshServer, startSshServer } from './ssh-server.ts';

skipWithoutBottle();

let directory: string;
let bare: string;
let gitea: Gitea;
let ssh: SshServer;
let scene: Scene | undefined;

beforeEach(async ({ skip }) => {
  skip(NO_SSHD !== '', NO_SSHD);
  directory = mkdtempSync(join(tmpdir(), 'deploy-key-run-'));
  mkdirSync(join(directory, 'me'));
  bare = join(directory, 'me', 'site.git');
  git(directory, 'init', '-q', '--bare', '-b', 'main', bare);
  const tree = git(bare, 'hash-object', '-w', '-t', 'tree', '/dev/null').trim();
  git(bare, 'update-ref', 'refs/heads/main', git(bare, 'commit-tree', tree, '-m', 'one').trim());
  gitea = await startGitea();
  ssh = await startSshServer(directory, gitea);
});
afterEach(async () => {
  await scene?.close();
  await ssh?.close();
  await gitea?.close();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

const work = (address: string) => `set -e
git clone -q ${address} clone
cd clone
echo hello >file.txt
git add file.txt
git commit -q -m 'a file'
git push -q origin HEAD:refs/heads/bot`;

async function start(repo: object = {}) {
  const key = { provider: 'gitea', provisioner_token: 'GITEA', api_url: gitea.api };
  const url = `ssh://${ssh.user}@git.example.test/me/site.git`;
  const site = { url, host_key: ssh.hostKey, key, ...repo };
  scene = await openScene(scripted(work(url), { 'git-gate': { repos: { site } } }));
  const places = `git.example.test:22=127.0.0.1:${ssh.port}`;
  return scene.start({
    env: { GITEA: GITEA_TOKEN, BOTTLE_CONNECT_TO: places },
    inputs: { 'fail-on': 'none' },
  });
}

const made = () => gitea.asked.filter((one) => one.startsWith('POST')).length;

test('the agent fetches and pushes by a key that is gone afterwards', async () => {
  const { outputs, log } = await (await start()).result;
  expect(outputs.outcome, log).toBe('success');
  expect(git(bare, 'show', 'bot:file.txt')).toBe('hello\n');
  expect(gitea.keys).toEqual([]);
  expect(made()).toBe(1);
  expect(log).toContain('Took back the deploy key');
  expect(log).not.toContain(GITEA_TOKEN);
});

test('where pushes stay on the runner, the key is read-only', async () => {
  const readOnly: boolean[] = [];
  const { onChange } = gitea;
  gitea.onChange = () => {
    readOnly.push(...gitea.keys.map((key) => key.read_only));
    onChange();
  };
  const { outputs, log } = await (await start({ push: 'record' })).result;
  expect(outputs.outcome, log).toBe('success');
  expect(readOnly).toEqual([true]);
  expect(git(bare, 'branch', '--list', 'bot')).toBe('');
  expect(gitea.keys).toEqual([]);
});

test('another host key than the pinned one gets nothing, and no push', async () => {
  const other = `ssh-ed25519 ${Buffer.from(ssh.hostKey.split(' ')[1] ?? '', 'base64')
    .fill(7, 20)
    .toString('base64')}`;
  const { outputs } = await (await start({ host_key: other })).result;
  expect(outputs.outcome).toBe('agent-failed');
  expect(git(bare, 'branch', '--list', 'bot')).toBe('');
  expect(gitea.keys).toEqual([]);
});

test('a step that is killed leaves the key to the post step', async () => {
  const { onChange } = gitea;
  const keyed = new Promise<void>((resolve) => {
    gitea.onChange = () => {
      onChange();
      resolve();
    };
  });
  const step = await start();
  await keyed;
  step.kill();
  const { log } = await step.result;
  expect(log).toContain('Took back the deploy key');
  expect(gitea.keys).toEqual([]);
});
