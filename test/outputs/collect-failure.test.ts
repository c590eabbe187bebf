/** What is kept when the guest, its machine or a disk fails. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/machine/machine.ts';
import { locate, makeGuest, pathsOf, pathWith } from './guest-scene.ts';

describe('when things go wrong', () => {
  test('a disk without room: another place is taken, or only the outputs come', async () => {
    const guest = makeGuest();
    const path = pathWith(join(guest.root, 'bin'), [
      ...['sh', 'mkdir', 'rm', 'find', 'sort', 'cat', 'tar', 'tr', 'sed', 'git'],
    ]);
    const full = makeGuest({ guestPath: path });
    full.leave('outputs/a');
    full.leave('workspace/dist/a');
    // Without `head` no place proves to have room.
    const collected = await full.collect({ outputs: ['dist/*'] });
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices).toEqual([
      'The guest said: no place for temporary files has room, so only the output directory is sent',
      'No file matched outputs: dist/*',
    ]);
    // One that has it from the second place on.
    const head = [
      '#!/bin/sh',
      `case $(${locate('readlink')} /proc/self/fd/1) in /tmp/*) exit 1 ;; esac`,
      `exec ${locate('head')} "$@"\n`,
    ];
    writeFileSync(join(path, 'head'), head.join('\n'), { mode: 0o755 });
    const again = await full.collect({ outputs: ['dist/*'] });
    expect(again.files.map((file) => file.path)).toContain('workspace/dist/a');
  });

  /** A machine that runs the command and then fails in its own way after some bytes. */
  function failing(machine: Machine, most: number, fail: () => void): Machine {
    return {
      ...machine,
      exec: async (argv, options = {}) => {
        let left = most;
        await machine.exec(argv, {
          ...options,
          onStdout: async (chunk) => {
            const part = chunk.subarray(0, left);
            left -= part.length;
            if (part.length > 0) await options.onStdout?.(part);
          },
        });
        fail();
        return { exitCode: 137, timedOut: true, aborted: false, durationMs: 1 };
      },
    };
  }

  test.each<[string, () => void, string]>([
    [
      'dies',
      () => {
        throw new Error('the machine\nis gone');
      },
      'The machine failed while outputs were collected: the machine<U+000A>is gone',
    ],
    ['is stopped by the clock', () => {}, 'Collecting outputs was stopped after 20 s'],
  ])('a machine that %s leaves what had come', async (_name, fail, notice) => {
    const guest = makeGuest();
    guest.leave('outputs/a', 'a'.repeat(2000));
    guest.leave('outputs/b', 'b'.repeat(9000));
    const collected = await guest.collect({ machine: failing(guest.machine, 6000, fail) });
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices).toEqual([
      notice,
      'The outputs broke off (the archive ends in the middle); 2 files before that are kept',
    ]);
  });

  test('a cancelled collection ends at once', async () => {
    const guest = makeGuest();
    const collected = await guest.collect({ signal: AbortSignal.abort() });
    expect(collected.files).toEqual([]);
    expect(collected.notices[0]).toBe('Collecting outputs was stopped: there was no time left');
  });

  test('a guest that sends what nobody asked for, endlessly complaining', async () => {
    const guest = makeGuest();
    const forged = join(guest.root, 'forged');
    mkdirSync(forged);
    writeFileSync(join(forged, 'x'), 'x');
    const lying: Machine = {
      ...guest.machine,
      exec: (argv, options) => {
        const script = `cd ${guest.root} || exit; i=0
          while [ $i -lt 4000 ]; do printf '::error::\\033[31m%s\\n' $i >&2; i=$((i + 1)); done
          ln -s forged link; tar -cf - forged/x; tar -cf - -C / etc/hostname; exit 3`;
        return guest.machine.exec(argv[0] === 'sh' ? ['sh', '-c', script] : argv, options);
      },
    };
    const collected = await guest.collect({ machine: lying });
    expect(collected.files).toEqual([]);
    expect(collected.refused).toEqual([
      { path: 'forged/x', reason: 'was not asked for' },
      { path: 'etc/hostname', reason: 'was not asked for' },
    ]);
    expect(collected.notices).toHaveLength(21);
    expect(collected.notices[0]).toBe('The guest said: ::error::<U+001B>[31m0');
    expect(collected.notices.at(-1)).toBe('Collecting outputs ended with exit code 3');
  });

  test('a directory that cannot be made is an error, not a hang', async () => {
    const guest = makeGuest();
    guest.leave('outputs/big', Buffer.alloc(5 << 20));
    writeFileSync(guest.directory, 'in the way');
    await expect(guest.collect()).rejects.toThrow('EEXIST');
  });
});
