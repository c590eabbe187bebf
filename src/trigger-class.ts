/** How much is to be thought of what caused a run: what sessions of agents are compared by. */
import type { Event } from './trust/event.ts';

/** From the least trusted to the most. */
export const TRIGGER_CLASSES = [
  /** A fork's pull request: even the workflow is the fork's. */
  'fork',
  /** `pull_request_target` and `workflow_run`: afterwards nobody can tell whether a fork was behind it. */
  'behind',
  /** All else that somebody started who may, and that others may have had a word in. */
  'repository',
  /** What only who may write can cause. */
  'writers',
  /** The same on the default branch. */
  'default-branch',
] as const;

export type TriggerClass = (typeof TRIGGER_CLASSES)[number];

const WRITERS_OWN = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'];
const BEHIND = ['pull_request_target', 'workflow_run'];
const OF_HEAD = ['pull_request', 'pull_request_review', 'pull_request_review_comment'];

/** By the name of the event; `isFork`: its head is another repository's, or nobody knows whose. */
export function classOf(
  name: string,
  { isFork, isDefault }: { readonly isFork: boolean; readonly isDefault: boolean },
): TriggerClass {
  if (BEHIND.includes(name)) return 'behind';
  if (isFork) return OF_HEAD.includes(name) ? 'fork' : 'behind';
  if (!WRITERS_OWN.includes(name)) return 'repository';
  return isDefault || name === 'schedule' ? 'default-branch' : 'writers';
}

/** On your own computer, you. */
export function classOfEvent(event: Event): TriggerClass {
  if (event.kind === 'local') return 'writers';
  const { name, ref, defaultBranch } = event;
  const isFork =
    'pull_request' in event && event.pull_request.head.repo?.id !== event.pull_request.base.repo.id;
  return classOf(name, {
    isFork,
    isDefault: defaultBranch !== '' && ref === `refs/heads/${defaultBranch}`,
  });
}

export function rankOf(trigger: TriggerClass): number {
  return TRIGGER_CLASSES.indexOf(trigger);
}
