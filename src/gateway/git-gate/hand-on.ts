/** Hands a push that was found good on to the upstream: all of its refs or none. */
import type { GitRunner } from '../../git-check/git-runner.ts';
import { Denied } from '../denied.ts';
import type { PushedRef } from '../protocol.ts';
import { isZero } from './judge.ts';
import { upstreamFault } from './upstream-fault.ts';
import type { Way } from './way.ts';

const PUSH = ['push', '--porcelain', '--no-verify', '--no-signed', '--no-recurse-submodules'];
/** git-push(1), `--porcelain`: a flag, from:to, and why. */
const REJECTED = /^!\t[^\t]*\t(.+)$/gm;

/** @throws {Denied} `upstream-refused` with the upstream's reason, and the other `upstream-…` */
export async function handOn(
  git: GitRunner,
  { host, url, env }: Way,
  refs: readonly PushedRef[],
): Promise<void> {
  // Whether commits may be lost was judged before; of what the upstream had then, nothing else is.
  const leases = refs.map(({ ref, old }) => `--force-with-lease=${ref}:${isZero(old) ? '' : old}`);
  const updates = refs.map(({ ref, new: now }) => `${isZero(now) ? '' : now}:${ref}`);
  const atomic = refs.length > 1 ? ['--atomic'] : [];
  const { exitCode, stdout, stderr } = await git([...PUSH, ...atomic, ...leases, url, ...updates], {
    env,
  });
  if (exitCode === 0) return;
  const reasons = Array.from(stdout.toString().matchAll(REJECTED), ([, reason = '']) => reason);
  if (reasons.length === 0) throw upstreamFault(host, stderr);
  throw new Denied('upstream-refused', `${host}: ${[...new Set(reasons)].join(', ')}`);
}
