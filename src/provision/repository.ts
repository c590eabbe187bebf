/** What the checkout on the runner is a checkout of. Read, never written to. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BottleError } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { type Git, gitFailed } from './git-command.ts';

export type Repository = {
  readonly objectFormat: string;
  /** The commit, and its tree; empty before the first one. */
  readonly head: string;
  readonly tree: string;
  /** `refs/heads/<name>`; empty when HEAD is detached. */
  readonly branch: string;
  /** The root of the work tree. */
  readonly top: HostPath;
  readonly objects: HostPath;
  readonly index: HostPath;
  readonly shallow: HostPath;
  readonly exclude: HostPath;
  /** Its settings. */
  readonly config: HostPath;
};

const QUESTIONS = [
  ['--is-inside-work-tree'],
  ['--show-object-format'],
  ['--show-cdup'],
  ['--git-path', 'objects'],
  ['--git-path', 'index'],
  ['--git-path', 'shallow'],
  ['--git-path', 'info/exclude'],
  ['--git-path', 'config'],
] as const;
const REVISIONS = ['HEAD', 'HEAD^{tree}', '--symbolic-full-name', 'HEAD'];

/** Undefined when `directory` is in no git work tree. */
export async function findRepository(
  git: Git,
  directory: HostPath,
): Promise<Repository | undefined> {
  const inDirectory = { cwd: directory };
  // One git for all questions: starting one costs more than its answers.
  const asked = await git.ask(['rev-parse', ...QUESTIONS.flat(), ...REVISIONS], inDirectory);
  const lines = linesOf(asked.stdout);
  const [isInside, objectFormat = '', up = '', ...places] = lines.slice(0, QUESTIONS.length);
  const [head = '', tree = '', name = '', ...more] = lines.slice(QUESTIONS.length);
  const hasCommit = head !== 'HEAD';
  if (asked.exitCode !== 0 && (hasCommit || isInside === undefined)) {
    if (lines.length > 0 || existsSync(join(directory, '.git'))) {
      throw gitFailed('rev-parse', directory, asked);
    }
    return undefined;
  }
  if (isInside !== 'true') return undefined;
  if (more.length > 0) throw lineBreakInPath(directory);
  const [objects = '', index = '', shallow = '', exclude = '', config = ''] = places.map((place) =>
    resolve(directory, place),
  );
  const top = resolve(directory, up);
  const found = { objectFormat, top, objects, index, shallow, exclude, config };
  if (hasCommit) return { ...found, head, tree, branch: name === 'HEAD' ? '' : name };
  const branch = await git.run(['symbolic-ref', 'HEAD'], inDirectory);
  return { ...found, head: '', tree: '', branch: linesOf(branch)[0] ?? '' };
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
