/** Decides how a run ended: from what was thrown, from the agent's end, from the signals; never from text. */
import type { AgentRun } from './agent/run.ts';
import { BottleError, messageOf, type Outcome } from './errors.ts';

export type Ending = { readonly outcome: Outcome; readonly error?: BottleError };

export type EndingFacts = {
  /** What a phase threw, if one did. */
  readonly thrown: unknown;
  readonly agent: AgentRun | undefined;
  readonly cancelled: boolean;
  /** Why the gateway was gone before the end. */
  readonly gatewayDeath: BottleError | undefined;
  /** The gateway refused something because a limit was reached. */
  readonly limit: BottleError | undefined;
};

/** Whatever else went wrong because of it, the cause comes first: gateway, cancellation, error, limit, agent. */
export function decideOutcome(facts: EndingFacts): Ending {
  if (facts.gatewayDeath !== undefined) return failedBy(facts.gatewayDeath);
  if (facts.cancelled) return { outcome: 'cancelled' };
  if (facts.thrown !== undefined) return failedBy(facts.thrown);
  if (facts.limit !== undefined) return failedBy(facts.limit);
  return { outcome: outcomeOfAgent(facts.agent) };
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

function outcomeOfAgent(agent: AgentRun | undefined): Outcome {
  switch (agent?.kind) {
    case 'exited':
      return agent.exitCode === 0 ? 'success' : 'agent-failed';
    case 'timed-out':
    case 'idle':
      return agent.kind;
    default:
      return 'internal-error';
  }
}
