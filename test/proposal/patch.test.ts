/** What comes of the workspace: the right patch, whatever the agent did to its repository. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Guest, makeGuest, pathsOf, pathWith } from '../outputs/guest-scene.ts';
import { applied, withRepository } from '../outputs/repository-scene.ts';
import { commitAll, startRepository } from '../provision/repository.ts';

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

  test.each<[string, (guest: Guest) => void]>([
    ['the repository is gone', (g) => rmSync(join(g.guestWorkspace, '.git'), { recursive: true })],
    ['HEAD is broken', (g) => writeFileSync(join(g.guestWorkspace, '.git/HEAD'), '?')],
    [
      'the objects are gone',
      (g) => rmSync(join(g.guestWorkspace, '.git/objects'), { recursive: true }),
    ],
    ['the index is broken', (g) => writeFileSync(join(g.guestWorkspace, '.git/index'), 'DIRC?')],
    [
      'the repository is another one',
      (g) => {
        rmSync(join(g.guestWorkspace, '.git'), { recursive: true });
        g.guestGit('init', '-q');
      },
    ],
  ])('%s: the work comes back all the same', async (_name, breakIt) => {
    const guest = await withRepository(makeGuest());
    guest.leave('outputs/a', 'a');
    guest.leave('workspace/kept.txt', 'changed\n');
    guest.leave('workspace/new.txt', 'new\n');
    breakIt(guest);
    const collected = await guest.collect();
    expect(collected.changedFiles).toEqual(['kept.txt', 'new.txt']);
    expect(pathsOf(collected)).toEqual(['outputs/a']);
  });

  test.each<[string, (guest: Guest) => void]>([
    ['is gone', () => {}],
    ['is a file', (g) => writeFileSync(g.guestWorkspace, '')],
  ])('the workspace %s: a notice, and the outputs come', async (_name, replace) => {
    const guest = await withRepository(makeGuest());
    guest.leave('outputs/a', 'a');
    rmSync(guest.guestWorkspace, { recursive: true });
    replace(guest);
    const collected = await guest.collect();
    expect(collected.proposal.kind).toBe('refused');
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices.join('\n')).toMatch(/cd/);
    expect(collected.notices).toContain(
      'The guest said: so the work in the workspace stays behind',
    );
  });

  test('needs a git in the guest: a notice', async () => {
    const guest = makeGuest();
    const path = pathWith(join(guest.root, 'bin'), [
      ...['sh', 'mkdir', 'head', 'rm', 'find', 'sort', 'cat', 'tar', 'tr', 'sed'],
    ]);
    const bare = makeGuest({ guestPath: path });
    bare.leave('outputs/a');
    const collected = await bare.collect({
      given: { baseTree: 'a'.repeat(40), baseCommit: 'b'.repeat(40) },
    });
    expect(pathsOf(collected)).toEqual(['outputs/a']);
    expect(collected.notices).toContain('The guest said: there is no git');
  });

  test('may be large, and may be no UTF-8', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/large.txt', Buffer.alloc(31 << 20, `${'x'.repeat(127)}\n`));
    guest.leave('workspace/larger.txt', Buffer.alloc(33 << 20, `${'y'.repeat(127)}\n`));
    guest.leave('workspace/latin.txt', Buffer.from([0x61, 0xe9, 0x0a]));
    const collected = await guest.collect({ outputMib: 100 });
    const applied = join(guest.root, 'applied');
    guest.git('clone', '-q', guest.workspace, applied);
    guest.git('-C', applied, 'apply', join(guest.directory, 'changes.patch'));
    for (const name of ['large.txt', 'larger.txt', 'latin.txt']) {
      const file = readFileSync(join(applied, name));
      expect(file.equals(readFileSync(join(guest.guestWorkspace, name))), name).toBe(true);
    }
    expect(collected.changedFiles).toEqual(['large.txt', 'larger.txt', 'latin.txt']);
  });
});
