import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { addSubmodule, commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';
import { treeOf } from './tree.ts';

describe('a clean checkout', () => {
  test('arrives as it is, with its history, and git says that it is clean', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('README.md', 'hello again\n');
    commitAll(scene, 'second');
    const provisioned = await scene.provision();
    expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
    expect(scene.guestGit('status', '--porcelain', '--branch')).toBe('## main\n');
    expect(scene.guestGit('log', '--format=%s')).toBe('second\nwork\n');
    expect(scene.guestGit('fsck', '--strict', '--full')).toBe('');
    expect(provisioned).toMatchObject({
      baseCommit: scene.git('rev-parse', 'HEAD').trim(),
      baseTree: scene.git('rev-parse', 'HEAD^{tree}').trim(),
      files: 3,
      bytes: 'hello again\n'.length + '#!/bin/sh\n'.length + 'ignored/\n*.log\n'.length,
      notices: [],
    });
  });

  test('needs no reading of files for git status', async () => {
    const scene = makeScene();
    startRepository(scene);
    await scene.provision();
    // Same size, other content, the time put back: only a look at the content could tell.
    const file = join(scene.guestWorkspace, 'README.md');
    const { mtime, atime } = lstatSync(file);
    writeFileSync(file, 'HELLO\n');
    utimesSync(file, atime, mtime);
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    expect(scene.guestGit('diff-files', '--name-only')).toBe('');
  });

  test('shows a change of the same size that is made at once', async () => {
    const scene = makeScene();
    startRepository(scene);
    await scene.provision();
    writeFileSync(join(scene.guestWorkspace, 'README.md'), 'HELLO\n');
    expect(scene.guestGit('status', '--porcelain')).toBe(' M README.md\n');
  });

  test('can be committed to by the agent, as the person that the plan names', async () => {
    const scene = makeScene();
    startRepository(scene);
    await scene.provision({ gitUser: { name: 'O"Brien \\ Ünï', email: 'ob@example.com' } });
    writeFileSync(join(scene.guestWorkspace, 'new.txt'), 'new\n');
    scene.guestGit('add', '--all');
    scene.guestGit('commit', '-qm', 'by the agent');
    expect(scene.guestGit('log', '-1', '--format=%an <%ae> %s')).toBe(
      'O"Brien \\ Ünï <ob@example.com> by the agent\n',
    );
    expect(scene.guestGit('fsck', '--strict')).toBe('');
  });

  test('with a detached HEAD stays detached', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.git('checkout', '-q', '--detach');
    await scene.provision();
    expect(scene.guestGit('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD\n');
    expect(scene.guestGit('status', '--porcelain')).toBe('');
  });

  test('of one commit, without its parents, is shallow in the guest too', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('README.md', 'two\n');
    commitAll(scene, 'second');
    const shallow = join(scene.root, 'runner', 'shallow');
    scene.git('clone', '-q', '--depth=1', `file://${scene.workspace}`, shallow);
    const plan = scene.plan().provision.workspace;
    await scene.provision({ workspace: { ...plan, from: shallow } });
    expect(scene.guestGit('log', '--format=%s')).toBe('second\n');
    expect(scene.guestGit('rev-parse', '--is-shallow-repository')).toBe('true\n');
    expect(scene.guestGit('fsck', '--full')).toBe('');
    expect(scene.guestGit('status', '--porcelain')).toBe('');
  });

  test('fetched into one pack hands that pack on; one with more in its pack does not', async () => {
    const scene = makeScene();
    startRepository(scene);
    const clone = join(scene.root, 'runner', 'clone');
    scene.git('clone', '-q', '--no-local', scene.workspace, clone);
    const packsOf = (root: string) => readdirSync(join(root, '.git/objects/pack')).sort();
    const workspace = { ...scene.plan().provision.workspace, from: clone };
    await scene.provision({ workspace });
    expect(packsOf(scene.guestWorkspace)).toEqual(packsOf(clone));

    scene.git('-C', clone, 'checkout', '-q', '--orphan', 'other');
    scene.git('-C', clone, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'other');
    scene.git('-C', clone, 'repack', '-qad');
    rmSync(scene.guestWorkspace, { recursive: true });
    await scene.provision({ workspace });
    expect(packsOf(scene.guestWorkspace)).not.toEqual(packsOf(clone));
    expect(scene.guestGit('fsck', '--full')).toBe('');
  });

  test('in the sha256 format is rebuilt in it', async () => {
    const scene = makeScene();
    scene.git('init', '-q', '--object-format=sha256');
    scene.write('a', 'a\n');
    commitAll(scene);
    scene.write('a', 'b\n');
    const { baseTree } = await scene.provision();
    expect(baseTree).toMatch(/^[0-9a-f]{64}$/);
    expect(scene.guestGit('fsck', '--full')).toContain(`dangling tree ${baseTree}`);
    expect(scene.guestGit('status', '--porcelain')).toBe(' M a\n');
  });

  test('with line endings that git converts is clean', async () => {
    const scene = makeScene();
    scene.git('init', '-q');
    scene.write('.gitattributes', '*.txt text eol=crlf\n');
    scene.write('a.txt', 'one\r\ntwo\r\n');
    commitAll(scene);
    const { baseTree } = await scene.provision();
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    expect(baseTree).toBe(scene.git('rev-parse', 'HEAD^{tree}').trim());
    expect(readFileSync(join(scene.guestWorkspace, 'a.txt'), 'utf8')).toBe('one\r\ntwo\r\n');
  });
});

