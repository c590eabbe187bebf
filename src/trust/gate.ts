/** Who may start a run: by event, by where the head comes from, by what the actor may do. */
import { requireWriter } from './actor.ts';
import type { Account, Event, EventOf } from './event.ts';
import { refused } from './refused.ts';
import type { TrustRequest } from './trust.ts';
import { requireUnedited } from './unedited.ts';

export type Admission = {
  readonly dropCredentials: boolean;
  /** The first half of a sentence. */
  readonly reason: string;
};

type Gate = Pick<TrustRequest, 'event' | 'inputs' | 'api'>;

/** Upstream events whose head, if it is no fork's, was pushed by somebody who may write. */
const UPSTREAM_BY_WRITERS = [
  ...['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'],
  'pull_request',
];

/** @throws {BottleError} `untrusted` */
export async function admit(gate: Gate): Promise<Admission> {
  const { event } = gate;
  switch (event.kind) {
    case 'local':
      return admitted('Started by hand');
    case 'push':
    case 'schedule':
    case 'workflow_dispatch':
    case 'repository_dispatch':
      return admitted(`Only who may write causes ${event.name}`);
    case 'pull_request': {
      const isFork = comesFromFork(event);
      const whose = isFork ? "A fork's pull request" : 'A pull request of the repository itself';
      return { dropCredentials: isFork, reason: whose };
    }
    case 'pull_request_target': {
      const isFork = comesFromFork(event);
      if (isFork) requireAllowedFork(gate, `pull request ${event.pull_request.number}`);
      const whose = isFork ? 'A fork (allow-untrusted-head)' : 'The repository itself';
      return admitted(`${whose} opened the pull request`);
    }
    case 'workflow_run':
      return await admitUpstream(gate, event);
    case 'pull_request_review':
    case 'pull_request_review_comment': {
      // As with a fork's pull_request, GitHub hands out no secrets.
      return { dropCredentials: comesFromFork(event), reason: await admitSender(gate) };
    }
    case 'issue_comment':
    case 'issues':
    case 'other':
      return admitted(await admitSender(gate));
  }
}

function admitted(reason: string): Admission {
  return { dropCredentials: false, reason };
}

/** By number: names can change hands. A head whose repository is gone was a fork's. */
function comesFromFork({ pull_request: { head, base } }: PullRequestEvent): boolean {
  return head.repo?.id !== base.repo.id;
}

type PullRequestEvent = EventOf<
  'pull_request' | 'pull_request_target' | 'pull_request_review' | 'pull_request_review_comment'
>;

function requireAllowedFork({ event, inputs }: Gate, head: string): void {
  if (inputs.allowUntrustedHead) return;
  throw refused({
    what: `A fork may not start a run with ${event.name}, which has the repository's credentials`,
    where: `event ${event.name}, ${head}`,
    fix: 'Use `pull_request`, or let forks in with `allow-untrusted-head: true` (docs/trust.md).',
  });
}

/** A run that follows another is as trusted as who started that one. */
async function admitUpstream(gate: Gate, event: EventOf<'workflow_run'>): Promise<Admission> {
  const run = event.workflow_run;
  const isFork = run.head_repository?.id !== event.repositoryId;
  if (isFork) {
    requireAllowedFork(gate, `workflow run ${run.id}`);
    return admitted('A fork caused the run that this one follows (allow-untrusted-head)');
  }
  if (UPSTREAM_BY_WRITERS.includes(run.event)) {
    return admitted(`The run that this one follows began with a ${run.event} of the repository`);
  }
  const actor = run.triggering_actor ?? run.actor;
  return admitted(await requireWriter(gate, actor, `${run.event}, which this run follows`));
}

/** The sender may write, and the text that they sent is the text that is there. */
async function admitSender(gate: Gate): Promise<string> {
  const { event } = gate;
  const reason = await requireWriter(gate, event.sender, event.name);
  requireOwnWords(event);
  await requireUnedited(event, gate.api);
  return reason;
}

/** Who edits, deletes or dismisses what another wrote vouches for nothing in it. */
function requireOwnWords(event: Event): void {
  const [text, author] = wordsOf(event);
  if (text === '' || (author !== undefined && author.id === event.sender?.id)) return;
  throw refused({
    what: `The ${text} was not written by who caused this run`,
    where: `event ${event.name} ${event.action}, sender ${event.sender?.login}`,
    fix: 'Let somebody who may write say it in words of their own.',
  });
}

function wordsOf(event: Event): readonly ['comment' | 'review' | '', Account | undefined] {
  switch (event.kind) {
    case 'issue_comment':
    case 'pull_request_review_comment':
      return ['comment', event.comment.user];
    case 'pull_request_review':
      return ['review', event.review.user];
    default:
      return ['', undefined];
  }
}
