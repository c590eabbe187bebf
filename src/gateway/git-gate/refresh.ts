/** Brings a bare repository to what its upstream has: every branch and tag, and nothing that is gone. */
import type { GitRunner } from '../../git-check/git-runner.ts';
import { upstreamFault } from './upstream-fault.ts';
import type { Way } from './way.ts';

const FETCH = [
  ...['-c', 'fetch.fsckObjects=false', '-c', 'transfer.fsckObjects=false'],
  ...['fetch', '--quiet', '--prune', '--no-tags', '--no-write-fetch-head'],
  ...['--no-recurse-submodules', '--no-auto-maintenance'],
];
const ALL = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
const HEAD = /^ref: (refs\/heads\/\S+)\tHEAD$/m;

/**
 * @param kept Refs that the guest has pushed and the upstream never heard of: they stay.
 * @throws {Denied} `upstream-…`
 */
export async function fetchAll(
  git: GitRunner,
  { host, url, env }: Way,
  kept: Iterable<string>,
): Promise<void> {
  const except = Array.from(kept, (ref) => `^${ref}`);
  const { exitCode, stderr } = await git([...FETCH, url, ...ALL, ...except], { env });
  if (exitCode !== 0) throw upstreamFault(host, stderr);
}

/** The upstream's own branch, which a clone checks out. */
export async function followHead(git: GitRunner, { url, env }: Way): Promise<void> {
  const { stdout } = await git(['ls-remote', '--symref', url, 'HEAD'], { env });
  const branch = HEAD.exec(stdout.toString())?.[1];
  if (branch !== undefined) await git(['symbolic-ref', 'HEAD', branch]);
}
