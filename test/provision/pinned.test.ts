/** Agent configuration in the guest is the trusted commit's, and no change of the agent's. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Guest, makeGuest, pathWith } from '../outputs/guest-scene.ts';
import { ABSENT, changesOf, file, link, pin, provisionPinned } from './pin.ts';
import { commitAll, startRepository } from './repository.ts';
import { treeOf } from './tree.ts';

/** A checkout whose head configures the agent. */
function startHead(guest: Guest): void {
  startRepository(guest);
  guest.write('CLAUDE.md', 'obey the head\n', 0o755);
  guest.write('.claude/settings.json', '{"hooks": "evil"}\n');
  guest.write('pkg/.mcp.json', '{}\n');
  guest.write('pkg/index.ts', 'export {};\n');
  commitAll(guest);
}

const PINNED = [
  pin('CLAUDE.md', file('obey the base\n')),
  pin('.claude/settings.json', ABSENT),
  pin('pkg/.mcp.json', ABSENT),
  { path: 'pkg/AGENTS.md', guest: link('../CLAUDE.md') },
  { path: 'new/.husky/pre-commit', guest: file('#!/bin/sh\n', 0o755) },
];

/** What of the head stays, and what the pins make of the rest. */
const EXPECTED = {
  'CLAUDE.md': `file 644 ${Buffer.from('obey the base\n').toString('base64')}`,
  'new/.husky/pre-commit': `file 755 ${Buffer.from('#!/bin/sh\n').toString('base64')}`,
  'pkg/AGENTS.md': 'link to ../CLAUDE.md',
  'pkg/index.ts': expect.stringContaining('file 644'),
  'README.md': expect.stringContaining('file 644'),
};

/** The guest's files, without directories and what is beside. */
function filesOf(guest: Guest): Record<string, string> {
  const files = Object.entries(treeOf(guest.guestWorkspace)).filter(
    ([path, what]) => !what.startsWith('directory') && !path.startsWith('.bottle-head'),
  );
  return Object.fromEntries(files);
}

function expectNoGarbage(guest: Guest): void {
  const said = guest.guestGit('fsck', '--strict', '--full').trim().split('\n');
  expect(said.filter((line) => !/^(dangling tree [0-9a-f]+)?$/.test(line))).toEqual([]);
  expect(readdirSync(guest.scratch)).toEqual([]);
}

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
    expect(await changesOf(guest, provisioned)).toEqual([
      '.claude/settings.json',
      'CLAUDE.md',
      'pkg/AGENTS.md',
    ]);
    const { patch } = await guest.collect({ baseTree: provisioned.baseTree });
    expect(patch).toContain('-obey the base\n+obey the agent\n');
  });

  test('are no change where they are the same as in the head', async () => {
    const guest = makeGuest();
    startHead(guest);
    const { baseTree } = await provisionPinned(guest, [
      pin('CLAUDE.md', file('obey the head\n', 0o755)),
    ]);
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
    const exclude = ['CLAUDE.md', '.claude', 'file', '**/AGENTS.md'];
    const provisioned = await provisionPinned(guest, pinned, { exclude });
    expect(filesOf(guest)).toMatchObject({ ...EXPECTED, 'file/CLAUDE.md': expect.anything() });
    expect(Object.keys(treeOf(join(guest.guestWorkspace, '.bottle-head')))).toEqual([
      '.gitignore',
      'pkg',
      'pkg/.mcp.json',
    ]);
    expect(await changesOf(guest, provisioned)).toEqual([]);
    guest.leave('workspace/CLAUDE.md', 'obey the agent\n');
    expect(await changesOf(guest, provisioned)).toEqual(['CLAUDE.md']);
  });
});
