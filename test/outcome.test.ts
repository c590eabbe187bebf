/** How a run ended, from what is known of it: the cause comes first, and no refusal is green. */
import { expect, test } from 'vitest';
import type { AgentRun } from '../src/agent/run.ts';
import { BottleError, type FailureReason, type Outcome } from '../src/errors.ts';
import { decideOutcome, type EndingFacts } from '../src/outcome.ts';

const ENDED = { kind: 'exited', exitCode: 0, failure: undefined } as AgentRun;
const failing = (reason: FailureReason): AgentRun => ({
  ...ENDED,
  failure: { reason, status: 0, message: 'said' },
});

const error = (outcome: Outcome) => new BottleError({ outcome, what: 'a', where: 'b', fix: 'c' });

const FACTS: EndingFacts = {
  thrown: undefined,
  agent: ENDED,
  cancelled: false,
  gatewayDeath: undefined,
  limit: undefined,
  budget: undefined,
  modelStatuses: {},
  limited: { turns: false, cost: false },
};

type Case = [what: string, facts: Partial<EndingFacts>, outcome: Outcome, reason?: FailureReason];

test.each<Case>([
  ['all well', {}, 'success'],
  ['a model that answered', { modelStatuses: { 200: 1, 429: 9 } }, 'success'],
  ['nothing but 429, exit 0', { modelStatuses: { 429: 4 } }, 'agent-failed', 'rate-limited'],
  ['nothing but 401, exit 0', { modelStatuses: { 401: 1 } }, 'agent-failed', 'auth'],
  ['mostly 529', { modelStatuses: { 529: 3, 500: 1 } }, 'agent-failed', 'overloaded'],
  [
    'an exit code that says little',
    { agent: failing('exit-code'), modelStatuses: { 401: 2 } },
    'agent-failed',
    'auth',
  ],
  [
    'an agent that knows better',
    { agent: failing('quota'), modelStatuses: { 429: 2 } },
    'agent-failed',
    'quota',
  ],
  ['its own limit', { agent: failing('max-turns') }, 'agent-failed', 'max-turns'],
  [
    "the plan's limit",
    { agent: failing('max-turns'), limited: { turns: true, cost: false } },
    'limit-reached',
    'max-turns',
  ],
  [
    'a turn too many',
    { agent: { ...ENDED, kind: 'turns', allowed: 3 } as AgentRun },
    'limit-reached',
    'max-turns',
  ],
  ['a dollar too many', { budget: error('limit-reached') }, 'limit-reached', 'max-budget'],
  ['silence', { agent: { ...ENDED, kind: 'idle' } as AgentRun }, 'idle'],
  ['cancelled before that', { cancelled: true, agent: failing('auth') }, 'cancelled'],
  [
    'no gateway before all',
    { gatewayDeath: error('gateway-failed'), cancelled: true },
    'gateway-failed',
  ],
  ['a phase that threw', { thrown: error('boot-failed'), agent: undefined }, 'boot-failed'],
])('%s', (_, facts, outcome, reason) => {
  const ending = decideOutcome({ ...FACTS, ...facts });
  expect([ending.outcome, ending.failure?.reason]).toEqual([outcome, reason]);
});
