/** What the agent did comes back as commits on the base, however it did it. */
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Guest, makeGuest } from '../outputs/guest-scene.ts';
import { withRepository } from '../outputs/repository-scene.ts';
import { commitAll, startRepository } from '../provision/repository.ts';
import { agentCommits, changeOf, fetchFrom, IDENTITY } from './scene.ts';

const subjectsOf = (change: { commits: readonly { subject: string }[] }) =>
  change.commits.map(({ subject }) => subject);

describe('work', () => {
  test('that was never done is no proposal', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/ignored.log', 'noise');
    const { proposal } = await guest.collect();
    expect(proposal).toEqual({ kind: 'none', notices: [] });
  });

  test('that was left uncommitted becomes one commit, by whom the plan names', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/kept.txt', 'changed\n');
    guest.leave('workspace/ignored.log', 'noise');
    rmSync(join(guest.guestWorkspace, 'gone.txt'));
    const change = changeOf(await guest.collect());
    expect(change.verdict).toBe('clean');
    expect(change.commits).toEqual([
      { sha: change.tip, subject: 'Work of the agent', author: 'Ada <ada@example.com>' },
    ]);
    const { files, git } = fetchFrom(guest, change);
    expect(files).toMatchObject({ 'kept.txt': 'changed\n' });
    expect(Object.keys(files)).not.toContain('gone.txt');
    expect(Object.keys(files)).not.toContain('ignored.log');
    expect(git('rev-parse', 'proposal^').trim()).toBe(change.base);
    expect(change.stat).toEqual([
      { path: 'gone.txt', added: 0, removed: 1 },
      { path: 'kept.txt', added: 1, removed: 2 },
    ]);
  });

  test('that was committed keeps its commits as they are', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/a', '1\n');
    agentCommits(guest, 'First\n\nBecause.');
    guest.leave('workspace/a', '2\n');
    const last = agentCommits(guest, 'Second');
    const change = changeOf(await guest.collect());
    expect(change.tip).toBe(last);
    expect(change.commits.map(({ author }) => author)).toEqual(
      Array(2).fill('Agent <agent@example.com>'),
    );
    expect(subjectsOf(change)).toEqual(['First', 'Second']);
    expect(fetchFrom(guest, change).files.a).toBe('2\n');
  });

  test('that was committed and gone on with has one commit more', async () => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/a', '1\n');
    const first = agentCommits(guest, 'First');
    guest.leave('workspace/b', '2\n');
    guest.guestGit('add', 'b');
    guest.leave('workspace/c', '3\n');
    const change = changeOf(await guest.collect());
    expect(subjectsOf(change)).toEqual(['First', 'Work of the agent']);
    const { files, git } = fetchFrom(guest, change);
    expect(files).toMatchObject({ a: '1\n', b: '2\n', c: '3\n' });
    expect(git('rev-parse', 'proposal^').trim()).toBe(first);
  });

  test.each<[string, (guest: Guest) => void, Record<string, string>]>([
    ['a binary file', (g) => g.leave('workspace/b', Buffer.from([0, 255, 10])), { b: '\0\xff\n' }],
    [
      'a rename',
      (g) => {
        g.guestGit('mv', 'kept.txt', 'moved.txt');
      },
      { 'moved.txt': 'one\ntwo\n' },
    ],
    [
      'a mode',
      (g) => g.leave('workspace/run.sh', '#!/bin/sh\n', 0o755),
      { 'run.sh': 'x #!/bin/sh\n' },
    ],
    [
      'a link',
      (g) => symlinkSync('kept.txt', join(g.guestWorkspace, 'link2')),
      { link2: '-> kept.txt' },
    ],
    [
      'a file in the place of a directory',
      (g) => {
        rmSync(join(g.guestWorkspace, 'bin'), { recursive: true });
        g.leave('workspace/bin', 'file\n');
      },
      { bin: 'file\n' },
    ],
    [
      'an ignored file that the agent added all the same',
      (g) => {
        g.leave('workspace/forced.log', 'kept\n');
        g.guestGit('add', '-f', 'forced.log');
      },
      { 'forced.log': 'kept\n' },
    ],
  ])('of any kind: %s', async (_name, work, expected) => {
    const guest = await withRepository(makeGuest());
    work(guest);
    const uncommitted = changeOf(await guest.collect());
    expect(fetchFrom(guest, uncommitted).files).toMatchObject(expected);
    rmSync(join(guest.root, 'fetched.git'), { recursive: true });
    agentCommits(guest, 'Committed');
    const committed = changeOf(await guest.collect());
    expect(subjectsOf(committed)).toEqual(['Committed']);
    expect(fetchFrom(guest, committed).files).toMatchObject(expected);
  });

  test('on a pointer of LFS leaves a pointer, for no filter runs', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('.gitattributes', '*.bin filter=lfs -text\n');
    guest.write('a.bin', 'version 1\n');
    commitAll(guest);
    await guest.begin();
    const ran = join(guest.root, 'ran');
    for (const step of ['clean', 'smudge', 'process']) {
      guest.guestGit('config', `filter.lfs.${step}`, `touch ${ran}; cat`);
    }
    guest.leave('workspace/a.bin', 'version 2\n');
    const change = changeOf(await guest.collect());
    expect(fetchFrom(guest, change).files['a.bin']).toBe('version 2\n');
    expect(existsSync(ran)).toBe(false);
  });

  test('on another branch, detached or in the middle of a merge is what HEAD is', async () => {
    const guest = await withRepository(makeGuest());
    guest.guestGit('checkout', '-qb', 'feature');
    guest.leave('workspace/kept.txt', 'feature\n');
    agentCommits(guest, 'On the feature');
    guest.guestGit('checkout', '-q', '--detach', 'HEAD~');
    guest.leave('workspace/kept.txt', 'detached\n');
    agentCommits(guest, 'Detached');
    const merge = () => guest.guestGit(...IDENTITY, 'merge', 'feature');
    expect(merge).toThrow();
    guest.leave('workspace/kept.txt', 'merging\n');
    const brought = await guest.collect();
    expect(subjectsOf(changeOf(brought))).toEqual(['Detached', 'Work of the agent']);
    expect(fetchFrom(guest, changeOf(brought)).files['kept.txt']).toBe('merging\n');
    expect(brought.notices).toEqual([
      'The guest said: the commits of the branch feature are not in HEAD, and stay behind',
    ]);
  });

  test('with merges and empty commits keeps them', async () => {
    const guest = await withRepository(makeGuest());
    guest.guestGit('checkout', '-qb', 'side');
    guest.leave('workspace/side', 's\n');
    agentCommits(guest, 'Side');
    guest.guestGit('checkout', '-q', '-');
    agentCommits(guest, 'Empty');
    guest.guestGit(...IDENTITY, 'merge', '-q', '--no-edit', 'side');
    const change = changeOf(await guest.collect());
    expect(subjectsOf(change).toSorted()).toEqual(['Empty', "Merge branch 'side'", 'Side']);
    expect(fetchFrom(guest, change).git('rev-list', '--merges', '--count', 'proposal')).toBe('1\n');
  });

  test('of nothing but an empty commit changes no file', async () => {
    const guest = await withRepository(makeGuest());
    agentCommits(guest, 'Empty');
    const change = changeOf(await guest.collect());
    expect(change).toMatchObject({ stat: [], patch: '', verdict: 'clean' });
    expect(subjectsOf(change)).toEqual(['Empty']);
    fetchFrom(guest, change);
  });

  test('on a submodule comes as a name, and blocked; a repository within stays behind', async () => {
    const guest = await withRepository(makeGuest());
    guest.guestGit('init', '-q', 'inner');
    guest.guestGit('-C', 'inner', ...IDENTITY, 'commit', '-qm', 'x', '--allow-empty');
    guest.leave('workspace/kept.txt', 'changed\n');
    const left = await guest.collect();
    expect(left.changedFiles).toEqual(['kept.txt']);
    expect(left.notices).toContain('Left out, because it is a repository of its own: inner');
    agentCommits(guest, 'With the repository');
    const change = changeOf(await guest.collect());
    expect(change.findings).toContainEqual(expect.objectContaining({ rule: 'submodule' }));
    expect(change).toMatchObject({ verdict: 'blocked', bundle: '' });
  });
});

