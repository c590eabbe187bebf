/** Where a checkout says that it is from. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeCheckout } from '../src/checkout.ts';
import { localHost } from './provision/local.ts';

const URL = 'https://github.com/octo/hello';

function openCheckout() {
  const root = mkdtempSync(join(tmpdir(), 'checkout-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const checkout = join(root, 'checkout');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: checkout });
  mkdirSync(join(checkout, 'part'), { recursive: true });
  const env = { GITHUB_WORKSPACE: checkout, GITHUB_SERVER_URL: 'https://github.com' };
  const ask = (directory = checkout, hasGit = true) =>
    describeCheckout(localHost(env, hasGit), directory, root);
  return { root, checkout, git, ask };
}

test('is what its own configuration names, from a part of it too', async () => {
  const { checkout, git, ask } = openCheckout();
  git('init', '-q');
  git('config', 'remote.origin.url', URL);
  const found = { origin: URL, server: 'https://github.com' };
  expect(await ask()).toEqual(found);
  expect(await ask(join(checkout, 'part'))).toEqual(found);
});

test('is nothing without git, without a repository, without origin, or by a file elsewhere', async () => {
  const { root, git, ask } = openCheckout();
  expect((await ask()).origin).toBe('');
  git('-C', root, 'init', '-q');
  git('-C', root, 'config', 'remote.origin.url', URL);
  expect((await ask()).origin).toBe('');
  git('init', '-q');
  writeFileSync(join(root, 'other.config'), `[remote "origin"]\n\turl = ${URL}\n`);
  git('config', 'include.path', join(root, 'other.config'));
  expect((await ask()).origin).toBe('');
  git('config', 'remote.origin.url', URL);
  expect((await ask(undefined, false)).origin).toBe('');
});
