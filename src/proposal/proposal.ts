/** What the agent's work is once the runner has taken it in: checked, and written anew by us. */
import type { CheckFinding, CheckRule } from '../git-check/finding.ts';
import type { HostPath } from '../host/host.ts';

/** `path` as it is after the change; lines are null where they mean nothing, as in a binary file. */
export type ChangedFile = {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
};

/** Oldest first. Subject and author are one printable line each. */
export type ProposedCommit = {
  readonly sha: string;
  readonly subject: string;
  /** `Name <address>` */
  readonly author: string;
};

/** `blocked`: it must not be written back; `review`: only where a person looks at it. */
export type Verdict = 'clean' | 'review' | 'blocked';

export type Change = {
  readonly kind: 'change';
  /** The commit that the agent started from. */
  readonly base: string;
  /** Descends from `base`. */
  readonly tip: string;
  readonly commits: readonly ProposedCommit[];
  /** `base..tip` as `refs/heads/proposal`, by our own git; empty when it is blocked, or failed. */
  readonly bundle: HostPath;
  /** From `base` to `tip`, for `git apply`; empty when nothing differs, or it could not be made. */
  readonly patch: HostPath;
  readonly stat: readonly ChangedFile[];
  readonly findings: readonly CheckFinding[];
  readonly verdict: Verdict;
  /** A bare repository of the run that has all objects of `tip`; there until the job's end. */
  readonly repository: HostPath;
  readonly notices: readonly string[];
};

export type Proposal =
  /** Nothing was changed, or there is no git to say so. */
  | { readonly kind: 'none'; readonly notices: readonly string[] }
  /** There is a change, and it could not be taken. `reason`: one sentence. */
  | {
      readonly kind: 'refused';
      readonly findings: readonly CheckFinding[];
      readonly reason: string;
      readonly notices: readonly string[];
    }
  | Change;

/** A finding that is about no commit or file in particular. */
export function blockedBy(rule: CheckRule, detail: string): CheckFinding {
  return { rule, action: 'block', commit: '', path: '', line: 0, detail };
}
