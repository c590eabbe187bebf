/** What is brought back from a guest, with its own shell, find, tar and git. */
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/machine/machine.ts';
import { parseGlob } from '../../src/outputs/glob.ts';
import { commitAll, startRepository } from '../provision/repository.ts';
import { readTree, sha256 } from './disk.ts';
import { busyboxPath, type Guest, has, makeGuest, pathsOf, pathWith } from './guest-scene.ts';

/** A guest whose workspace is a repository with one commit. */
async function withRepository(guest: Guest): Promise<Guest> {
  startRepository(guest);
  guest.write('kept.txt', 'one\ntwo\n');
  guest.write('gone.txt', 'to be removed\n');
  guest.write('run.sh', '#!/bin/sh\n');
  guest.write('.gitignore', '*.log\n');
  guest.write('latin.txt', Buffer.from([0x61, 0x0a]));
  commitAll(guest);
  await guest.begin();
  return guest;
}

/** The files that a patch makes of the checkout. */
function applied(guest: Guest, patch: string): Record<string, string> {
  const clone = join(guest.root, 'applied');
  execFileSync('git', ['clone', '-q', guest.workspace, clone]);
  execFileSync('git', ['apply', '-'], { cwd: clone, input: patch });
  rmSync(join(clone, '.git'), { recursive: true });
  const files: Record<string, string> = {};
  for (const path of readdirSync(clone, { recursive: true, encoding: 'utf8' })) {
    try {
      files[path] = readFileSync(join(clone, path), 'latin1');
    } catch {
      // A directory.
    }
  }
  return files;
}

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
    expect(Object.keys(tree.files).sort()).toEqual([...pathsOf(collected), 'changes.patch'].sort());
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

