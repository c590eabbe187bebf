/**
 * The guest's shell programs, run by a real shell. The ones that end all of a user's processes are
 * not.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuestUser } from '../../src/machine/machine.ts';
import {
  commandProgram,
  dropPrefix,
  quote,
  readDropPrefix,
  setupProgram,
  wrapperProgram,
} from '../../src/machine/smolvm/guest.ts';

const USER: GuestUser = { name: 'node', uid: 1000, gid: 1000, home: '/home/node' };
const words = fc.array(
  fc
    .oneof(
      fc.string(),
      fc.constantFrom('-x', '--', "'", '"', '$HOME', '`id`', '\\', '\n', '*', '!'),
    )
    .filter((word) => !word.includes('\0')),
  { maxLength: 6 },
);

function splitZero(bytes: Buffer): string[] {
  return bytes.toString().split('\0').slice(0, -1);
}

describe('quote', () => {
  test('any word comes out of a shell as it went in', () => {
    fc.assert(
      fc.property(words, (list) => {
        const script = `printf '%s\\0' x ${list.map(quote).join(' ')}`;
        expect(splitZero(execFileSync('/bin/sh', ['-c', script]))).toEqual(['x', ...list]);
      }),
      { numRuns: 60 },
    );
  });
});

/** Runs the wrapper as root's commands have it: the mark is unique to the test. */
function wrap(argv: readonly string[], env: Record<string, string> = {}, stdin = '') {
  const mark = Math.random().toString(36).slice(2);
  const program = wrapperProgram({ user: 'root', mark });
  return spawnSync('/bin/sh', ['-c', program, 'bottle', '/tmp', ...argv], {
    input: `TOKEN\n${stdin}`,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
}

describe('the wrapper', () => {
  test('passes any arguments and values on, and brackets stderr', () => {
    fc.assert(
      fc.property(words, (list) => {
        const carried = list.map((_, index) => ({ name: `V${index}`, carrier: `C${index}` }));
        const env = Object.fromEntries(list.map((value, index) => [`C${index}`, value]));
        const show = `printf '%s\\0' "$@" ${list.map((_, index) => `"$V${index}"`).join(' ')}; exit 7`;
        const argv = ['/bin/sh', '-c', commandProgram(carried), 'bottle', '/tmp'];
        const { stdout, stderr, status } = wrap(
          [...argv, '/bin/sh', '-c', show, 'sh', 'x', ...list],
          env,
        );
        expect(splitZero(stdout)).toEqual(['x', ...list, ...list]);
        expect(stderr.toString()).toBe('TOKEN+TOKEN=007');
        expect(status).toBe(7);
      }),
      { numRuns: 40 },
    );
  });

  test('leaves the rest of stdin to the command', () => {
    expect(wrap(['/bin/cat'], {}, 'one\ntwo').stdout.toString()).toBe('one\ntwo');
  });

  test('tells a death by signal, and the shell says nothing about it', () => {
    const { stderr } = wrap(['/bin/sh', '-c', 'echo last >&2; kill -9 $$']);
    expect(stderr.toString()).toBe('TOKEN+last\nTOKEN=137');
  });

  test('a missing program is exit 127 and a missing directory no start at all', () => {
    const command = ['/bin/sh', '-c', commandProgram([]), 'bottle', '/tmp', '/no/such'];
    expect(wrap(command).stderr.toString()).toMatch(/^TOKEN\+[\s\S]*TOKEN=127$/);
    const program = wrapperProgram({ user: 'root', mark: 'none' });
    const { stderr } = spawnSync('/bin/sh', ['-c', program, 'bottle', '/no/such', 'true'], {
      input: 'TOKEN\n',
    });
    expect(stderr.toString()).toBe('bottle: no working directory: /no/such\n');
  });

  test('the token is in no argv and no environment', () => {
    const { stdout } = wrap(['/bin/sh', '-c', 'cat /proc/$PPID/cmdline /proc/$PPID/environ; env']);
    expect(stdout.toString()).toContain('bottle');
    expect(stdout.toString()).not.toContain('TOKEN');
  });

  test('a command that left its session behind is ended with the one that started it', async () => {
    const { stdout } = wrap(['/bin/sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $!']);
    const pid = Number(stdout.toString());
    await expect.poll(() => commandOf(pid)).toBe('');
  });
});

/** Empty for a process that has ended, whether or not it was waited for. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

describe('the drop to the agent’s user', () => {
  test.each([
    ['setpriv /usr/bin/setpriv', dropPrefix('setpriv', '/usr/bin/setpriv', USER)],
    ['noise\nrunuser /sbin/runuser\n', ['/sbin/runuser', '-u', 'node', '--']],
    ['chroot /usr/sbin/chroot', ['/usr/sbin/chroot', '--userspec=1000:1000', '--skip-chdir', '/']],
    ['', undefined],
    ['setpriv relative', undefined],
    ['sudo /usr/bin/sudo', undefined],
    ["su /bin/su'; reboot", undefined],
  ])('is read from %j', (stdout, expected) => {
    expect(readDropPrefix(stdout, USER)).toEqual(expected);
  });

  test('the setup program is one that a shell can read', () => {
    const program = setupProgram({ ...USER, home: "/home/o'node" }, '/run/s');
    expect(spawnSync('/bin/sh', ['-n', '-c', program]).status).toBe(0);
  });
});

describe('each way to the agent’s user', () => {
  const nobody: GuestUser = { name: 'nobody', uid: 65534, gid: 65534, home: '/' };
  const script = 'id -u; id -g; pwd; printf "%s\\n" "$X" "$@"; exit 7';

  test.for(['setpriv', 'runuser', 'chroot', 'su'] as const)('%s', (tool, context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root');
    const path = spawnSync('/bin/sh', ['-c', `command -v ${tool}`])
      .stdout.toString()
      .trim();
    if (path === '') return context.skip(`needs ${tool}`);
    const [program = '', ...rest] = dropPrefix(tool, path, nobody);
    const { stdout, status } = spawnSync(
      program,
      [...rest, '/bin/sh', '-c', script, 'sh', '-l', 'a b', '--help', "'"],
      { cwd: '/tmp', env: { PATH: process.env.PATH ?? '', X: ' $x' } },
    );
    expect(stdout.toString()).toBe("65534\n65534\n/tmp\n $x\n-l\na b\n--help\n'\n");
    expect(status).toBe(7);
  });
});
