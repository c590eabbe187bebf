/** A checkout is data that others wrote: nothing of it runs, leads out or leaks. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitAll, startRepository } from './repository.ts';
import { makeScene, type Scene } from './scene.ts';

const SECRET = 'c2VjcmV0LWNhbmFyeS10b2tlbg';

/** Every byte, mode and time below a directory. */
function everythingOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(root, name);
      const { mode, mtimeMs, ctimeMs, size } = lstatSync(path);
      const content = lstatSync(path).isFile() ? readFileSync(path, 'base64') : '';
      return [name, mode, mtimeMs, lstatSync(path).isFile() ? ctimeMs : 0, size, content].join(' ');
    });
}

/** A command that leaves a file behind when anything runs it. */
function makeCanary(scene: Scene): { command: string; sang: () => boolean } {
  const [command, trace] = [join(scene.root, 'canary'), join(scene.root, 'canary-sang')];
  writeFileSync(command, `#!/bin/sh\necho "$0 $*" >> '${trace}'\ncat\n`, { mode: 0o755 });
  return { command, sang: () => existsSync(trace) };
}

/** Sets everything in a repository's own configuration that makes git run a command. */
function armConfiguration(scene: Scene, command: string): void {
  const settings = {
    'core.fsmonitor': command,
    'core.sshCommand': command,
    'core.pager': command,
    'core.editor': command,
    'core.gitProxy': command,
    'core.askPass': command,
    'pager.ls-files': command,
    'credential.helper': `!${command}`,
    'filter.evil.clean': command,
    'filter.evil.smudge': command,
    'filter.evil.process': command,
    'filter.evil.required': 'true',
    'diff.external': command,
    'diff.evil.textconv': command,
    'diff.evil.command': command,
    'merge.evil.driver': command,
    'gpg.program': command,
    'uploadpack.packObjectsHook': command,
    'alias.ls-files': `!${command}`,
    'extensions.partialClone': 'origin',
    'remote.origin.url': `ext::${command} %S`,
    'remote.origin.promisor': 'true',
    'protocol.ext.allow': 'always',
  };
  for (const [key, value] of Object.entries(settings)) scene.git('config', key, value);
  mkdirSync(join(scene.workspace, '.git', 'hooks'), { recursive: true });
  for (const hook of [
    'post-index-change',
    'pre-commit',
    'post-checkout',
    'reference-transaction',
  ]) {
    writeFileSync(join(scene.workspace, '.git', 'hooks', hook), `#!/bin/sh\n${command}\n`);
    chmodSync(join(scene.workspace, '.git', 'hooks', hook), 0o755);
  }
}

test('no command in the configuration, the attributes or the hooks of a checkout runs', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.write('.gitattributes', '* filter=evil diff=evil merge=evil\n');
  scene.write('data.bin', 'one\n');
  commitAll(scene);
  const canary = makeCanary(scene);
  armConfiguration(scene, canary.command);
  scene.write('data.bin', 'two\n');
  scene.write('new.bin', 'new\n');
  const { baseTree } = await scene.provision();
  expect(canary.sang()).toBe(false);
  // The same configuration is not harmless: git itself obeys it, and fails over it.
  expect(() => scene.git('status')).toThrow('canary');
  expect(canary.sang()).toBe(true);
  expect(scene.guestGit('cat-file', 'blob', `${baseTree}:new.bin`)).toBe('new\n');
  expect(readFileSync(join(scene.guestWorkspace, 'data.bin'), 'utf8')).toBe('two\n');
});

test('nothing in a submodule or a repository inside runs', async () => {
  const scene = makeScene();
  startRepository(scene);
  const other = join(scene.root, 'runner', 'other');
  scene.git('clone', '-q', scene.workspace, other);
  scene.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'sub');
  commitAll(scene);
  scene.git('clone', '-q', other, 'nested');
  const canary = makeCanary(scene);
  for (const inner of ['sub', 'nested']) {
    scene.git('-C', inner, 'config', 'core.fsmonitor', canary.command);
    scene.write(`${inner}/README.md`, 'changed\n');
  }
  await scene.provision();
  expect(canary.sang()).toBe(false);
});

