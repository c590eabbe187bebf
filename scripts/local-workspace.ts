/** The checkout that a local run works on. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from './local-arguments.ts';

export type LocalWorkspace = { readonly directory: string; remove(): Promise<void> };

/** The developer's own git settings, hooks among them, have no part in it. */
const GIT_ENV = {
  PATH: process.env.PATH,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Local run',
  GIT_AUTHOR_EMAIL: 'local@example.invalid',
  GIT_COMMITTER_NAME: 'Local run',
  GIT_COMMITTER_EMAIL: 'local@example.invalid',
};

/**
 * The top of a git work tree serves as it is: the action never writes there. Any other directory is
 * copied and becomes a repository of one commit.
 * @throws UsageError
 */
export async function prepareWorkspace(directory: string): Promise<LocalWorkspace> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) throw new UsageError(`${directory} is not a directory.`);
  if (await isGitTop(directory)) return { directory, remove: async () => {} };

  const root = await mkdtemp(join(tmpdir(), 'local-'));
  const copy = join(root, basename(directory) || 'workspace');
  await cp(directory, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => basename(path) !== '.git',
  });
  await git(copy, 'init', '--quiet', '--initial-branch=main');
  await git(copy, 'add', '--all');
  await git(copy, 'commit', '--quiet', '--allow-empty', '--message=As given');
  return { directory: copy, remove: () => rm(root, { recursive: true, force: true }) };
}

async function isGitTop(directory: string): Promise<boolean> {
  try {
    return (await git(directory, 'rev-parse', '--show-toplevel')) === (await realpath(directory));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') return false;
    throw new UsageError('git is not installed. On Debian and Ubuntu: apt-get install git');
  }
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', directory, ...args], { env: GIT_ENV });
  return stdout.trimEnd();
}
