/** What the event says about where a change belongs: which issue or pull request, which branch. */
import type { PlanRequest } from './plan/make-plan.ts';
import type { Event } from './trust/event.ts';

export function triggerOf(event: Event): PlanRequest['trigger'] {
  switch (event.kind) {
    case 'issues':
    case 'issue_comment':
      return { number: event.issue.number, branch: branchOf(event) };
    case 'pull_request':
    case 'pull_request_review':
    case 'pull_request_review_comment': {
      const { number, head, base } = event.pull_request;
      // What is made on top of a pull request goes into it; a fork's branch is not ours to propose to.
      const side = head.repo?.id === base.repo.id ? head : base;
      return { number, branch: side.ref };
    }
    case 'pull_request_target':
      return { number: event.pull_request.number, branch: branchOf(event) };
    default:
      return { number: 0, branch: branchOf(event) };
  }
}

/** A tag and a merge of GitHub's own are no branches to propose to. */
function branchOf({ ref, defaultBranch }: Event): string {
  return /^refs\/heads\/(.+)$/.exec(ref)?.[1] ?? defaultBranch;
}
