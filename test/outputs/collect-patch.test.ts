/** The patch of the workspace: right, whatever the agent did to its repository. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitAll, startRepository } from '../provision/repository.ts';
import { type Guest, makeGuest, pathsOf, pathWith } from './guest-scene.ts';
import { applied, withRepository } from './repository-scene.ts';

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
    await guest.begin({ workspace: { from, to, exclude: ['secret'], pinned: [] } });
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