describe('a dirty checkout', () => {
  test('is the base: what differs is no change of the agent', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('gone.txt', 'x\n');
    scene.write('was-file', 'x\n');
    commitAll(scene);
    scene.write('README.md', 'modified\n');
    scene.write('untracked/new.txt', 'new\n');
    scene.write('staged.txt', 'staged\n');
    scene.git('add', 'staged.txt');
    scene.write('ignored/secret.txt', 'ignored\n');
    chmodSync(join(scene.workspace, 'bin/run.sh'), 0o644);
    rmSync(join(scene.workspace, 'gone.txt'));
    rmSync(join(scene.workspace, 'was-file'));
    scene.write('was-file/now-directory', 'x\n');
    const { baseTree, baseCommit } = await scene.provision();

    rmSync(join(scene.workspace, 'ignored'), { recursive: true });
    expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
    expect(baseCommit).toBe(scene.git('rev-parse', 'HEAD').trim());
    expect(scene.guestGit('fsck', '--full').trim()).toBe(`dangling tree ${baseTree}`);
    const objects = scene.guestGit('cat-file', '--batch-all-objects', '--batch-check');
    const packed = objects.trim().split('\n').length;
    expect(scene.guestGit('count-objects', '-v'), 'no object twice').toContain(
      `in-pack: ${packed}\n`,
    );
    scene.guestGit('add', '--all');
    expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
    expect(
      scene
        .guestGit('diff', '--cached', '--no-renames', '--name-status', 'HEAD')
        .split('\n')
        .sort(),
    ).toEqual(
      ['', 'A\tstaged.txt', 'A\tuntracked/new.txt', 'A\twas-file/now-directory', 'D\tgone.txt']
        .concat(['D\twas-file', 'M\tREADME.md', 'M\tbin/run.sh'])
        .sort(),
    );
  });

  test('with an unresolved merge is taken as the files are', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.git('checkout', '-qb', 'other');
    scene.write('README.md', 'theirs\n');
    commitAll(scene);
    scene.git('checkout', '-q', 'main');
    scene.write('README.md', 'ours\n');
    commitAll(scene);
    expect(() =>
      scene.git('-c', 'user.name=a', '-c', 'user.email=a@b', 'merge', 'other'),
    ).toThrow();
    const { baseTree } = await scene.provision();
    scene.guestGit('add', '--all');
    expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
    expect(readFileSync(join(scene.guestWorkspace, 'README.md'), 'utf8')).toContain('<<<<<<<');
  });

  test('with a file that is only announced to git is taken as the files are', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('announced.txt', 'later\n');
    scene.git('add', '--intent-to-add', 'announced.txt');
    const { baseTree } = await scene.provision();
    expect(scene.guestGit('status', '--porcelain')).toBe('?? announced.txt\n');
    scene.guestGit('add', '--all');
    expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
  });

  test('with a change in the second of the checkout, and of the same size, is seen', async () => {
    const scene = makeScene();
    const untilNextSecond = async () => {
      const second = Math.floor(Date.now() / 1000);
      await vi.waitUntil(() => Date.now() >= (second + 1) * 1000, { interval: 5, timeout: 2000 });
    };
    await untilNextSecond();
    startRepository(scene);
    writeFileSync(join(scene.workspace, 'README.md'), 'HELLO\n');
    await untilNextSecond();
    const { baseTree } = await scene.provision();
    expect(scene.guestGit('cat-file', 'blob', `${baseTree}:README.md`)).toBe('HELLO\n');
    expect(scene.guestGit('status', '--porcelain')).toBe(' M README.md\n');
  });

  test('whose index is split is read', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.git('update-index', '--split-index');
    await scene.provision();
    expect(scene.guestGit('status', '--porcelain')).toBe('');
  });
});

