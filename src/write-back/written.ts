/** What is to be written back to GitHub, and what became of it. */
import type { BottleError } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import type { PushPlan } from '../plan/git-plan.ts';
import type { Verdict } from '../proposal/proposal.ts';

export type WriteBackRequest = {
  readonly push: PushPlan;
  readonly change: {
    readonly base: string;
    readonly tip: string;
    readonly verdict: Verdict;
    /** A bare repository of ours that has all objects of `tip`. */
    readonly repository: HostPath;
  };
  readonly place: Place;
  readonly runId: string;
  /** Of commits that go by `git push`; either may be empty. */
  readonly author: { readonly name: string; readonly email: string };
  /** Makes the message of an agent's commit fit for GitHub. */
  readonly cleanMessage: (message: string) => string;
  /** Of the pull request: cleaned Markdown. */
  readonly title: string;
  readonly body: string;
};

export type Place = {
  /** `owner/name` */
  readonly repository: string;
  /** `https://github.com` */
  readonly server: string;
  /** A secret. */
  readonly token: string;
  /** `owner/name/.github/workflows/file.yml`; empty off GitHub. Who made a branch or a comment. */
  readonly workflow: string;
};

export type PullRequest = {
  readonly number: number;
  readonly url: string;
  /** `kept`: somebody else's words stand in it, so its title and body were left alone. */
  readonly state: 'created' | 'updated' | 'kept';
};

export type WriteBack = {
  /**
   * `none`: nobody asked for it; `nothing`: there is no change; `held-back`: the run's end does not
   * allow it; `unchanged`: the branch held it already; `failed`: what stands below was still done.
   */
  readonly state: 'none' | 'nothing' | 'held-back' | 'unchanged' | 'written' | 'failed';
  /** One sentence; empty where `state` says it all. */
  readonly reason: string;
  /** That holds the change now; empty: none does. */
  readonly branch: string;
  readonly commit: string;
  /** How the commits came there: GitHub signs those of its API. */
  readonly by: 'api' | 'git-push' | '';
  readonly pullRequest: PullRequest | undefined;
  readonly notices: readonly string[];
  /** Why it failed. */
  readonly error?: BottleError;
};

/** What stands on top of a change that a person has to look at. */
export const REVIEW_LABEL = 'bottle: needs review';

export function nothingWritten(state: WriteBack['state'], reason = ''): WriteBack {
  return { state, reason, branch: '', commit: '', by: '', pullRequest: undefined, notices: [] };
}
