/** What happens in the guest: one command, for every shell and tar that an image may have. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { provision } from '../../src/provision/provision.ts';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';
import { treeOf } from './tree.ts';

const pathOf = (program: string) =>
  execFileSync('sh', ['-c', 'command -v "$1" || true', 'sh', program]).toString().trim();
const busybox = process.env.BUSYBOX ?? pathOf('busybox');

/** A PATH on which all programs are busybox. */
function busyboxPath(scene: Scene): string {
  const directory = join(scene.root, 'busybox');
  mkdirSync(directory);
  for (const name of ['sh', 'mkdir', 'rm', 'tar']) symlinkSync(busybox, join(directory, name));
  return directory;
}

async function provisionAndCompare(scene: Scene): Promise<void> {
  startRepository(scene);
  scene.write(`${'deep/'.repeat(30)}${'n'.repeat(200)}`, 'long\n');
  symlinkSync('/etc/passwd', join(scene.workspace, 'absolute'));
  symlinkSync('../../outside', join(scene.workspace, 'outside'));
  symlinkSync('x'.repeat(150), join(scene.workspace, 'long-target'));
  commitAll(scene);
  await scene.provision({ prompt: { text: 'Be kind.', to: join(scene.home, 'prompt.txt') } });
  expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
  expect(scene.guestGit('status', '--porcelain')).toBe('');
  expect(scene.guestGit('fsck', '--full')).toBe('');
  expect(lstatSync(join(scene.home, 'prompt.txt')).mode & 0o777).toBe(0o600);
}

describe('the same files arrive with', () => {
  for (const shell of ['dash', 'bash'].map(pathOf).filter((path) => path !== '')) {
    test(shell, async () => {
      const scene = makeScene({ shell });
      await provisionAndCompare(scene);
    });
  }

  test('busybox', async (context) => {
    if (busybox === '') context.skip('needs busybox: apt-get install busybox-static');
    const base = makeScene();
    const guestPath = busyboxPath(base);
    await provisionAndCompare(makeScene({ guestPath, shell: join(guestPath, 'sh') }));
  });

  test('a strict umask', async () => {
    const scene = makeScene();
    startRepository(scene);
    const before = process.umask(0o077);
    try {
      await scene.provision();
    } finally {
      process.umask(before);
    }
    expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
    expect(scene.guestGit('status', '--porcelain')).toBe('');
  });
});

describe('files that the plan names', () => {
  test('are there in one exec: prompt, task, output directory, identity', async () => {
    const scene = makeScene();
    mkdirSync(join(scene.home, 'outputs', 'stale'), { recursive: true });
    await scene.provision({ prompt: { text: 'Be kind.\n', to: join(scene.home, 'p', 'prompt') } });
    expect(scene.machine.executed).toHaveLength(1);
    expect(readFileSync(join(scene.home, 'p', 'prompt'), 'utf8')).toBe('Be kind.\n');
    expect(readFileSync(join(scene.home, 'task.txt'), 'utf8')).toBe('Do it.\n');
    expect(treeOf(join(scene.home, 'outputs'))).toEqual({});
    expect(scene.guestGit('config', '--global', 'user.email')).toBe('agent@example.com\n');
  });

  test('an empty prompt is a file for the agent alone; an empty identity is none', async () => {
    const scene = makeScene();
    await scene.provision({ gitUser: { name: '', email: '' } });
    const copied = treeOf(scene.home);
    expect(copied['.claude-bottle-prompt.txt']).toBe('file 600 ');
    expect(copied).not.toHaveProperty('.gitconfig');
  });

  test('a prompt and a task are never in an argument', async () => {
    const scene = makeScene();
    const text = 'a-text-that-must-not-be-an-argument';
    await scene.provision({
      prompt: { text, to: join(scene.home, 'prompt') },
      task: { text, to: join(scene.home, 'task') },
    });
    expect(scene.machine.executed.flat().join('\n')).not.toContain(text);
  });
});

describe('a guest that fails', () => {
  test('is an error with what it said, made printable and short', async () => {
    const scene = makeScene();
    const bin = join(scene.root, 'bin');
    mkdirSync(bin);
    const noise = "printf '\\033[31m::error::boo\\r\\n\\000%05000d\\nNo space left\\n' 7 >&2";
    writeFileSync(join(bin, 'tar'), `#!/bin/sh\n${noise}\nexit 2\n`);
    chmodSync(join(bin, 'tar'), 0o755);
    const failing = makeScene({ guestPath: `${bin}:${process.env.PATH}` });
    const error = await failing.provision().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'BottleError', outcome: 'provision-failed' });
    const { what, fix } = error as { what: string; fix: string };
    expect(what).toMatch(/exit code 2, .*No space left$/);
    expect(what).not.toMatch(/[\p{Cc}]/u);
    expect(what.length).toBeLessThan(700);
    expect(fix).toContain('storage_gib');
  });

  test('for want of tar is told what the image needs', async () => {
    const scene = makeScene();
    const bin = join(scene.root, 'bin');
    mkdirSync(bin);
    for (const name of ['mkdir', 'rm']) symlinkSync(pathOf(name), join(bin, name));
    const failing = makeScene({ guestPath: bin, shell: pathOf('sh') });
    await expect(failing.provision()).rejects.toMatchObject({
      outcome: 'provision-failed',
      fix: expect.stringContaining('tar'),
    });
  });

  test('because a directory cannot be made is an error, and nothing is unpacked', async () => {
    const scene = makeScene();
    writeFileSync(join(scene.home, 'workspace'), 'a file in the way\n');
    await expect(scene.provision()).rejects.toMatchObject({ outcome: 'provision-failed' });
    expect(Object.keys(treeOf(scene.home))).toEqual(['workspace']);
  });
});

describe('cancellation', () => {
  test('before the start runs nothing', async () => {
    const scene = makeScene();
    const signal = AbortSignal.abort();
    await expect(scene.provision({}, { signal })).rejects.toMatchObject({ outcome: 'cancelled' });
    expect(scene.machine.executed).toEqual([]);
  });

  test('while the guest hangs ends it and leaves nothing on the runner', async () => {
    const scene = makeScene();
    const bin = join(scene.root, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'tar'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    startRepository(scene);
    const cancel = new AbortController();
    const hanging = makeScene({ guestPath: `${bin}:${process.env.PATH}` });
    const plan = scene.plan();
    const running = provision(scene.host, hanging.machine, plan, {
      scratch: scene.scratch,
      certificate: '',
      signal: cancel.signal,
    });
    running.catch(() => {});
    while (hanging.machine.executed.length === 0) await new Promise(setImmediate);
    cancel.abort();
    await expect(running).rejects.toMatchObject({ outcome: 'cancelled' });
    expect(readdirSync(scene.scratch)).toEqual([]);
  });
});
