/** git on the runner ends: by itself, in time, or by us; and its answer is told from its silence. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { makeGit } from '../../src/provision/git-command.ts';
import { engineHost } from '../machine/engine-host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'git-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A git that does what `script` says. */
function gitThat(script: string, host: Host = engineHost()) {
  const program = join(folder, 'git');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  return makeGit(host, program, folder, new AbortController().signal);
}

test('a git that hangs is ended, which is never an answer', async () => {
  const git = gitThat('exec sleep 600');
  const options = { cwd: folder, timeoutMs: 200 };
  const late = { outcome: 'provision-failed', what: expect.stringContaining('after 0.2 s') };
  await expect(git.ask(['rev-parse', 'HEAD'], options)).rejects.toMatchObject(late);
  await expect(git.run(['-c', 'a.b=c', 'update-index'], options)).rejects.toMatchObject({
    what: expect.stringMatching(/^git update-index on the runner was not done/),
  });
  await git.idle();
});

test('no call is without a time limit', async () => {
  const limits: unknown[] = [];
  const real = engineHost();
  const host = engineHost({
    spawn: (argv, options) => {
      limits.push(options.timeoutMs);
      return real.spawn(argv, options);
    },
  });
  const git = gitThat('exit 0', host);
  await git.ask(['rev-parse'], { cwd: folder });
  await git.run(['pack-objects'], { cwd: folder, timeoutMs: 600_000 });
  expect(limits).toEqual([60_000, 600_000]);
});

test('it inherits nothing and talks to nobody', async () => {
  const real = engineHost();
  const git = gitThat('env', engineHost({ env: { ...real.env, A_TOKEN: 'secret' } }));
  const env = (await git.run(['status'], { cwd: folder })).toString().split('\n');
  expect(env).toEqual(expect.arrayContaining([`HOME=${folder}`, 'GIT_ALLOW_PROTOCOL=']));
  expect(env.join()).not.toContain('secret');
});
