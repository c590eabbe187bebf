/** What the checkout on the runner is a checkout of. Read, never written to. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BottleError } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { type Git, gitFailed } from './git-command.ts';

export type Repository = {
  readonly objectFormat: string;
  /** The commit; empty before the first one. */
  readonly head: string;
  /** `refs/heads/<name>`; empty when HEAD is detached. */
  readonly branch: string;
  /** The root of the work tree. */
  readonly top: HostPath;
  readonly objects: HostPath;
  readonly index: HostPath;
  readonly shallow: HostPath;
  readonly exclude: HostPath;
};

const QUESTIONS = [
  ['--show-object-format'],
  ['--show-cdup'],
  ['--git-path', 'objects'],
  ['--git-path', 'index'],
  ['--git-path', 'shallow'],
  ['--git-path', 'info/exclude'],
] as const;

/** Undefined when `directory` is in no git work tree. */
export async function findRepository(
  git: Git,
  directory: HostPath,
): Promise<Repository | undefined> {
  const inDirectory = { cwd: directory };
  const [found, verified, symbolic] = await Promise.all([
    git.ask(['rev-parse', '--is-inside-work-tree', ...QUESTIONS.flat()], inDirectory),
    git.ask(['rev-parse', '--quiet', '--verify', 'HEAD'], inDirectory),
    git.ask(['symbolic-ref', '--quiet', 'HEAD'], inDirectory),
  ]);
  if (found.exitCode !== 0) {
    if (existsSync(join(directory, '.git'))) throw gitFailed('rev-parse', directory, found);
    return undefined;
  }
  const [isInside, ...answers] = linesOf(found.stdout);
  if (isInside !== 'true') return undefined;
  if (answers.length !== QUESTIONS.length) throw lineBreakInPath(directory);
  const [objectFormat = '', up = '', ...paths] = answers;
  const [objects = '', index = '', shallow = '', exclude = ''] = paths.map((path) =>
    resolve(directory, path),
  );
  const head = verified.exitCode === 0 ? (linesOf(verified.stdout)[0] ?? '') : '';
  const branch = symbolic.exitCode === 0 ? (linesOf(symbolic.stdout)[0] ?? '') : '';
  const top = resolve(directory, up);
  return { objectFormat, head, branch, top, objects, index, shallow, exclude };
}

function linesOf(output: Buffer): string[] {
  return output.toString().split('\n').slice(0, -1);
}

function lineBreakInPath(directory: HostPath): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: 'The path of the repository holds a line break',
    where: JSON.stringify(directory),
    fix: 'Check the repository out into a directory with an ordinary name.',
  });
}

/**
 * Why the guest cannot have the history; empty when it can. A partial clone lacks objects that only
 * its remote has, and a part of a work tree has no commits of its own.
 */
export function noHistoryReason(repository: Repository, workspace: HostPath): string {
  if (repository.head === '') return 'the repository has no commit yet';
  if (repository.top !== workspace) return 'the workspace is a part of a repository';
  if (isPartial(repository)) return 'the checkout is a partial clone (filter, sparse-checkout)';
  return '';
}

function isPartial({ objects }: Repository): boolean {
  const packs = join(objects, 'pack');
  return existsSync(packs) && readdirSync(packs).some((name) => name.endsWith('.promisor'));
}