describe('a history that was rewritten', () => {
  const LEFT =
    'The agent left the history that it began with, so its work comes back as one commit';
  const LOST =
    'The guest said: the repository has lost what it began with, so the whole workspace is sent';

  test.each<[string, string, (guest: Guest) => void]>([
    ['amended', LEFT, (g) => agentCommits(g, 'Amended', '--amend')],
    [
      'begun anew',
      LEFT,
      (g) => {
        g.guestGit('checkout', '-q', '--orphan', 'new');
        agentCommits(g, 'Root');
      },
    ],
    [
      'made in another repository',
      LOST,
      (g) => {
        rmSync(join(g.guestWorkspace, '.git'), { recursive: true });
        g.guestGit('init', '-q');
        agentCommits(g, 'Root');
      },
    ],
  ])('%s: comes back as one commit on the base', async (_name, notice, rewrite) => {
    const guest = await withRepository(makeGuest());
    guest.leave('workspace/new.txt', 'new\n');
    rewrite(guest);
    guest.leave('workspace/more.txt', 'more\n');
    const brought = await guest.collect();
    const change = changeOf(brought);
    expect(subjectsOf(change)).toEqual(['Work of the agent']);
    expect(brought.changedFiles).toEqual(['more.txt', 'new.txt']);
    expect(brought.notices.filter((said) => !said.includes('stay behind'))).toEqual([notice]);
    const { git, files } = fetchFrom(guest, change);
    expect(git('rev-parse', 'proposal^').trim()).toBe(change.base);
    expect(files).toMatchObject({ 'new.txt': 'new\n', 'kept.txt': 'one\ntwo\n' });
  });

  test('back to before the base: what that undid is undone', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('later.txt', 'later\n');
    commitAll(guest);
    await guest.begin();
    guest.guestGit('reset', '-q', '--hard', 'HEAD~');
    const change = changeOf(await guest.collect());
    expect(change.stat).toEqual([{ path: 'later.txt', added: 0, removed: 1 }]);
    expect(fetchFrom(guest, change).git('rev-parse', 'proposal^').trim()).toBe(change.base);
  });
});

