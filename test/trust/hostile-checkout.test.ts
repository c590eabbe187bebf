/** A checkout that somebody prepared: nothing that it configures is carried out or believed. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gitFiles } from '../../src/trust/git-files.ts';
import { fileServer, type GitScene, makeGitScene } from './git-scene.ts';

const MANIFEST = 'bot-bottle.yml';

const text = async (scene: GitScene, sha: string) => {
  const { repository } = await scene.open(fileServer(scene));
  await repository.ensureCommit(sha);
  await repository.resolve('main');
  await repository.listTree(sha);
  await repository.listHead();
  const bytes = await gitFiles(repository, sha).read(MANIFEST);
  return Buffer.from(bytes ?? []).toString();
};

/** Two commits, the second one checked out alone. */
function makeScene() {
  const scene = makeGitScene();
  const base = scene.commit({ [MANIFEST]: 'trusted' });
  const head = scene.commit({ [MANIFEST]: 'head', '.gitattributes': '* filter=evil diff=evil' });
  return { scene, base, head };
}

test('no command of a configuration, a hook or an attribute runs', async () => {
  const { scene, base } = makeScene();
  scene.clone('--depth=1');
  const canary = join(scene.root, 'canary');
  const script = join(scene.root, 'evil.sh');
  writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${canary}\nexit 1\n`);
  chmodSync(script, 0o755);
  for (const key of [
    ...['core.fsmonitor', 'core.sshCommand', 'core.askPass', 'core.editor', 'core.pager'],
    ...['core.gitProxy', 'core.alternateRefsCommand', 'credential.helper', 'diff.external'],
    ...['filter.evil.smudge', 'filter.evil.clean', 'filter.evil.process', 'diff.evil.textconv'],
    ...['uploadpack.packObjectsHook', 'remote.origin.uploadpack', 'gc.recentObjectsHook'],
    ...['alias.rev-parse', 'alias.fetch', 'alias.cat-file', 'alias.ls-files'],
  ]) {
    scene.git('config', key, key.startsWith('alias') ? `!${script}` : script);
  }
  scene.git('config', 'core.hooksPath', join(scene.root, 'hooks'));
  const hooks = [join(scene.root, 'hooks'), join(scene.checkout, '.git', 'hooks')];
  for (const hook of [
    'reference-transaction',
    'post-index-change',
    'post-checkout',
    'pre-auto-gc',
  ]) {
    for (const directory of hooks) {
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, hook), `#!/bin/sh\necho ${hook} >> ${canary}\n`, {
        mode: 0o755,
      });
    }
  }
  // The runner's user may have configured as much.
  writeFileSync(join(scene.root, '.gitconfig'), `[core]\n\tfsmonitor = ${script}\n`);
  expect(await text(scene, base)).toBe('trusted');
  expect(existsSync(canary)).toBe(false);
});

test('the canary sings when git is asked without care', () => {
  const { scene } = makeScene();
  scene.clone();
  const canary = join(scene.root, 'canary');
  const script = join(scene.root, 'evil.sh');
  writeFileSync(script, `#!/bin/sh\necho sung >> ${canary}\n`, { mode: 0o755 });
  scene.git('config', 'core.fsmonitor', script);
  scene.git('status');
  expect(existsSync(canary)).toBe(true);
});

test('replace refs and grafts are not believed', async () => {
  const { scene, base, head } = makeScene();
  scene.clone();
  scene.git('replace', base, head);
  const blob = (sha: string) =>
    scene.git('--no-replace-objects', 'rev-parse', `${sha}:${MANIFEST}`);
  scene.git('replace', blob(base).trim(), blob(head).trim());
  writeFileSync(join(scene.checkout, '.git', 'info', 'grafts'), `${base}\n`);
  expect(scene.git('show', `${base}:${MANIFEST}`)).toBe('head');
  expect(await text(scene, base)).toBe('trusted');
});

test('refs with the name of a commit are not believed', async () => {
  const { scene, base, head } = makeScene();
  scene.clone();
  for (const ref of [`refs/heads/${base}`, `refs/tags/${base}`]) scene.git('update-ref', ref, head);
  expect(await text(scene, base)).toBe('trusted');
});

test('a work tree, a proxy or a check that is configured there does not count', async () => {
  const { scene, base } = makeScene();
  scene.clone('--depth=1');
  scene.git('config', 'core.worktree', scene.root);
  scene.git('config', 'http.proxy', 'http://127.0.0.1:1');
  scene.git('config', 'fetch.fsckObjects', 'true');
  scene.git('config', 'transfer.credentialsInUrl', 'die');
  expect(await text(scene, base)).toBe('trusted');
});

test('a path with colons, quotes, spaces and backslashes is no other path', async () => {
  const scene = makeGitScene();
  const base = scene.commit({ [MANIFEST]: 'trusted' });
  scene.clone('--depth=1');
  const odd = `${scene.root}/a:b "c" \\d`;
  scene.gitIn(scene.root, 'clone', '-q', '-b', 'main', `file://${scene.upstream}`, odd);
  const { repository } = await scene.open(fileServer(scene), '', odd);
  const bytes = await gitFiles(repository, base).read(MANIFEST);
  expect(Buffer.from(bytes ?? []).toString()).toBe('trusted');
});
