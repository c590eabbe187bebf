/** What is brought back from a guest, with its own shell, find, tar and git. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/machine/machine.ts';
import { parseGlob } from '../../src/outputs/glob.ts';
import { readTree, sha256 } from './disk.ts';
import { busyboxPath, type Guest, has, makeGuest, pathsOf } from './guest-scene.ts';
import { applied, withRepository } from './repository-scene.ts';

const SHELLS = [
  ['dash', 'dash'],
  ['bash', 'bash'],
  ['busybox', 'busybox'],
] as const;

describe.each(SHELLS)('a guest with %s', (_name, program) => {
  test('sends outputs, globs, result and a patch that applies', async ({ skip }) => {
    if (!has(program)) skip(`needs ${program} on PATH: apt-get install ${program}`);
    const guest = await withRepository(makeShellGuest(program));
    guest.leave('workspace/kept.txt', 'one\n2\n');
    guest.leave('workspace/new dir/ünï "code".txt', 'new\n');
    guest.leave('workspace/binary', Buffer.from([0, 1, 2, 0xff]));
    guest.leave('workspace/noise.log', 'ignored\n');
    guest.leave('workspace/run.sh', '#!/bin/sh\n', 0o755);
    guest.leave('workspace/committed.txt', 'committed\n');
    guest.guestGit('add', 'committed.txt');
    guest.guestGit('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'work');
    rmSync(join(guest.guestWorkspace, 'gone.txt'));
    guest.leave('workspace/dist/a.txt', 'a');
    guest.leave('workspace/dist/.hidden', 'h');
    guest.leave('workspace/dist/deep/b.txt', 'b');
    guest.leave('outputs/report.md', '# Report\n');
    guest.leave('outputs/.dot/line', 'x'.repeat(5000), 0o4755);
    guest.leave('outputs/.git/config', 'evil');
    guest.leave('notes.md', 'notes');
    guest.leave('.bottle/result.md', 'All done: ✔\n');
    symlinkSync('/etc/passwd', join(guest.home, 'outputs', 'link'));

    const collected = await guest.collect({ outputs: ['dist/*.txt', '**/b.txt', '~/notes.md'] });
    expect(collected.notices).toEqual([]);
    expect(pathsOf(collected)).toEqual([
      'home/notes.md',
      'outputs/.dot/line',
      'outputs/report.md',
      'workspace/dist/a.txt',
      'workspace/dist/deep/b.txt',
    ]);
    expect(collected.refused).toEqual([
      { path: expect.stringMatching(/outputs\/link$/), reason: 'is a symbolic link' },
    ]);
    expect(collected.result).toBe('All done: ✔\n');
    expect([...collected.changedFiles].sort()).toEqual([
      'binary',
      'committed.txt',
      'dist/.hidden',
      'dist/a.txt',
      'dist/deep/b.txt',
      'gone.txt',
      'kept.txt',
      'new dir/ünï "code".txt',
      'run.sh',
    ]);
    expect(applied(guest, collected.patch)).toMatchObject({
      'kept.txt': 'one\n2\n',
      'committed.txt': 'committed\n',
      binary: '\x00\x01\x02\xff',
    });
    expect(collected.patch).toContain('old mode 100644\nnew mode 100755');
    const tree = readTree(guest.directory);
    expect(tree.files['changes.patch']).toBe(Buffer.from(collected.patch).toString('latin1'));
    expect(Object.keys(tree.files).sort()).toEqual(
      [...pathsOf(collected), 'changes.patch', 'proposal.bundle'].sort(),
    );
    expect(collected.files.find(({ path }) => path === 'outputs/report.md')).toEqual({
      path: 'outputs/report.md',
      size: 9,
      sha256: sha256('# Report\n'),
    });
  });

  test('sends names of every kind', async ({ skip }) => {
    if (!has(program)) skip(`needs ${program} on PATH: apt-get install ${program}`);
    const guest = makeShellGuest(program);
    const names = [
      '-rf',
      ' lead',
      "quo'te",
      '$HOME',
      '`id`',
      '--checkpoint=1',
      'n'.repeat(200),
      '!',
    ];
    for (const name of [...names, 'br\neak', 'back\\n', 'a*']) guest.leave(`outputs/${name}`);
    const collected = await guest.collect();
    expect(pathsOf(collected)).toEqual(names.map((name) => `outputs/${name}`).sort());
    const reasons = collected.refused.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason.startsWith('has one of'))).toHaveLength(2);
    expect(reasons).toContain('has a control character in its name');
    expect(collected.notices).toEqual([]);
  });

  test('sends more files than fit on a command line', async ({ skip }) => {
    if (!has(program)) skip(`needs ${program} on PATH: apt-get install ${program}`);
    const guest = makeShellGuest(program);
    for (let count = 0; count < 1500; count++) guest.leave(`outputs/${'n'.repeat(120)}-${count}`);
    const collected = await guest.collect();
    expect(collected.files).toHaveLength(1500);
    expect(collected.notices).toEqual([]);
  });
});

function makeShellGuest(program: string): Guest {
  if (program !== 'busybox') return makeGuest({ shell: program });
  const guest = makeGuest();
  const path = busyboxPath(join(guest.root, 'bin'));
  return { ...guest, ...makeGuest({ guestPath: path, shell: join(path, 'sh') }) };
}

