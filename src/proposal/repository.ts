/** The bare repository in which a proposal is made: ours, and beside the runner's own objects. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GitRunner, type GitRunOptions, makeGitRunner } from '../git-check/git-runner.ts';
import type { Host, HostPath } from '../host/host.ts';

export type ProposalRepository = {
  readonly directory: HostPath;
  readonly git: GitRunner;
  /** What git said; throws for any exit code but 0. */
  run(args: readonly string[], options?: GitRunOptions): Promise<Buffer>;
};

/** For one git: it may write all of a large change. */
const TIMEOUT_MS = 5 * 60_000;

/** Borrows all objects of `base`, and writes nothing there. Throws what the disk says. */
export function openRepository(
  host: Host,
  program: HostPath,
  base: { readonly repository: HostPath; readonly commit: string },
  directory: HostPath,
  signal: AbortSignal,
): ProposalRepository {
  for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'info']) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  writeFileSync(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
  const format = base.commit.length === 64 ? 'sha256' : 'sha1';
  const core = '[core]\n\trepositoryFormatVersion = 1\n\tbare = true\n';
  writeFileSync(join(directory, 'config'), `${core}[extensions]\n\tobjectFormat = ${format}\n`);
  const borrowed = join(base.repository, 'objects').replace(/[\\"]/g, '\\$&');
  writeFileSync(join(directory, 'objects', 'info', 'alternates'), `"${borrowed}"\n`);
  const shallow = join(base.repository, 'shallow');
  if (existsSync(shallow)) copyFileSync(shallow, join(directory, 'shallow'));
  const git = makeGitRunner({
    spawn: (argv, options) => host.spawn(argv, options),
    program,
    directory,
    path: host.env.PATH ?? '',
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  return { directory, git, run: (args, options) => runGit(git, args, options) };
}

async function runGit(
  git: GitRunner,
  args: readonly string[],
  options?: GitRunOptions,
): Promise<Buffer> {
  const { exitCode, stdout, stderr } = await git(args, options);
  if (exitCode === 0) return stdout;
  throw new Error(`git ${args[0]} ended with exit code ${exitCode}: ${stderr}`);
}
