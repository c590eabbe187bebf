/** What the plan says about git: the gate's remotes, what passes it, what becomes of the change. */
import type { CheckRules } from '../git-check/policy.ts';
import type { HostPath } from '../host/host.ts';
import type { Sourced } from './plan.ts';

/** How the gate shows the upstream who it is. Only ever the name or the place of a secret. */
export type RemoteCredential =
  | { readonly kind: 'none' }
  /** The input `token`, over https: the workflow's own server alone. */
  | { readonly kind: 'workflow-token' }
  /** The step's variable that holds a token, over https. */
  | { readonly kind: 'token'; readonly name: string }
  /** A private key's file, over ssh; `~/` is the home of the runner's user. */
  | { readonly kind: 'key-file'; readonly path: HostPath }
  /** A key of Gitea or Forgejo that is made for the run, over ssh. */
  | DeployKeyPlan;

export type DeployKeyPlan = {
  readonly kind: 'deploy-key';
  /** Without a slash at its end: `https://git.example/api/v1`. */
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  /** The step's variable that holds the API's token. */
  readonly tokenName: string;
};

/** `record`: checked and kept on the runner, and the upstream never hears of it. */
export type PushRule = 'forward' | 'record' | 'refuse';

/** A repository that the guest fetches from and pushes to through the gate. */
export type RemotePlan = {
  /** By which the gate knows it, safe as one segment of a path. */
  readonly name: string;
  /** The upstream's address, never with a password. */
  readonly url: Sourced<string>;
  /** What the guest's git asks in its place. */
  readonly guestUrl: string;
  /** Other spellings of the address, and the address itself: the guest's git takes all for one. */
  readonly insteadOf: readonly string[];
  readonly credential: Sourced<RemoteCredential>;
  /** As in a known_hosts file, after the host; empty: none, and nothing goes over ssh. */
  readonly hostKey: Sourced<string>;
  readonly push: Sourced<PushRule>;
  /** May a push take commits away? */
  readonly allowForce: Sourced<boolean>;
  /** Globs of whole names of refs that a push may write: `refs/heads/**`. `*` stops at a slash. */
  readonly refs: Sourced<readonly string[]>;
};

export type PushMode = 'none' | 'branch' | 'pull-request';

/** What becomes of the agent's change after the run. Names are the inputs'. */
export type PushPlan = {
  readonly mode: Sourced<PushMode>;
  /** Complete: `bottle/demo-k3x9q`. */
  readonly branch: Sourced<string>;
  /** The branch that the pull request goes into; empty: nobody says, so the repository's default. */
  readonly base: Sourced<string>;
  /** Empty: made from the agent's result. */
  readonly title: Sourced<string>;
  readonly draft: Sourced<boolean>;
  readonly labels: Sourced<readonly string[]>;
  /** Logins, and `organisation/team`. */
  readonly reviewers: Sourced<readonly string[]>;
  /** Is the issue or pull request that started the run told how it ended? */
  readonly comment: Sourced<boolean>;
  /** The issue or pull request that started the run; 0: none did. */
  readonly number: Sourced<number>;
};

export type GitPlan = {
  /** `value` with the run's secrets is the policy of the checks; `sources` says where each is from. */
  readonly policy: {
    readonly value: CheckRules;
    readonly sources: Readonly<Record<keyof CheckRules, string>>;
  };
  /** All that the gate serves, the checkout's own first. */
  readonly remotes: readonly RemotePlan[];
  /** The name of the remote that is the checkout's own; empty where it has none. */
  readonly origin: string;
  readonly push: PushPlan;
};