describe('what the agent did not do', () => {
  test('is no part of it: changes of the runner, until they are edited or committed', async () => {
    const guest = makeGuest();
    startRepository(guest);
    for (const name of ['left', 'edited', 'committed']) guest.write(name, 'base\n');
    commitAll(guest);
    for (const name of ['left', 'edited', 'committed', 'untracked', 'untracked2']) {
      guest.write(name, 'runner\n');
    }
    rmSync(join(guest.workspace, 'README.md'));
    await guest.begin();
    expect((await guest.collect()).proposal.kind).toBe('none');
    guest.leave('workspace/edited', 'agent\n');
    guest.leave('workspace/untracked2', 'agent\n');
    guest.guestGit(...IDENTITY, 'commit', '-qm', 'One', 'committed');
    const change = changeOf(await guest.collect());
    expect(change.stat.map(({ path }) => path)).toEqual(['committed', 'edited', 'untracked2']);
    const { files } = fetchFrom(guest, change);
    expect(files).toMatchObject({ left: 'base\n', 'README.md': 'hello\n', edited: 'agent\n' });
    expect(Object.keys(files)).not.toContain('untracked');
  });

  test('withheld files are not deleted, also where .git was lost', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('secret/key', 'withheld\n');
    commitAll(guest);
    const { from, to } = guest.plan().provision.workspace;
    await guest.begin({ workspace: { from, to, exclude: ['secret'], pinned: [] } });
    guest.leave('workspace/new', 'x\n');
    rmSync(join(guest.guestWorkspace, '.git'), { recursive: true });
    const change = changeOf(await guest.collect());
    expect(change.stat.map(({ path }) => path)).toEqual(['new']);
    expect(fetchFrom(guest, change).files['secret/key']).toBe('withheld\n');
  });
});

describe('a checkout that', () => {
  test('is shallow: the bundle needs no more of the history than there is', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('second', 'x\n');
    commitAll(guest);
    const full = join(guest.root, 'full');
    renameSync(guest.workspace, full);
    mkdirSync(guest.workspace);
    guest.git('clone', '-q', '--depth=1', `file://${full}`, '.');
    await guest.begin();
    guest.leave('workspace/new', 'x\n');
    agentCommits(guest, 'New');
    const change = changeOf(await guest.collect());
    expect(subjectsOf(change)).toEqual(['New']);
    expect(change.stat).toEqual([{ path: 'new', added: 1, removed: 0 }]);
    fetchFrom(guest, change, full);
  });

  test('is sparse: what is not there is not deleted', async () => {
    const guest = makeGuest();
    startRepository(guest);
    guest.write('out/a', 'x\n');
    guest.write('in/a', 'x\n');
    commitAll(guest);
    guest.git('sparse-checkout', 'set', 'in');
    await guest.begin();
    guest.leave('workspace/in/b', 'x\n');
    const change = changeOf(await guest.collect());
    expect(change.stat.map(({ path }) => path)).toEqual(['in/b']);
    expect(fetchFrom(guest, change).files['out/a']).toBe('x\n');
  });

  test('is of the sha256 format', async () => {
    const guest = makeGuest();
    guest.git('init', '-q', '-b', 'main', '--object-format=sha256');
    guest.write('a', '1\n');
    commitAll(guest);
    await guest.begin();
    guest.leave('workspace/a', '2\n');
    agentCommits(guest, 'Two');
    guest.leave('workspace/b', '3\n');
    const change = changeOf(await guest.collect());
    expect(change.tip).toHaveLength(64);
    expect(subjectsOf(change)).toEqual(['Two', 'Work of the agent']);
    expect(change.verdict).toBe('clean');
  });

  test.each<[string, (guest: Guest) => string]>([
    [
      'is a part of a repository',
      (guest) => {
        startRepository(guest);
        guest.write('part/a', '1\n');
        commitAll(guest);
        return join(guest.workspace, 'part');
      },
    ],
    [
      'is no repository at all',
      (guest) => {
        guest.write('a', '1\n');
        return guest.workspace;
      },
    ],
  ])('%s: the change is on the first commit that it got', async (_name, make) => {
    const guest = makeGuest();
    const from = make(guest);
    const { to } = guest.plan().provision.workspace;
    await guest.begin({ workspace: { from, to, exclude: [], pinned: [] } });
    expect((await guest.collect()).proposal.kind).toBe('none');
    guest.leave('workspace/a', '2\n');
    agentCommits(guest, 'Two');
    const brought = await guest.collect();
    expect(subjectsOf(changeOf(brought))).toEqual(['Two']);
    expect(brought.patch).toContain('-1\n+2\n');
  });
});
