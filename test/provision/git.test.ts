/** The guest's repository is a clone like the runner's, and its remotes are the gate's. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAddress, spellingsOf } from '../../src/plan/address.ts';
import type { GitPlan } from '../../src/plan/git-plan.ts';
import { gitServer } from '../upstream/git-server.ts';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';

const URL = 'https://github.com/octo/hello';

function gateOf(url: string, guestUrl: string): Pick<GitPlan, 'remotes' | 'origin'> {
  const from = <T>(value: T) => ({ value, source: 'test' });
  const address = parseAddress(url);
  const remote = {
    name: 'origin',
    url: from(url),
    guestUrl,
    insteadOf: address ? spellingsOf(address) : [],
    credential: from({ kind: 'none' } as const),
    hostKey: from(''),
    push: from('record' as const),
    allowForce: from(true),
    refs: from(['refs/heads/**']),
  };
  return { remotes: [remote], origin: 'origin' };
}

const GATE = gateOf(URL, 'http://127.0.0.1:7711/git/origin');

/** A clone of `upstream`, in the way of actions/checkout. */
function checkOut(scene: Scene, ...options: readonly string[]): void {
  const upstream = join(scene.root, 'runner', 'upstream');
  scene.git('clone', '-q', '--bare', scene.workspace, upstream);
  scene.git('-C', upstream, 'update-ref', 'refs/heads/other', 'HEAD~');
  scene.git('-C', upstream, 'tag', 'light');
  const tag = ['-c', 'user.name=a', '-c', 'user.email=a@b', 'tag', '-m', 'heavy', 'heavy'];
  scene.git('-C', upstream, ...tag);
  rmSync(scene.workspace, { recursive: true });
  const runner = join(scene.root, 'runner');
  const from = `file://${upstream}`;
  execFileSync('git', ['clone', '-q', ...options, from, scene.workspace], {
    env: { PATH: process.env.PATH, HOME: runner, GIT_CONFIG_NOSYSTEM: '1' },
    cwd: runner,
  });
}

function twoCommits(scene: Scene): void {
  startRepository(scene);
  scene.write('README.md', 'two\n');
  commitAll(scene, 'second');
}

const refsOf = (git: Scene['git']) => git('for-each-ref', '--format=%(refname) %(objectname)');

