/** Agent configuration in the guest is the trusted commit's, and no change of the agent's. */
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGuest } from '../outputs/guest-scene.ts';
import {
  ABSENT,
  changesOf,
  EXPECTED,
  expectNoGarbage,
  file,
  filesOf,
  PINNED,
  pin,
  provisionPinned,
  startHead,
} from './pin.ts';
import { commitAll, startRepository } from './repository.ts';
import { treeOf } from './tree.ts';

describe('pinned files of a checkout', () => {
  test('stand in the guest as the trusted commit has them, or not at all', async () => {
    const guest = makeGuest();
    startHead(guest);
    const before = treeOf(guest.workspace);
    await provisionPinned(guest, PINNED);
    const files = filesOf(guest);
    expect(files).toMatchObject(EXPECTED);
    expect(Object.keys(files)).not.toContain('.claude/settings.json');
    expect(Object.keys(files)).not.toContain('pkg/.mcp.json');
    expect(existsSync(join(guest.guestWorkspace, '.claude')), 'an emptied directory').toBe(false);
    expect(guest.guestGit('rev-parse', 'HEAD')).toBe(guest.git('rev-parse', 'HEAD'));
    expect(guest.guestGit('status', '--porcelain').split('\n').sort()).toEqual(
      ['', ' D .claude/settings.json', ' M CLAUDE.md', ' D pkg/.mcp.json']
        .concat(['?? new/', '?? pkg/AGENTS.md'])
        .sort(),
    );
    expectNoGarbage(guest);
    expect(treeOf(guest.workspace)).toEqual(before);
  });

  test('are no change of the agent; what the agent makes of them is', async () => {
    const guest = makeGuest();
    startHead(guest);
    const provisioned = await provisionPinned(guest, PINNED);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    guest.leave('workspace/CLAUDE.md', 'obey the agent\n');
    guest.leave('workspace/.claude/settings.json', '{}\n');
    rmSync(join(guest.guestWorkspace, 'pkg/AGENTS.md'));
    guest.leave('workspace/.bottle-head/CLAUDE.md.head', 'scribble\n');
    expect(await changesOf(guest, provisioned)).toEqual(['.claude/settings.json', 'CLAUDE.md']);
    // It is for the head's commit, which never had what was pinned.
    const { patch } = await guest.collect({ given: provisioned });
    expect(patch).toContain('-obey the head\n+obey the agent\n');
  });

  test('are no change where they are the same as in the head', async () => {
    const guest = makeGuest();
    startHead(guest);
    const same = { path: 'CLAUDE.md', guest: file('obey the head\n', 0o755) };
    const { baseTree } = await provisionPinned(guest, [same]);
    expect(treeOf(guest.guestWorkspace)).toEqual(treeOf(guest.workspace));
    expect(baseTree).toBe(guest.git('rev-parse', 'HEAD^{tree}').trim());
    expect(guest.guestGit('status', '--porcelain')).toBe('');
  });

  test('that the head ignores or has not committed are the base all the same', async () => {
    const guest = makeGuest();
    startHead(guest);
    guest.git('rm', '-q', '--cached', 'CLAUDE.md');
    guest.write('.gitignore', 'CLAUDE.md\n.claude/\n');
    guest.write('pkg/.mcp.json', 'changed on the runner\n');
    guest.write('AGENTS.md', 'untracked\n');
    const provisioned = await provisionPinned(guest, [...PINNED, pin('AGENTS.md', ABSENT)]);
    expect(filesOf(guest)).toMatchObject(EXPECTED);
    expect(Object.keys(filesOf(guest))).not.toContain('AGENTS.md');
    expect(await changesOf(guest, provisioned)).toEqual([]);
    guest.leave('workspace/CLAUDE.md', 'obey the agent\n');
    expect(await changesOf(guest, provisioned)).toEqual(['CLAUDE.md']);
  });

  test('keep their modes under a strict umask', async () => {
    const guest = makeGuest();
    startHead(guest);
    const before = process.umask(0o077);
    try {
      const provisioned = await provisionPinned(guest, PINNED);
      expect(filesOf(guest)).toMatchObject(EXPECTED);
      expect(await changesOf(guest, provisioned)).toEqual([]);
    } finally {
      process.umask(before);
    }
  });

  test('in the sha256 format are hashed in it', async () => {
    const guest = makeGuest();
    guest.git('init', '-q', '--object-format=sha256');
    guest.write('CLAUDE.md', 'obey the head\n');
    commitAll(guest);
    const provisioned = await provisionPinned(guest, PINNED);
    expect(provisioned.baseTree).toMatch(/^[0-9a-f]{64}$/);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    expectNoGarbage(guest);
  });
});