describe('outputs', () => {
  test('a glob without a match is named; hidden files come when they are named', async () => {
    const guest = makeGuest();
    guest.leave('workspace/.env.example', 'E=1');
    guest.leave('workspace/.github/workflows/ci.yml', 'on: push');
    const outputs = ['.env.example', '.github/**/*.yml', '*.md', '~/none/'];
    const collected = await guest.collect({ outputs });
    expect(pathsOf(collected)).toEqual([
      'workspace/.env.example',
      'workspace/.github/workflows/ci.yml',
    ]);
    expect(collected.notices).toEqual([
      'No file matched outputs: *.md',
      'No file matched outputs: ~/none/',
    ]);
  });

  test('a file elsewhere, a directory by its name, a linked directory', async () => {
    const guest = makeGuest();
    const elsewhere = join(guest.root, 'guest', 'var');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'x.log'), 'log');
    guest.leave('workspace/build/a/b', 'b');
    symlinkSync(elsewhere, join(guest.guestWorkspace, 'logs'));
    const outputs = [`${elsewhere}/*.log`, 'build', 'logs'];
    const collected = await guest.collect({ outputs });
    expect(pathsOf(collected)).toEqual([
      `root${elsewhere}/x.log`,
      'workspace/build/a/b',
      'workspace/logs/x.log',
    ]);
  });

  test('two names of one file both come', async () => {
    const guest = makeGuest();
    guest.leave('outputs/a', 'same');
    linkSync(join(guest.home, 'outputs/a'), join(guest.home, 'outputs/b'));
    const collected = await guest.collect();
    expect(pathsOf(collected)).toEqual(['outputs/a', 'outputs/b']);
  });

  test('files that two globs match come once', async () => {
    const guest = makeGuest();
    guest.leave('workspace/dist/a.txt');
    const collected = await guest.collect({ outputs: ['dist/*.txt', '**/*.txt', 'dist'] });
    expect(pathsOf(collected)).toEqual(['workspace/dist/a.txt']);
    expect(collected.refused).toEqual([]);
  });

  test('a directory that no glob reaches is not sent', async () => {
    const guest = makeGuest();
    guest.leave('workspace/node_modules/huge.txt', Buffer.alloc(3 << 20));
    guest.leave('workspace/dist/a.txt', 'a');
    guest.leave('workspace/b.txt', 'b');
    let bytes = 0;
    const counting: Machine = {
      ...guest.machine,
      exec: (argv, options = {}) =>
        guest.machine.exec(argv, {
          ...options,
          onStdout: (chunk) => {
            bytes += chunk.length;
            return options.onStdout?.(chunk);
          },
        }),
    };
    const collected = await guest.collect({ outputs: ['dist/*.txt', '*.txt'], machine: counting });
    expect(pathsOf(collected)).toEqual(['workspace/b.txt', 'workspace/dist/a.txt']);
    expect(bytes).toBeLessThan(100_000);
  });

  test('over the limit: refused and listed, smaller ones kept', async () => {
    const guest = makeGuest();
    guest.leave('outputs/a-large', Buffer.alloc((1 << 20) + 1));
    guest.leave('outputs/small', 'x');
    const collected = await guest.collect({ outputMib: 1 });
    expect(pathsOf(collected)).toEqual(['outputs/small']);
    expect(collected.refused).toMatchObject([{ reason: 'is over 1 MiB' }]);
  });

  test('what the guest looks for is never less than what a glob matches', async () => {
    const name = fc.constantFrom('a', 'b', '.a', 'ab', 'ü', 'x[y]', 'a.b');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const part = fc.constantFrom('a', '*', '?', '**', '.a', '[ab]', '[!a]', '*b', 'x[[]y]', '.*');
    const glob = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { minLength: 4, maxLength: 10 }),
        fc.array(glob, { minLength: 1, maxLength: 3 }),
        async (paths, outputs) => {
          const guest = makeGuest();
          const kept = paths.filter((each) => {
            try {
              guest.leave(`workspace/${each}`);
              return true;
            } catch {
              return false; // a file and a directory by one name
            }
          });
          const collected = await guest.collect({ outputs });
          const base = { workspace: guest.guestWorkspace, home: guest.home };
          const globs = outputs.map((text) => parseGlob(text, base));
          const wanted = kept.filter((each) =>
            globs.some((one) => one.matches(join(guest.guestWorkspace, each))),
          );
          expect(pathsOf(collected)).toEqual(wanted.map((each) => `workspace/${each}`).sort());
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the result', () => {
  test('is cut after 64 KiB, between characters', async () => {
    const guest = makeGuest();
    guest.leave('.bottle/result.md', 'ü'.repeat(40_000).replace('ü', 'x'));
    const collected = await guest.collect();
    expect(collected.result).toBe(`x${'ü'.repeat(32_767)}`);
    expect(collected.notices).toEqual(['The result was cut after 64 KiB']);
  });

  test('that is a link or a pipe is not read', async () => {
    const guest = makeGuest();
    mkdirSync(join(guest.home, '.bottle'));
    symlinkSync('/etc/passwd', join(guest.home, '.bottle/result.md'));
    expect((await guest.collect()).result).toBe('');
    rmSync(join(guest.home, '.bottle/result.md'));
    execFileSync('mkfifo', [join(guest.home, '.bottle/result.md')]);
    expect((await guest.collect()).result).toBe('');
  });
});