describe('what stays out', () => {
  test('excluded files are not copied, and are no deletions', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('docs/deep/a.md', 'a\n');
    commitAll(scene);
    scene.write('untracked.tmp', 'x\n');
    const { from, to } = scene.plan().provision.workspace;
    const exclude = ['docs', '**/*.tmp'];
    const workspace = { from, to, exclude, pinned: [] };
    const { baseTree, notices } = await scene.provision({ workspace });
    expect(existsSync(join(scene.guestWorkspace, 'docs'))).toBe(false);
    expect(existsSync(join(scene.guestWorkspace, 'untracked.tmp'))).toBe(false);
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    scene.guestGit('add', '--all');
    expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
    expect(notices).toEqual([
      'Excluded from the work tree, though still in the history: docs/deep/a.md.',
    ]);
  });

  test('what .git/info/exclude ignores is not copied', async () => {
    const scene = makeScene();
    startRepository(scene);
    writeFileSync(join(scene.workspace, '.git/info/exclude'), '*.local\n');
    scene.write('mine.local', 'x\n');
    await scene.provision();
    expect(existsSync(join(scene.guestWorkspace, 'mine.local'))).toBe(false);
  });

  test('a sparse checkout stays sparse', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('docs/a.md', 'a\n');
    scene.write('src/a.ts', 'a\n');
    commitAll(scene);
    scene.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'src');
    const { baseTree } = await scene.provision();
    expect(existsSync(join(scene.guestWorkspace, 'docs'))).toBe(false);
    expect(readFileSync(join(scene.guestWorkspace, 'src/a.ts'), 'utf8')).toBe('a\n');
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    expect(baseTree).toBe(scene.git('rev-parse', 'HEAD^{tree}').trim());
  });

  test('a submodule that is not there and a repository that is not tracked become empty directories', async () => {
    const scene = makeScene();
    startRepository(scene);
    addSubmodule(scene);
    scene.git('submodule', '--quiet', 'deinit', '-f', 'lib/sub');
    scene.git('clone', '-q', '.', 'nested');
    const { notices } = await scene.provision();
    expect(readdirSync(join(scene.guestWorkspace, 'lib/sub'))).toEqual([]);
    expect(readdirSync(join(scene.guestWorkspace, 'nested'))).toEqual([]);
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    expect(notices).toEqual([
      'Copied as an empty directory, because it is a submodule of its own: lib/sub.',
      'Copied as an empty directory, because it is a repository of its own: nested.',
    ]);
  });

  test('a FIFO and a socket are named in a notice and block nothing', async () => {
    const scene = makeScene();
    startRepository(scene);
    execFileSync('mkfifo', [join(scene.workspace, 'pipe')]);
    rmSync(join(scene.workspace, 'README.md'));
    execFileSync('mkfifo', [join(scene.workspace, 'README.md')]);
    const server = createServer().listen(join(scene.workspace, 'socket'));
    const { notices, files } = await scene.provision();
    server.close();
    expect(files).toBe(2);
    expect(existsSync(join(scene.guestWorkspace, 'README.md'))).toBe(false);
    expect(notices.join()).toContain('README.md');
  });

  test.skipIf(process.platform !== 'linux')(
    'a name that is not UTF-8 is named in a notice, and its file is no deletion',
    async () => {
      const scene = makeScene();
      startRepository(scene);
      writeFileSync(Buffer.from(`${scene.workspace}/caf\xe9`, 'latin1'), 'x\n');
      commitAll(scene);
      symlinkSync(Buffer.from('caf\xe9', 'latin1'), join(scene.workspace, 'odd-target'));
      const { notices, baseTree } = await scene.provision();
      expect(scene.guestGit('status', '--porcelain')).toBe('');
      expect(notices).toHaveLength(1);
      scene.guestGit('add', '--all');
      expect(scene.guestGit('write-tree').trim()).toBe(baseTree);
    },
  );
});

