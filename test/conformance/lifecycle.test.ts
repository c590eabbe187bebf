/** Statements 25 to 36: machine start, stop, delete. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { monitorsOf } from './guest-process.ts';
import { expectOk, expectRefusal, isAlive, openSmolvm } from './smolvm.ts';
import { statement } from './statement.ts';

const smolvm = openSmolvm();
afterAll(smolvm.close);

const { machine } = smolvm;
const create = (name: string, ...options: string[]) =>
  expectOk(machine('create', '--name', name, '--mem', '512', ...options));

/** A root file system in a directory, which stands in for an image that must be pulled. */
function imageTree(): string {
  const tree = join(smolvm.root, 'tree');
  mkdirSync(join(tree, 'usr'), { recursive: true });
  return tree;
}

statement(25, 'start of an unknown machine', [], async () => {
  await expectRefusal(machine('start', '--name', 'missing'), 'vm not found: missing');
});

statement(26, 'a started machine outlives the command', ['machine'], async () => {
  await create('a26');
  const { stdout } = await expectOk(machine('start', '--name', 'a26'));
  const pid = Number(/Machine 'a26' running \(PID: (\d+)\)/.exec(stdout)?.[1]);
  expect(await smolvm.find('a26')).toMatchObject({ state: 'running', pid });
  expect(isAlive(pid)).toBe(true);
});

statement(27, 'start of a running machine', ['machine'], async () => {
  await smolvm.boot('a27');
  const pid = (await smolvm.find('a27'))?.pid;
  const { stdout } = await expectOk(machine('start', '--name', 'a27'));
  expect(stdout).toContain(`already running (PID: ${pid})`);
});

statement(28, 'an image is pulled at the first start only', ['double'], async () => {
  await create('a28', '--image', imageTree());
  expect((await expectOk(machine('start', '--name', 'a28'))).stderr).toContain('Pulling');
  await expectOk(machine('stop', '--name', 'a28'));
  expect((await expectOk(machine('start', '--name', 'a28'))).stderr).not.toContain('Pulling');
});

statement(29, 'init runs once, and its failure fails the start', ['machine'], async () => {
  await create('a29-bad', '--init', 'exit 3');
  await expectRefusal(machine('start', '--name', 'a29-bad'), 'init[0] failed (exit 3)');
  expect((await smolvm.find('a29-bad'))?.state).not.toBe('running');
  await create('a29', '--init', 'echo run >>/root/init');
  for (const _ of ['first', 'second']) {
    await expectOk(machine('start', '--name', 'a29'));
    const { stdout } = await smolvm.exec('a29', '--', 'cat', '/root/init');
    expect(stdout).toBe('run\n');
    await expectOk(machine('stop', '--name', 'a29'));
  }
});

statement(30, 'KVM that cannot be used has two texts', ['double'], async () => {
  await create('a30');
  for (const [fault, words] of [
    ['kvm-permission', 'kvm permission denied'],
    ['kvm-absent', 'kvm not available'],
  ] as const) {
    const env = { SMOLVM_DOUBLE_FAIL: `start:${fault}` };
    await expectRefusal(smolvm.run(['machine', 'start', '--name', 'a30'], { env }), words);
  }
});

statement(31, 'two starts at once', ['machine'], async () => {
  await create('a31');
  const both = await Promise.all([1, 2].map(() => machine('start', '--name', 'a31')));
  const lost = both.filter(({ exitCode }) => exitCode !== 0);
  expect(lost.length).toBeLessThan(2);
  for (const { stderr } of lost) expect(stderr).toContain('another process is already starting');
  expect(await smolvm.find('a31')).toMatchObject({ state: 'running' });
});

statement(32, 'stop, twice, and of an unknown machine', ['machine'], async () => {
  await smolvm.boot('a32');
  const stop = (name: string) => machine('stop', '--name', name);
  expect((await expectOk(stop('a32'))).stdout).toContain('Stopped machine: a32');
  expect((await expectOk(stop('a32'))).stdout).toContain('is not running (state: stopped)');
  expect((await stop('missing')).exitCode).toBe(1);
});

statement(33, 'delete without -f stops, asks, and exits 0', ['machine'], async () => {
  await smolvm.boot('a33');
  const { stdout } = await expectOk(machine('delete', '--name', 'a33'));
  expect(stdout).toContain('Cancelled');
  expect(await smolvm.find('a33')).toMatchObject({ state: 'stopped' });
});

statement(34, 'delete -f removes record and directory', ['machine'], async () => {
  await smolvm.boot('a34');
  const directory = (await machine('data-dir', '--name', 'a34')).stdout.trim();
  const remove = () => machine('delete', '--name', 'a34', '-f');
  expect((await expectOk(remove())).stdout).toContain('Deleted machine: a34');
  expect(existsSync(directory)).toBe(false);
  await expectRefusal(remove(), 'vm not found');
});

statement(
  35,
  'a start killed while pulling leaves its monitor; stop and delete do not',
  ['double'],
  async () => {
    await create('a35', '--image', imageTree());
    const pulling = Promise.withResolvers<void>();
    const starting = await smolvm.start(['machine', 'start', '--name', 'a35'], {
      env: { SMOLVM_DOUBLE_PULL_MS: '60000' },
      onStderr: (chunk) => {
        if (Buffer.from(chunk).includes('Pulling')) pulling.resolve();
      },
    });
    await pulling.promise;
    process.kill(starting.pid, 'SIGKILL');
    await starting.exit;
    expect(await smolvm.find('a35')).toMatchObject({ state: 'created', pid: null });
    const directory = (await machine('data-dir', '--name', 'a35')).stdout.trim();
    const { stdout } = await smolvm.run(['machine', 'exec', '--name', 'a35', '--', 'true']);
    expect(stdout).toBe('');
    expect(monitorsOf(directory)).toHaveLength(1);
    await expectOk(machine('stop', '--name', 'a35'));
    await expectOk(machine('delete', '--name', 'a35', '-f'));
    expect(monitorsOf(directory)).toEqual([]);
  },
);

statement(36, 'four workers beside each other', ['machine'], async () => {
  const workers = ['a36-1', 'a36-2', 'a36-3', 'a36-4'].map(async (name) => {
    await smolvm.boot(name);
    await expectOk(machine('stop', '--name', name));
    await expectOk(machine('delete', '--name', name, '-f'));
  });
  await Promise.all(workers);
});
