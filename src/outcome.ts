/** Decides how a run ended: from what was thrown, from the agent's end, from the signals; never from text. */
import { reasonOfStatus } from './agent/api-status.ts';
import type { AgentFailure } from './agent/judge.ts';
import type { AgentRun } from './agent/run.ts';
import { BottleError, type FailureReason, messageOf, type Outcome } from './errors.ts';

export type Ending = {
  readonly outcome: Outcome;
  readonly error?: BottleError;
  /** Why the agent failed, or which limit of its own it reached. */
  readonly failure?: AgentFailure;
};

export type EndingFacts = {
  /** What a phase threw, if one did. */
  readonly thrown: unknown;
  readonly agent: AgentRun | undefined;
  readonly cancelled: boolean;
  /** Why the gateway was gone before the end. */
  readonly gatewayDeath: BottleError | undefined;
  /** The gateway refused something because a limit was reached. */
  readonly limit: BottleError | undefined;
  /** More was spent than there is, by the prices of the manifest. */
  readonly budget: BottleError | undefined;
  /** What the model's API answered, as the gateway saw it: how often which status. */
  readonly modelStatuses: Readonly<Record<string, number>>;
  /** Limits that the plan sets: an agent that ends at one of them has reached it. */
  readonly limited: Readonly<Record<'turns' | 'cost', boolean>>;
};

/** Whatever else went wrong because of it, the cause comes first: gateway, cancellation, error, limit, agent. */
export function decideOutcome(facts: EndingFacts): Ending {
  if (facts.gatewayDeath !== undefined) return failedBy(facts.gatewayDeath);
  if (facts.cancelled) return { outcome: 'cancelled' };
  if (facts.thrown !== undefined) return failedBy(facts.thrown);
  if (facts.limit !== undefined) return failedBy(facts.limit);
  if (facts.budget !== undefined) {
    const failure: AgentFailure = { reason: 'max-budget', status: 0, message: '' };
    return { ...failedBy(facts.budget), failure };
  }
  return endingOfAgent(facts);
}

/** The error that a person reads for anything that was thrown. */
export function toBottleError(thrown: unknown): BottleError {
  if (thrown instanceof BottleError) return thrown;
  return new BottleError({
    outcome: 'internal-error',
    what: `bottle-action failed in a way that it does not know: ${messageOf(thrown)}`,
    where: thrown instanceof Error ? thrown.name : typeof thrown,
    fix: 'This is a defect of bottle-action. Please report it with the log of this step.',
    cause: thrown,
  });
}

function failedBy(thrown: unknown): Ending {
  const error = toBottleError(thrown);
  return { outcome: error.outcome, error };
}

function endingOfAgent(facts: EndingFacts): Ending {
  const { agent, limited } = facts;
  switch (agent?.kind) {
    case 'exited': {
      const failure = refine(agent.failure, facts.modelStatuses);
      if (failure === undefined) return { outcome: 'success' };
      const { reason } = failure;
      const isLimit =
        (reason === 'max-turns' && limited.turns) || (reason === 'max-budget' && limited.cost);
      return { outcome: isLimit ? 'limit-reached' : 'agent-failed', failure };
    }
    case 'turns': {
      const failure: AgentFailure = { reason: 'max-turns', status: 0, message: '' };
      return { outcome: 'limit-reached', failure };
    }
    case 'timed-out':
    case 'idle':
      return { outcome: agent.kind };
    default:
      return { outcome: 'internal-error' };
  }
}

/** They say that something went wrong, and not what. */
const VAGUE: readonly FailureReason[] = ['exit-code', 'api-error', 'no-output', 'crashed'];

/** An agent whose model answered nothing but refusals did nothing, whatever it says of it. */
function refine(
  failure: AgentFailure | undefined,
  statuses: EndingFacts['modelStatuses'],
): AgentFailure | undefined {
  const answers = Object.entries(statuses).sort(([, one], [, other]) => other - one);
  const [most] = answers;
  if (most === undefined || answers.some(([status]) => Number(status) < 400)) return failure;
  const status = Number(most[0]);
  const reason = reasonOfStatus(status);
  if (reason === undefined || (failure && !VAGUE.includes(failure.reason))) return failure;
  return { reason, status, message: failure?.message ?? '' };
}
