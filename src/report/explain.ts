/** Says why a run has its outcome, where no error says it: what happened · where · what to do. */

import type { AgentFailure } from '../agent/judge.ts';
import type { Outcome } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';

import { explainFailure } from './explain-failure.ts';

export type Explanation = { readonly what: string; readonly where: string; readonly fix: string };

/** `failure`: of the agent, where it is to blame. `exitCode`: the agent's own, null when it has none. */
export function explain(
  outcome: Outcome,
  plan: Plan,
  exitCode: number | null,
  failure?: AgentFailure,
): Explanation {
  if (failure) return explainFailure(failure, plan, exitCode);
  const agent = `The agent ${plan.agent.name.value}`;
  const { minutes, idleMinutes } = plan.limits;
  switch (outcome) {
    case 'success':
      return { what: `${agent} finished its task.`, where: '', fix: '' };
    case 'agent-failed':
      return {
        what: `${agent} ended with exit code ${exitCode ?? 'unknown'}.`,
        where: `command ${plan.agent.argv[0] ?? ''} in the bottle`,
        fix: 'Read the end of its output in the log; partial work is in the artifact.',
      };
    case 'timed-out':
      return {
        what: `${agent} was stopped because it ran longer than ${minutes.value} minutes.`,
        where: `minutes: ${minutes.value}, from ${minutes.source}`,
        fix: 'Give it a smaller task or more minutes; partial work is in the artifact.',
      };
    case 'idle':
      return {
        what: `${agent} was stopped because it was silent for ${idleMinutes.value} minutes.`,
        where: `idle-minutes: ${idleMinutes.value}, from ${idleMinutes.source}`,
        fix: 'Find in the log what it waited for, or raise idle-minutes (0 means no limit).',
      };
    case 'limit-reached':
      return {
        what: `${agent} was stopped because it reached a limit.`,
        where: 'limits of the bottle',
        fix: 'Give it a smaller task or raise the limit; partial work is in the artifact.',
      };
    case 'cancelled':
      return {
        what: 'The run was cancelled.',
        where: 'signal from the runner',
        fix: 'Run it again if this was not meant; what could be saved in time is in the artifact.',
      };
    default:
      return {
        what: `The run ended with ${outcome}.`,
        where: `agent ${plan.agent.name.value}`,
        fix: 'Read the log of this step; the last line before this one names the phase.',
      };
  }
}
