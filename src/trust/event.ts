/** What started the run, as one plain union; field names are those of GitHub's payloads. */
import { z } from 'zod';

const text = z.string().nullish().transform(orEmpty);
const id = z.int().min(1);
const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

/** A person or an app. `id` is for ever; `login` can change hands. */
const account = z.object({ id, login: z.string().min(1).max(100), type: text });
/** Null when the account was deleted. */
const author = account.nullish().transform(orUndefined);

/** A comment or a review. */
const comment = z.object({
  id,
  body: text,
  user: author,
  html_url: text,
  created_at: text,
  updated_at: text,
});

const issue = z.object({
  number: id,
  title: text,
  body: text,
  user: author,
  html_url: text,
  /** There when the issue is a pull request. */
  pull_request: z.object({}).optional(),
});

const repository = z.object({ id, full_name: z.string() });
/** Null when the fork was deleted. */
const headRepository = repository.nullish().transform(orUndefined);

const pullRequest = z.object({
  number: id,
  title: text,
  body: text,
  user: author,
  html_url: text,
  head: z.object({ sha, ref: text, repo: headRepository }),
  base: z.object({ sha, ref: text, repo: repository }),
});

const workflowRun = z.object({
  id,
  event: z.string(),
  head_sha: sha,
  head_repository: headRepository,
  actor: author,
  triggering_actor: author,
});

const nothing: z.ZodType<unknown> = z.object({});

/** What each kind of event has beside the common part. */
export const PAYLOADS = {
  push: nothing,
  schedule: nothing,
  workflow_dispatch: nothing,
  repository_dispatch: nothing,
  pull_request: z.object({ pull_request: pullRequest }),
  pull_request_target: z.object({ pull_request: pullRequest }),
  pull_request_review: z.object({ pull_request: pullRequest, review: comment }),
  pull_request_review_comment: z.object({ pull_request: pullRequest, comment }),
  workflow_run: z.object({ workflow_run: workflowRun }),
  issue_comment: z.object({ issue, comment }),
  issues: z.object({ issue }),
};

export const COMMON = z.object({
  action: text,
  sender: author,
  repository: z
    .object({ id: id.optional(), default_branch: text })
    .nullish()
    .transform(orUndefined),
});

type Payloads = {
  [Kind in keyof typeof PAYLOADS]: { readonly kind: Kind } & z.output<(typeof PAYLOADS)[Kind]>;
};

export type Account = Readonly<z.output<typeof account>>;

type Common = {
  /** As GitHub names it; empty on a developer's computer. */
  readonly name: string;
  readonly action: string;
  /** Who caused it. */
  readonly sender: Account | undefined;
  /** `owner/name`. */
  readonly repository: string;
  /** 0 when nobody says. */
  readonly repositoryId: number;
  /** Empty when the payload does not say. */
  readonly defaultBranch: string;
  /** GITHUB_SHA: whose commit that is depends on the event. */
  readonly sha: string;
  /** GITHUB_REF. */
  readonly ref: string;
};

/** `other`: an event that this action knows nothing about. `local`: no event at all. */
export type Event = Common &
  (Payloads[keyof Payloads] | { readonly kind: 'other' } | { readonly kind: 'local' });

export type EventOf<Kind extends Event['kind']> = Extract<Event, { readonly kind: Kind }>;

function orEmpty(value: string | null | undefined): string {
  return value ?? '';
}

function orUndefined<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}