test('no remote, credential, hook or setting of the checkout is in the guest', async () => {
  const scene = makeScene();
  startRepository(scene);
  const included = join(scene.root, 'runner', 'git-credentials.config');
  writeFileSync(included, `[http "https://github.com/"]\n\textraheader = Basic ${SECRET}\n`);
  for (const [key, value] of [
    ['http.https://github.com/.extraheader', `AUTHORIZATION: basic ${SECRET}`],
    ['remote.origin.url', `https://x-access-token:${SECRET}@github.com/o/r`],
    [`includeIf.gitdir:${scene.workspace}/.git.path`, included],
    ['include.path', included],
    ['core.sshCommand', `ssh -i ${SECRET}`],
    ['user.name', SECRET],
    ['branch.main.remote', 'origin'],
  ] as const) {
    scene.git('config', key, value);
  }
  writeFileSync(join(scene.workspace, '.git', 'hooks', 'pre-push'), SECRET);
  writeFileSync(join(scene.workspace, '.git', 'FETCH_HEAD'), SECRET);
  scene.git('update-ref', 'refs/remotes/origin/private', 'HEAD');
  await scene.provision();

  const git = join(scene.guestWorkspace, '.git');
  const files = readdirSync(git, { recursive: true, encoding: 'utf8' });
  for (const name of files.filter((name) => lstatSync(join(git, name)).isFile())) {
    expect(readFileSync(join(git, name), 'latin1'), name).not.toContain(SECRET);
  }
  expect(files.filter((name) => !name.includes('/')).sort()).toEqual(
    ['HEAD', 'config', 'index', 'objects', 'packed-refs', 'refs'].sort(),
  );
  expect(scene.guestGit('config', '--local', '--list').trim().split('\n').sort()).toEqual([
    'core.bare=false',
    'core.checkstat=minimal',
    'core.filemode=true',
    'core.logallrefupdates=true',
    'core.repositoryformatversion=0',
  ]);
  expect(scene.guestGit('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\n');
  expect(scene.guestGit('remote')).toBe('');
});

test('objects that HEAD does not reach stay on the runner', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.git('checkout', '-qb', 'private');
  scene.write('private.txt', SECRET);
  commitAll(scene);
  const hidden = scene.git('rev-parse', 'HEAD').trim();
  scene.git('checkout', '-q', 'main');
  scene.git('gc', '-q');
  await scene.provision();
  expect(() => scene.guestGit('cat-file', '-e', hidden)).toThrow();
  expect(() => scene.guestGit('cat-file', '-e', `${hidden}:private.txt`)).toThrow();
});

test('the checkout on the runner is not written to', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.write('README.md', 'changed\n');
  scene.write('new.txt', 'new\n');
  const before = everythingOf(scene.workspace);
  await scene.provision();
  expect(everythingOf(scene.workspace)).toEqual(before);
  expect(readdirSync(scene.scratch)).toEqual([expect.stringMatching(/-base\.git$/)]);
});

test('links are copied as links, and no file is read through one', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.write('folder/passwd', 'ours\n');
  commitAll(scene);
  symlinkSync('/etc/passwd', join(scene.workspace, 'absolute'));
  symlinkSync('../../../../../../etc', join(scene.workspace, 'upwards'));
  renameSync(join(scene.workspace, 'folder'), join(scene.root, 'moved'));
  symlinkSync('/etc', join(scene.workspace, 'folder'));
  const { files } = await scene.provision();
  expect(files).toBe(3);
  expect(readlinkSync(join(scene.guestWorkspace, 'absolute'))).toBe('/etc/passwd');
  expect(readlinkSync(join(scene.guestWorkspace, 'upwards'))).toBe('../../../../../../etc');
  expect(readlinkSync(join(scene.guestWorkspace, 'folder'))).toBe('/etc');
  expect(scene.guestGit('status', '--porcelain', '--no-renames').split('\n').sort()).toEqual(
    ['', ' D folder/passwd', '?? absolute', '?? folder', '?? upwards'].sort(),
  );
});

test.skipIf(process.getuid?.() !== 0)('a checkout that another user owns is read', async () => {
  const scene = makeScene();
  startRepository(scene);
  execFileSync('chown', ['-R', '1001:1001', scene.workspace]);
  await scene.provision();
  expect(scene.guestGit('status', '--porcelain')).toBe('');
});

test('a checkout whose objects are broken is an error that says so', async () => {
  const scene = makeScene();
  startRepository(scene);
  scene.write('README.md', 'second\n');
  commitAll(scene);
  const blob = scene.git('rev-parse', 'HEAD~:README.md').trim();
  rmSync(join(scene.workspace, '.git/objects', blob.slice(0, 2), blob.slice(2)));
  await expect(scene.provision()).rejects.toMatchObject({
    outcome: 'provision-failed',
    what: expect.stringMatching(
      /^git pack-objects on the runner ended with exit code 128: .*unable to read/,
    ),
    where: scene.workspace,
  });
  expect(readdirSync(scene.scratch)).toEqual([]);
});

test('a checkout whose .git is broken is an error, not a folder', async () => {
  const scene = makeScene();
  startRepository(scene);
  writeFileSync(join(scene.workspace, '.git/config'), '[core\n');
  await expect(scene.provision()).rejects.toMatchObject({ outcome: 'provision-failed' });
});