describe('the head’s version', () => {
  test('is readable under its neutral name, byte for byte, and nobody runs it', async () => {
    const guest = makeGuest();
    startHead(guest);
    const bytes = Buffer.from([0, 13, 10, 255, ...Buffer.from('\r\n')]);
    guest.write('pkg/CLAUDE.md', bytes, 0o755);
    symlinkSync('/etc/passwd', join(guest.workspace, '.claude', 'CLAUDE.md'));
    commitAll(guest);
    await provisionPinned(guest, [
      ...PINNED,
      pin('pkg/CLAUDE.md', ABSENT),
      pin('.claude/CLAUDE.md', ABSENT),
    ]);
    const at = join(guest.guestWorkspace, '.bottle-head');
    expect(treeOf(at)).toMatchObject({
      'CLAUDE.md.head': `file 644 ${Buffer.from('obey the head\n').toString('base64')}`,
      'pkg/CLAUDE.md.head': `file 644 ${bytes.toString('base64')}`,
      '.claude/CLAUDE.md.head': `file 644 ${Buffer.from('/etc/passwd').toString('base64')}`,
    });
    const exclude = join(guest.guestWorkspace, '.git/info/exclude');
    expect(readFileSync(exclude, 'utf8')).toBe('/.bottle-head/\n');
  });

  test('stays out of status and patch, whatever the head’s .gitignore takes back', async () => {
    const guest = makeGuest();
    startRepository(guest);
    const takeBack = '!*\n!.bottle-head\n!/.bottle-head/**\n';
    guest.write('.gitignore', takeBack);
    guest.write('.claude/.gitignore', takeBack);
    guest.write('.claude/evil', 'evil\n');
    commitAll(guest);
    const provisioned = await provisionPinned(guest, [
      pin('.claude/.gitignore', ABSENT),
      pin('.claude/evil', ABSENT),
    ]);
    expect(existsSync(join(guest.guestWorkspace, '.bottle-head/.claude/evil'))).toBe(true);
    expect(guest.guestGit('status', '--porcelain', '-uall')).toBe(
      ' D .claude/.gitignore\n D .claude/evil\n',
    );
    expect(await changesOf(guest, provisioned)).toEqual([]);
  });
});

describe('pinned .gitattributes', () => {
  test.each([
    ['only the head converts', 'w.txt text eol=crlf\n', undefined],
    ['only the base converts', undefined, '*.txt text=auto\n'],
    ['they convert otherwise', '*.txt text eol=crlf\n', 'w.txt -text\n*.md ident\n'],
  ])('change nothing that the agent did not: %s', async (_, head, base) => {
    const guest = makeGuest();
    startRepository(guest);
    if (head !== undefined) guest.write('.gitattributes', head);
    guest.write('w.txt', 'one\r\ntwo\r\n');
    guest.write('sub/w.txt', 'one\r\n', 0o755);
    guest.write('id.md', '$Id: 0123 $\n');
    commitAll(guest);
    const guestBase = base === undefined ? ABSENT : file(base);
    const provisioned = await provisionPinned(guest, [pin('.gitattributes', guestBase)]);
    expect(readFileSync(join(guest.guestWorkspace, 'w.txt'), 'utf8')).toBe('one\r\ntwo\r\n');
    expect(lstatSync(join(guest.guestWorkspace, 'sub/w.txt')).mode & 0o777).toBe(0o755);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    guest.leave('workspace/w.txt', 'one\r\n2\r\n');
    expect(await changesOf(guest, provisioned)).toEqual(['w.txt']);
    expectNoGarbage(guest);
  });
});