describe('the patch', () => {
  test('is empty, and no notice, when nothing changed', async () => {
    const guest = await withRepository(makeGuest());
    const collected = await guest.collect();
    expect(collected).toMatchObject({ patch: '', changedFiles: [], files: [], notices: [] });
    expect(readdirSync(guest.directory)).toEqual([]);
  });

  test('leaves out what provisioning withheld and what it changed is there', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('secret/key', 'withheld\n');
    guest.write('open', 'open\n');
    commitAll(guest);
    const { to, from } = guest.plan().provision.workspace;
    await guest.begin({ workspace: { from, to, exclude: ['secret'] } });
    guest.leave('workspace/open', 'changed\n');
    const collected = await guest.collect();
    expect(collected).toMatchObject({ changedFiles: ['open'], notices: [] });
    expect(readdirSync(guest.guestWorkspace)).not.toContain('secret');
  });

  test('is made whatever the repository is configured to run', async () => {
    const guest = await withRepository(makeGuest());
    const ran = join(guest.root, 'ran');
    guest.leave('evil', `#!/bin/sh\necho "$0" >>${ran}\nexit 1\n`, 0o755);
    const evil = join(guest.home, 'evil');
    for (const key of ['core.fsmonitor', 'diff.external', 'diff.x.textconv', 'diff.x.command']) {
      guest.guestGit('config', key, evil);
    }
    for (const [key, value] of [
      ['diff.noprefix', 'true'],
      ['diff.mnemonicPrefix', 'true'],
      ['color.ui', 'always'],
      ['diff.renames', 'copies'],
      ['diff.context', '0'],
      ['core.hooksPath', join(guest.home, 'hooks')],
    ] as const) {
      guest.guestGit('config', key, value);
    }
    guest.leave('hooks/post-index-change', `#!/bin/sh\necho hook >>${ran}\n`, 0o755);
    guest.leave('workspace/.gitattributes', '* diff=x\n');
    guest.leave('.gitconfig', `[core]\n\texcludesFile = ${guest.home}/ignored\n`);
    guest.leave('ignored', 'new.txt\n');
    guest.leave('workspace/new.txt', 'new\n');
    guest.leave('workspace/kept.txt', 'changed\n');
    rmSync(ran, { force: true });
    const collected = await guest.collect();
    expect(applied(guest, collected.patch)).toMatchObject({
      'kept.txt': 'changed\n',
      'new.txt': 'new\n',
    });
    expect(collected.notices).toEqual([]);
    expect(() => readFileSync(ran)).toThrow('ENOENT');
  });

  test('leaves the repository of the guest as it was', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/new', 'x');
    const before = guest.guestGit('status', '--porcelain');
    await guest.collect();
    expect(guest.guestGit('status', '--porcelain')).toBe(before);
    expect(guest.guestGit('count-objects')).toMatch(/^0 objects/);
  });

  test('goes on where other repositories lie inside, and leaves them out', async () => {
    const guest = await withRepository(makeGuest());
    const inGuest = (...args: string[]) => guest.guestGit('-c', 'user.email=a@b', ...args);
    inGuest('init', '-q', 'inner');
    inGuest('-C', 'inner', '-c', 'user.name=a', 'commit', '-qm', 'x', '--allow-empty');
    inGuest('init', '-q', 'empty');
    guest.leave('workspace/zz.txt', 'after the repositories\n');
    const collected = await guest.collect();
    expect(collected.changedFiles).toEqual(['zz.txt']);
    expect(collected.patch).toContain('+after the repositories');
  });

  test.each<[string, (guest: Guest) => void, RegExp]>([
    [
      'the repository is gone',
      (g) => rmSync(join(g.guestWorkspace, '.git'), { recursive: true }),
      /not a git repository/,
    ],
    [
      'HEAD is broken',
      (g) => writeFileSync(join(g.guestWorkspace, '.git/HEAD'), '?'),
      /not a git repository/,
    ],
    [
      'the objects are gone',
      (g) => rmSync(join(g.guestWorkspace, '.git/objects'), { recursive: true }),
      /git/,
    ],
    ['the workspace is gone', (g) => rmSync(g.guestWorkspace, { recursive: true }), /cd/],
    [
      'the workspace is a file',
      (g) => {
        rmSync(g.guestWorkspace, { recursive: true });
        writeFileSync(g.guestWorkspace, '');
      },
      /cd/,
    ],
  ])('%s: a notice, and the outputs come', async (_name, breakIt, notice) => {
    const guest = await withRepository(makeGuest());
    guest.leave('outputs/a', 'a');
    breakIt(guest);
    const collected = await guest.collect();
    expect(collected.patch).toBe('');
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices.join('\n')).toMatch(notice);
    expect(collected.notices).toContain('The guest said: so there is no patch of the workspace');
  });

  test('needs a git in the guest: a notice', async () => {
    const guest = makeGuest();
    const path = pathWith(join(guest.root, 'bin'), [
      ...['sh', 'mkdir', 'head', 'rm', 'find', 'sort', 'cat', 'tar', 'tr', 'sed'],
    ]);
    const bare = makeGuest({ guestPath: path });
    bare.leave('outputs/a');
    const collected = await bare.collect({ baseTree: 'a'.repeat(40) });
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices).toContain('The guest said: there is no git');
  });

  test('over 32 MiB stays a file', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/large.txt', Buffer.alloc(33 << 20, `${'x'.repeat(127)}\n`));
    const collected = await guest.collect({ outputMib: 100 });
    expect(collected).toMatchObject({ patch: '', changedFiles: ['large.txt'] });
    expect(pathsOf(collected)).toEqual(['changes.patch']);
    expect(collected.notices).toEqual(['The patch is over 32 MiB and only a file']);
  });

  test('that is no UTF-8 stays a file, byte for byte', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/latin.txt', Buffer.from([0x61, 0xe9, 0x0a]));
    const collected = await guest.collect();
    expect(collected.patch).toBe('');
    expect(collected.changedFiles).toEqual(['latin.txt']);
    expect(pathsOf(collected)).toEqual(['changes.patch']);
    const patch = readFileSync(join(guest.directory, 'changes.patch'));
    expect(patch.includes(Buffer.from([0x2b, 0x61, 0xe9, 0x0a]))).toBe(true);
    expect(collected.notices).toEqual(['The patch is not UTF-8 and only a file']);
  });
});

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

  test('a file elsewhere comes under root, a directory by its name, a linked one by its content', async () => {
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

describe('when things go wrong', () => {
  test('a disk without room: the next place is taken, in the end only the outputs come', async () => {
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
    const head =
      '#!/bin/sh\ncase $(readlink /proc/self/fd/1) in /tmp/*) exit 1 ;; esac\nexec /usr/bin/head "$@"\n';
    writeFileSync(join(path, 'head'), head, { mode: 0o755 });
    symlinkSync(
      execFileSync('sh', ['-c', 'command -v readlink']).toString().trim(),
      join(path, 'readlink'),
    );
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

  test('a directory that cannot be made is an error, and the guest is not left running', async () => {
    const guest = makeGuest();
    guest.leave('outputs/big', Buffer.alloc(5 << 20));
    writeFileSync(guest.directory, 'in the way');
    await expect(guest.collect()).rejects.toThrow('EEXIST');
  });
});
