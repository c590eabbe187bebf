/** What the API remembers, and what a test may say of it. */
import type { Bare } from './bare.ts';

export const REPOSITORY = 'octo-org/octo-repo';
export const TOKEN = 'ghs_0123456789abcdefghijklmnopqrstuvwxyz';
export const LOGIN = 'github-actions[bot]';

export type PullRequest = {
  number: number;
  title: string;
  body: string;
  head: string;
  base: string;
  draft: boolean;
  state: 'open' | 'closed';
  user: string;
  labels: string[];
  reviewers: string[];
  teams: string[];
};

export type Comment = { id: number; issue: number; body: string; user: string };

export type Rule = { readonly type: string; readonly ruleset_id: number };

/** As far as a run's artifacts are looked for by it. */
export type WorkflowRun = {
  readonly id: number;
  readonly event: string;
  readonly head_branch: string | null;
  readonly head_sha: string;
  /** Of the repository that its head is in; null: that is gone. */
  readonly head: number | null;
  readonly actor: number;
  readonly triggering_actor: number;
};

export type StoredArtifact = {
  readonly id: number;
  readonly name: string;
  readonly run: number;
  /** A zip. */
  readonly bytes: Buffer;
  readonly digest: string;
  readonly expired?: boolean;
};

export const REPOSITORY_ID = 1296269;

export type State = {
  readonly bare: Bare;
  readonly pulls: PullRequest[];
  readonly comments: Comment[];
  readonly runs: WorkflowRun[];
  readonly artifacts: StoredArtifact[];
  /** Names of branches. */
  readonly protectedBranches: Set<string>;
  readonly rules: Rule[];
  /** By the id of a ruleset. */
  readonly bypass: Map<number, 'always' | 'pull_requests_only' | 'never'>;
  /** May Actions open pull requests? */
  mayOpen: boolean;
  /** What the token may do. */
  permissions: {
    contents: boolean;
    pulls: boolean;
    issues: boolean;
    administration: boolean;
    actions: boolean;
  };
  /** Private repositories of some plans have none. */
  hasDrafts: boolean;
  /** Not an app's: `GET /user` answers. */
  isPerson: boolean;
};
