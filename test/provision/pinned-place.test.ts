/** Pins hold whatever the head has in the way, and whatever the workspace is. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGuest, pathWith } from '../outputs/guest-scene.ts';
import {
  ABSENT,
  changesOf,
  EXPECTED,
  expectNoGarbage,
  file,
  filesOf,
  link,
  PINNED,
  pin,
  provisionPinned,
  startHead,
} from './pin.ts';
import { commitAll, startRepository } from './repository.ts';
import { treeOf } from './tree.ts';

describe('what the head has in the way', () => {
  test.each([
    ['a link to a directory', (place: string, outside: string) => symlinkSync(outside, place)],
    ['a file', (place: string) => writeFileSync(place, 'in the way\n')],
  ])('above a pinned file gives way: %s', async (_, put) => {
    const guest = makeGuest();
    startRepository(guest);
    const outside = join(guest.root, 'outside');
    mkdirSync(outside);
    put(join(guest.workspace, '.claude'), outside);
    put(join(guest.workspace, 'pkg'), outside);
    commitAll(guest);
    const provisioned = await provisionPinned(guest, [
      pin('.claude', ABSENT),
      { path: '.claude/settings.json', guest: file('{}\n') },
      { path: 'pkg/deep/CLAUDE.md', guest: file('obey the base\n') },
    ]);
    expect(readdirSync(outside)).toEqual([]);
    expect(filesOf(guest)).toMatchObject({
      '.claude/settings.json': expect.stringContaining('file 644'),
      'pkg/deep/CLAUDE.md': expect.stringContaining('file 644'),
    });
    expect(provisioned.notices).toEqual([
      'Not copied, because trusted agent configuration stands in its place: pkg.',
    ]);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    expectNoGarbage(guest);
  });

  test('below a pinned file or link gives way', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('.husky/pre-commit', 'evil\n');
    guest.write('.husky/not-pinned', 'evil\n');
    guest.write('.claude/settings.json', 'evil\n');
    commitAll(guest);
    const provisioned = await provisionPinned(guest, [
      pin('.husky/pre-commit', ABSENT),
      pin('.claude/settings.json', ABSENT),
      { path: '.husky', guest: file('a file\n') },
      { path: '.claude', guest: link('/etc') },
    ]);
    expect(readFileSync(join(guest.guestWorkspace, '.husky'), 'utf8')).toBe('a file\n');
    expect(readlinkSync(join(guest.guestWorkspace, '.claude'))).toBe('/etc');
    expect(provisioned.notices.join()).toContain('.husky/not-pinned');
    expect(await changesOf(guest, provisioned)).toEqual([]);
    expectNoGarbage(guest);
  });

  test('as a submodule gives way', async () => {
    const guest = makeGuest();
    startRepository(guest);
    const other = join(guest.root, 'runner', 'other');
    guest.git('clone', '-q', guest.workspace, other);
    const add = ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other];
    guest.git(...add, '.claude');
    guest.git(...add, 'pkg');
    commitAll(guest);
    const provisioned = await provisionPinned(guest, [
      pin('.claude', ABSENT),
      pin('.gitmodules', ABSENT),
      { path: 'pkg/CLAUDE.md', guest: file('obey the base\n') },
    ]);
    expect(existsSync(join(guest.guestWorkspace, '.claude'))).toBe(false);
    expect(readFileSync(join(guest.guestWorkspace, 'pkg/CLAUDE.md'), 'utf8')).toContain('base');
    expect(await changesOf(guest, provisioned)).toEqual([]);
  });
});

describe('pins in a workspace', () => {
  test('without git on the runner or in the guest are files all the same', async () => {
    const tools = makeGuest();
    const guestPath = pathWith(join(tools.root, 'tools'), ['sh', 'mkdir', 'rm', 'tar']);
    const guest = makeGuest({ hasGit: false, guestPath });
    startHead(guest);
    mkdirSync(join(guest.workspace, 'empty'));
    await provisionPinned(guest, PINNED);
    expect(filesOf(guest)).toMatchObject(EXPECTED);
    const copied = treeOf(guest.guestWorkspace);
    expect(copied).toHaveProperty(['.bottle-head/CLAUDE.md.head']);
    expect(copied).toHaveProperty(['empty']);
    expect(copied).not.toHaveProperty(['.claude']);
    expect(existsSync(join(guest.guestWorkspace, '.git'))).toBe(false);
  });

  test('that is no repository are in its first commit', async () => {
    const guest = makeGuest();
    guest.write('CLAUDE.md', 'obey the head\n');
    guest.write('.claude/deep/settings.json', '{}\n');
    guest.write('pkg/index.ts', '');
    const provisioned = await provisionPinned(guest, [
      ...PINNED,
      pin('.claude/deep/settings.json', ABSENT),
    ]);
    expect(existsSync(join(guest.guestWorkspace, '.claude'))).toBe(false);
    expect(guest.guestGit('status', '--porcelain')).toBe('');
    expect(guest.guestGit('show', 'HEAD:CLAUDE.md')).toBe('obey the base\n');
    expect(provisioned.notices).toEqual([]);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    expectNoGarbage(guest);
  });

  test.each([true, false])(
    'that is a part of a repository are its own (git: %s)',
    async (hasGit) => {
      const guest = makeGuest({ hasGit });
      startHead(guest);
      guest.write('pkg/.bottle-head/mine', 'in the way\n');
      commitAll(guest);
      const pinned = [...PINNED, { path: 'pkgs/CLAUDE.md', guest: file('not here\n') }];
      const provisioned = await provisionPinned(guest, pinned, { from: `${guest.workspace}/pkg` });
      expect(Object.keys(treeOf(guest.guestWorkspace))).toEqual([
        '.bottle-head',
        '.bottle-head/.gitignore',
        '.bottle-head/pkg',
        '.bottle-head/pkg/.mcp.json',
        'AGENTS.md',
        'index.ts',
      ]);
      expect(provisioned.notices.join()).toContain('.bottle-head/mine');
      if (!hasGit) return;
      expect(guest.guestGit('status', '--porcelain')).toBe('');
      expect(await changesOf(guest, provisioned)).toEqual([]);
    },
  );

  test('outside of which all are pinned change nothing', async () => {
    const guest = makeGuest();
    startHead(guest);
    const from = `${guest.workspace}/bin`;
    await provisionPinned(guest, [pin('CLAUDE.md', ABSENT), pin('../x', file('x'))], { from });
    expect(treeOf(guest.guestWorkspace)).toEqual(treeOf(from));
    expect(existsSync(join(guest.guestWorkspace, '.git/info'))).toBe(false);
  });

  test('are there though excluded, and then the head’s versions are not', async () => {
    const guest = makeGuest();
    startHead(guest);
    guest.write('file', 'excluded, and above a pinned one\n');
    commitAll(guest);
    const pinned = [...PINNED, { path: 'file/CLAUDE.md', guest: file('obey the base\n') }];
    const exclude = ['CLAUDE.md', '.claude', 'file', '**/AGENTS.md', 'bin'];
    const provisioned = await provisionPinned(guest, pinned, { exclude });
    expect(filesOf(guest)).toMatchObject({ ...EXPECTED, 'file/CLAUDE.md': expect.anything() });
    expect(Object.keys(treeOf(join(guest.guestWorkspace, '.bottle-head')))).toEqual([
      '.gitignore',
      'pkg',
      'pkg/.mcp.json',
    ]);
    const deleted = guest.guestGit('ls-files', '--deleted');
    expect(deleted, 'what is excluded is no deletion').toBe('pkg/.mcp.json\n');
    expect(await changesOf(guest, provisioned)).toEqual([]);
    guest.leave('workspace/CLAUDE.md', 'obey the agent\n');
    expect(await changesOf(guest, provisioned)).toEqual(['CLAUDE.md']);
  });
});
