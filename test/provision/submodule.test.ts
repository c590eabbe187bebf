/** A submodule that the runner checked out is in the guest as files, and no part of the change. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeGuest } from '../outputs/guest-scene.ts';
import { addSubmodule, commitAll, startRepository } from './repository.ts';

const NOTICES = [
  'Not copied, because it is agent configuration of a submodule: lib/sub/CLAUDE.md.',
  'Copied as files without a history, because it is a submodule of its own: lib/sub.',
];

test('its files go in, without its repository and without what agents obey', async () => {
  const guest = makeGuest();
  startRepository(guest);
  addSubmodule(guest);
  guest.git('-C', 'lib/sub', 'config', 'http.extraheader', 'a secret');
  const given = await guest.provision();
  const at = (name: string) => join(guest.guestWorkspace, 'lib/sub', name);
  expect(readFileSync(at('README.md'), 'utf8')).toBe('hello\n');
  expect([existsSync(at('.git')), existsSync(at('CLAUDE.md'))]).toEqual([false, false]);
  expect(given.notices).toEqual(NOTICES);
  expect(given.baseTree).toBe(guest.git('rev-parse', 'HEAD^{tree}').trim());
  expect(guest.guestGit('status', '--porcelain')).toBe('');
  guest.guestGit('add', '-A');
  expect(guest.guestGit('diff', '--cached', '--name-only')).toBe('');
  guest.leave('workspace/lib/sub/README.md', 'changed\n');
  guest.leave('workspace/new.txt', 'new\n');
  expect((await guest.collect({ given })).changedFiles).toEqual(['new.txt']);
});

test('in a part of a repository they are files like all others', async () => {
  const guest = makeGuest();
  startRepository(guest);
  addSubmodule(guest);
  guest.write('lib/a.txt', 'a\n');
  commitAll(guest);
  const from = join(guest.workspace, 'lib');
  const given = await guest.provision({ workspace: { ...guest.plan().provision.workspace, from } });
  expect(guest.guestGit('ls-files')).toContain('sub/README.md\n');
  expect(guest.guestGit('status', '--porcelain')).toBe('');
  expect((await guest.collect({ given })).changedFiles).toEqual([]);
});
