/** A guest that sends hostile archives, globs that are hostile to the guest's shell, and the caps. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { searchSecrets } from '../../src/git-check/secret-search.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { collect } from '../../src/outputs/collect.ts';
import { streamOf } from '../tar/craft.ts';
import { inBytes, readTree, watchOutside } from './disk.ts';
import { busyboxPath, type Guest, has, makeGuest, pathsOf } from './guest-scene.ts';
import { CORPUS } from './hostile/corpus.ts';
import { archiveOf, wantedOf } from './hostile/hostile.ts';

/** Sends these bytes, whatever it is asked to run. */
function sending(machine: Machine, bytes: Buffer): Machine {
  return {
    ...machine,
    exec: async (_argv, { onStdout } = {}) => {
      for await (const chunk of streamOf(bytes, 700)) await onStdout?.(chunk);
      return { exitCode: 0, timedOut: false, aborted: false, durationMs: 1 };
    },
  };
}

test('every hostile archive that has a name, sent by a guest: what is good comes, the rest is listed', async () => {
  const guest = makeGuest();
  const directory = join(guest.root, 'inner', 'artifact');
  mkdirSync(join(guest.root, 'inner'));
  const outside = watchOutside(guest.root, directory);
  const limit = (value: number) => ({ value, source: 'test' });
  const plan = {
    ...guest.plan(),
    outputs: { value: ['/**'], source: 'test' },
    resultFile: '/none',
    limits: { minutes: limit(1), idleMinutes: limit(0), outputMib: limit(256) },
  };
  for (const hostile of CORPUS) {
    const machine = sending(guest.machine, archiveOf(hostile));
    const provisioned = { baseCommit: '', baseTree: '' };
    const collected = await collect(machine, plan, provisioned, directory, {
      bundles: join(guest.root, 'bundles'),
      search: searchSecrets([]),
      timeoutMs: 20_000,
    });
    const wanted = Object.entries(wantedOf(hostile)).map(([path, text]) => [`root/${path}`, text]);
    const reasons = collected.refused.map(({ reason }) => reason.replace(' root/', ' '));
    expect([hostile.name, readTree(directory).files]).toEqual([
      hostile.name,
      inBytes(Object.fromEntries(wanted)),
    ]);
    expect([hostile.name, ...reasons]).toEqual([hostile.name, ...hostile.reasons]);
    const count = wanted.length;
    expect([hostile.name, ...collected.notices]).toEqual(
      hostile.broken === undefined
        ? [hostile.name]
        : [
            hostile.name,
            `The outputs broke off (${hostile.broken}); ${count} files before that are kept`,
          ],
    );
    expect([hostile.name, ...outside.changes()]).toEqual([hostile.name]);
    rmSync(directory, { recursive: true });
  }
});

const HOSTILE_GLOBS = [
  ...['$(touch pwned)', '`touch pwned`', "';touch pwned;'", '";touch pwned;"', '|touch pwned'],
  ...['-delete', '-exec', '--checkpoint-action=exec=touch pwned', '-T', '!', '(', ')', '{}'],
  ...['*'.repeat(300), '[', '[!', '[]', '[[:alpha:]', '**/**/**/**/none', 'a\nb', '%s%n', '~x'],
];

describe.each(['dash', 'bash', 'busybox'])(
  'globs that mean something to %s or to find',
  (program) => {
    test('mean only themselves', async ({ skip }) => {
      if (!has(program)) skip(`needs ${program} on PATH: apt-get install ${program}`);
      const guest = shellGuest(program);
      const literal = HOSTILE_GLOBS.filter((glob) => /^[-$`';~()!{}%a-zA-Z= ]+$/.test(glob));
      for (const name of literal) guest.leave(`workspace/d/${name}`);
      guest.leave('workspace/other');
      guest.leave('outputs/o');
      const globs = HOSTILE_GLOBS.flatMap((glob) =>
        glob.startsWith('~') ? [] : [`d/${glob}`, glob],
      );
      const collected = await guest.collect({ outputs: [...globs, 'd/~x'] });
      const files = new Set(pathsOf(collected));
      for (const name of literal) expect(files).toContain(`workspace/d/${name}`);
      expect(files).toContain('outputs/o');
      for (const place of [guest.home, guest.guestWorkspace, guest.root, '/'])
        expect(existsSync(join(place, 'pwned'))).toBe(false);
      expect(readdirSync(join(guest.guestWorkspace, 'd')).sort()).toEqual([...literal].sort());
    });
  },
);

function shellGuest(program: string): Guest {
  if (program !== 'busybox') return makeGuest({ shell: program });
  const guest = makeGuest();
  const path = busyboxPath(join(guest.root, 'bin'));
  return makeGuest({ guestPath: path, shell: join(path, 'sh') });
}

describe('caps', () => {
  test('all together have a limit; what still fits is taken', async () => {
    const guest = makeGuest();
    for (const name of ['a', 'b', 'c']) guest.leave(`outputs/${name}`, Buffer.alloc(400 << 10));
    guest.leave('outputs/d', 'small');
    const collected = await guest.collect({ outputMib: 1 });
    expect(pathsOf(collected)).toEqual(['outputs/a', 'outputs/b', 'outputs/d']);
    expect(collected.refused).toEqual([
      {
        path: expect.stringMatching(/outputs\/c$/),
        reason: 'is over the 1 MiB that all may have together',
      },
    ]);
  });

  test('files that were refused are named up to a number, and counted', async () => {
    const guest = makeGuest();
    for (let count = 0; count < 130; count++) guest.leave(`outputs/why?${count}`);
    guest.leave('outputs/z');
    const collected = await guest.collect();
    expect(pathsOf(collected)).toEqual(['outputs/z']);
    expect(collected.refused).toHaveLength(100);
    expect(collected.notices).toEqual(['30 more entries were refused than are listed']);
  });
});

test('nothing left, nothing asked for: no file, and nothing to say', async () => {
  const { files, refused, notices } = await makeGuest().collect();
  expect({ files, refused, notices }).toEqual({ files: [], refused: [], notices: [] });
});