describe('a workspace without a history of its own', () => {
  test('that is no repository becomes one with one commit', async () => {
    const scene = makeScene();
    scene.write('a.txt', 'a\n');
    scene.write('sub/run', 'x\n', 0o755);
    scene.write('sub/.git/config', '[secret]\n');
    mkdirSync(join(scene.workspace, 'empty'));
    symlinkSync('/etc/passwd', join(scene.workspace, 'link'));
    const { baseTree, baseCommit } = await scene.provision();
    const copied = treeOf(scene.guestWorkspace);
    expect(Object.keys(copied)).toEqual(['a.txt', 'empty', 'link', 'sub', 'sub/run']);
    expect(copied).toMatchObject({ link: 'link to /etc/passwd', 'sub/run': 'file 755 eAo=' });
    expect(scene.guestGit('status', '--porcelain', '--branch')).toBe('## main\n');
    expect(scene.guestGit('rev-parse', 'HEAD', 'HEAD^{tree}')).toBe(`${baseCommit}\n${baseTree}\n`);
    expect(scene.guestGit('log', '--format=%an')).toBe('Bottle Agent\n');
    expect(scene.guestGit('fsck', '--strict', '--full')).toBe('');
  });

  test.each([
    ['has no commit yet', () => {}, 'no commit yet'],
    [
      'lacks objects that its remote has',
      (scene: Scene) => {
        commitAll(scene);
        scene.git('config', 'uploadpack.allowFilter', 'true');
        const origin = join(scene.root, 'runner', 'origin');
        scene.git('clone', '-q', '--bare', '.', origin);
        execFileSync('git', ['-C', origin, 'config', 'uploadpack.allowFilter', 'true']);
        scene.git('clone', '-q', '--filter=blob:none', `file://${origin}`, '../partial');
        rmSync(scene.workspace, { recursive: true });
        execFileSync('mv', [join(scene.root, 'runner', 'partial'), scene.workspace]);
        rmSync(origin, { recursive: true });
      },
      'partial clone',
    ],
  ] as const)('that %s starts with one commit', async (_, prepare, reason) => {
    const scene = makeScene();
    scene.git('init', '-q', '-b', 'trunk');
    scene.write('a.txt', 'a\n');
    prepare(scene);
    const { notices } = await scene.provision();
    expect(notices.join()).toContain(reason);
    expect(scene.guestGit('status', '--porcelain', '--branch')).toBe('## trunk\n');
    expect(scene.guestGit('log', '--format=%s')).toBe('The workspace as it was provisioned\n');
    expect(scene.guestGit('fsck', '--full')).toBe('');
  });

  test('that is a part of a repository holds that part, without what is ignored', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('packages/one/a.ts', 'a\n');
    scene.write('packages/one/debug.log', 'ignored\n');
    commitAll(scene);
    scene.write('packages/one/b.ts', 'b\n');
    const workspace = {
      ...scene.plan().provision.workspace,
      from: `${scene.workspace}/packages/one`,
    };
    const { notices } = await scene.provision({ workspace });
    expect(Object.keys(treeOf(scene.guestWorkspace))).toEqual(['a.ts', 'b.ts']);
    expect(scene.guestGit('status', '--porcelain')).toBe('');
    expect(notices.join()).toContain('part of a repository');
  });

  test('that a repository around it ignores is copied whole', async () => {
    const scene = makeScene();
    startRepository(scene);
    scene.write('ignored/a.txt', 'a\n');
    const workspace = { ...scene.plan().provision.workspace, from: `${scene.workspace}/ignored` };
    await scene.provision({ workspace });
    expect(Object.keys(treeOf(scene.guestWorkspace))).toEqual(['a.txt']);
  });

  test('is copied without one when the runner has no git', async () => {
    const scene = makeScene({ hasGit: false });
    startRepository(scene);
    const { baseTree, baseCommit, notices } = await scene.provision();
    expect([baseTree, baseCommit]).toEqual(['', '']);
    expect(existsSync(join(scene.guestWorkspace, '.git'))).toBe(false);
    expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
    expect(notices).toHaveLength(1);
  });
});

describe('a workspace that cannot be', () => {
  test.each([
    ['missing', 'ENOENT'],
    ['file', 'not a directory'],
    ['escape', 'outside'],
  ])('%s is refused', async (name, reason) => {
    const scene = makeScene();
    scene.write('file', 'x');
    symlinkSync('/etc', join(scene.workspace, 'escape'));
    const host = { ...scene.host, env: { ...scene.host.env, GITHUB_WORKSPACE: scene.workspace } };
    const { provision } = await import('../../src/provision/provision.ts');
    const from = join(scene.workspace, name);
    const plan = scene.plan({ workspace: { ...scene.plan().provision.workspace, from } });
    const failure = provision(host, scene.machine, plan, {
      scratch: scene.scratch,
      certificate: '',
    });
    await expect(failure).rejects.toMatchObject({ outcome: 'config-invalid', where: from });
    await expect(failure).rejects.toThrow(reason);
    expect(scene.machine.executed).toEqual([]);
    expect(readdirSync(scene.scratch)).toEqual([]);
  });
});