describe('a full clone', () => {
  test('has branches, tags and upstream of the runner’s, and its origin', async () => {
    const scene = makeScene();
    twoCommits(scene);
    checkOut(scene);
    await scene.provision({}, { gate: GATE });
    expect(refsOf(scene.guestGit)).toBe(refsOf(scene.git));
    expect(refsOf(scene.guestGit)).toContain('refs/remotes/origin/other');
    expect(scene.guestGit('symbolic-ref', 'refs/remotes/origin/HEAD')).toBe(
      'refs/remotes/origin/main\n',
    );
    expect(scene.guestGit('rev-parse', 'heavy^{commit}')).toBe(scene.git('rev-parse', 'HEAD'));
    expect(scene.guestGit('fsck', '--full', '--strict')).toBe('');
    expect(scene.guestGit('status', '--branch', '--porcelain')).toBe('## main...origin/main\n');
    expect(scene.guestGit('config', '--local', 'remote.origin.url')).toBe(`${URL}\n`);
    expect(scene.guestGit('remote', 'get-url', 'origin')).toBe(
      'http://127.0.0.1:7711/git/origin\n',
    );
  });

  test('has only what HEAD reaches where the gate serves no origin', async () => {
    const scene = makeScene();
    twoCommits(scene);
    checkOut(scene);
    await scene.provision();
    expect(scene.guestGit('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\n');
    expect(scene.guestGit('remote')).toBe('');
  });

  test('whose own other branches and remotes stay on the runner', async () => {
    const scene = makeScene();
    twoCommits(scene);
    checkOut(scene);
    scene.git('update-ref', 'refs/heads/private', 'HEAD~');
    scene.git('update-ref', 'refs/remotes/fork/main', 'HEAD~');
    scene.git('update-ref', 'refs/stash', 'HEAD~');
    await scene.provision({}, { gate: GATE });
    expect(refsOf(scene.guestGit)).not.toMatch(/private|fork|stash/);
  });
});

test('a shallow clone stays one, at a pull request’s merge with a detached HEAD', async () => {
  const scene = makeScene();
  twoCommits(scene);
  checkOut(scene, '--depth=1');
  scene.git('update-ref', 'refs/remotes/pull/7/merge', 'HEAD');
  scene.git('checkout', '-q', 'refs/remotes/pull/7/merge');
  scene.git('branch', '-qD', 'main');
  await scene.provision({}, { gate: GATE });
  expect(scene.guestGit('rev-parse', '--is-shallow-repository')).toBe('true\n');
  expect(refsOf(scene.guestGit)).toBe(refsOf(scene.git));
  expect(scene.guestGit('rev-parse', 'HEAD', '--abbrev-ref', 'HEAD')).toBe(
    `${scene.git('rev-parse', 'HEAD')}HEAD\n`,
  );
  expect(scene.guestGit('fsck', '--full')).toBe('');
});

test('every usual way to write a remote leads to the gate', async () => {
  const scene = makeScene();
  startRepository(scene);
  await scene.provision({}, { gate: GATE });
  const to = (url: string) => scene.guestGit('ls-remote', '--get-url', url).trim();
  for (const url of GATE.remotes[0]?.insteadOf ?? []) {
    expect(to(url), url).toBe('http://127.0.0.1:7711/git/origin');
  }
  expect(to('https://github.com/other/hello')).toBe('https://github.com/other/hello');
});

test('an address with quotes in it is quoted', async () => {
  const scene = makeScene();
  startRepository(scene);
  const odd = 'https://git.example/a"b\\c';
  await scene.provision({}, { gate: gateOf(odd, 'http://127.0.0.1:7711/git/a') });
  expect(
    scene.guestGit('config', '--global', '--get-all', 'url.http://127.0.0.1:7711/git/a.insteadOf'),
  ).toContain(`${odd}\n`);
});

test('fetch, pull and push just work', async () => {
  const scene = makeScene();
  twoCommits(scene);
  checkOut(scene, '--depth=1');
  const upstream = join(scene.root, 'runner', 'upstream');
  scene.git('-C', upstream, 'config', 'http.receivepack', 'true');
  const port = await serve(join(scene.root, 'runner'));
  await scene.provision({}, { gate: gateOf(URL, `http://127.0.0.1:${port}/upstream`) });
  await guestGit(scene, 'fetch', '-q', '--unshallow');
  expect(scene.guestGit('log', '--format=%s')).toBe('second\nwork\n');
  writeFileSync(join(scene.guestWorkspace, 'new.txt'), 'new\n');
  await guestGit(scene, 'add', '-A');
  await guestGit(scene, 'commit', '-qm', 'by the agent');
  await guestGit(scene, 'push', '-q');
  await guestGit(scene, 'push', '-q', `${URL}.git`, 'HEAD:refs/heads/topic');
  const head = scene.guestGit('rev-parse', 'HEAD');
  expect(scene.git('-C', upstream, 'rev-parse', 'main', 'topic')).toBe(`${head}${head}`);
});

/** While this process serves, it cannot wait for git. */
async function guestGit(scene: Scene, ...args: readonly string[]): Promise<void> {
  const argv = ['git', ...args];
  let said = '';
  const { exitCode } = await scene.machine.exec(argv, {
    cwd: scene.guestWorkspace,
    onStderr: (chunk) => {
      said += Buffer.from(chunk).toString();
    },
  });
  expect(exitCode, said).toBe(0);
}

async function serve(root: string): Promise<number> {
  const server = createServer((request, response) => {
    gitServer(root)(request, response, new Promise(() => {}));
  });
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
