/** What becomes of the agent's change: where it is proposed, and as what. */
import { BottleError, type Problem } from '../errors.ts';
import type { Inputs } from '../inputs.ts';
import type { PushPlan } from './git-plan.ts';
import type { PlanRequest } from './make-plan.ts';
import type { Sourced } from './plan.ts';

/** Of the inputs, those that say what becomes of the change. */
type PushInputs = Pick<
  Inputs,
  'push' | 'branch' | 'base' | 'title' | 'draft' | 'labels' | 'reviewers' | 'comment'
>;
type PushRequest = Pick<PlanRequest, 'selected' | 'trigger' | 'trust'> & {
  readonly inputs: PushInputs;
};

export type Push = { readonly plan: PushPlan; readonly notices: readonly Problem[] };

const BRANCH = 'bottle/{run-id}';

/** @throws {BottleError} `config-invalid`: the branch's name asks for a number that nobody has. */
export function planPush({ inputs, selected, trigger, trust }: PushRequest, runId: string): Push {
  const { push, draft, comment, labels, reviewers } = inputs;
  const template = given(inputs.branch, BRANCH, 'branch');
  const names = { agent: selected.agentName, 'run-id': runId, number: trigger.number };
  const branch = { ...template, value: fill(template, names) };
  const base = given(inputs.base, trigger.branch, 'base');
  const isDropped = trust.dropCredentials;
  return {
    plan: {
      mode: isDropped ? { value: 'none', source: FORK } : { value: push, source: 'input push' },
      branch,
      base,
      title: given(inputs.title, '', 'title'),
      draft: { value: draft, source: 'input draft' },
      labels: { value: labels, source: labels.length > 0 ? 'input labels' : 'default' },
      reviewers: { value: reviewers, source: reviewers.length > 0 ? 'input reviewers' : 'default' },
      comment: isDropped
        ? { value: false, source: FORK }
        : { value: comment, source: 'input comment' },
      number: { value: trigger.number, source: trigger.number === 0 ? 'default' : 'the event' },
    },
    notices: [...(isDropped ? droppedNotices(inputs) : []), ...idleNotices(inputs)],
  };
}

const FORK = "a fork's run";

function given(value: string, otherwise: string, input: keyof Inputs): Sourced<string> {
  return value === ''
    ? { value: otherwise, source: 'default' }
    : { value, source: `input ${input}` };
}

type Names = { readonly agent: string; readonly 'run-id': string; readonly number: number };

/** The input's shape lets no other name stand in braces. */
function fill({ value, source }: Sourced<string>, names: Names): string {
  return value.replace(/\{(agent|run-id|number)\}/g, (_, name: keyof Names) => {
    if (name === 'number' && names.number === 0) throw noNumber(value, source);
    return String(names[name]);
  });
}

function droppedNotices({ push, comment }: PushInputs): Problem[] {
  const asked = [...(push === 'none' ? [] : [`push: ${push}`]), ...(comment ? ['comment'] : [])];
  return asked.map((input) => ({
    message: `${input} is dropped: of a fork's run, nothing is written back but a patch`,
  }));
}

/** What is said about a branch or a pull request that will not be. */
function idleNotices(inputs: PushInputs): Problem[] {
  const { push, branch, base, title, labels, reviewers, draft } = inputs;
  const ofPullRequest = [
    ...(base === '' ? [] : ['base']),
    ...(title === '' ? [] : ['title']),
    ...(draft ? ['draft'] : []),
    ...(labels.length === 0 ? [] : ['labels']),
    ...(reviewers.length === 0 ? [] : ['reviewers']),
  ];
  const idle = [
    ...(push === 'none' && branch !== '' ? ['branch'] : []),
    ...(push === 'pull-request' ? [] : ofPullRequest),
  ];
  if (idle.length === 0) return [];
  return [{ message: `With push: ${push}, nothing comes of the inputs: ${idle.join(', ')}` }];
}

function noNumber(template: string, source: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The name of the branch asks for a number, and no issue or pull request started the run',
    where: `${template}, ${source}`,
    fix: `Use {agent} or {run-id} in it instead, or leave the input "branch" empty for ${BRANCH}.`,
  });
}
