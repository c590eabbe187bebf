/** What a limit of the gateway means for a person: a sentence for the log, an error for the run. */
import { BottleError } from './errors.ts';
import type { GatewayLimit } from './gateway/protocol.ts';
import type { Plan } from './plan/plan.ts';
import { costOf, type PricedTokens } from './price.ts';

const UNITS = {
  tokens: 'model tokens',
  requests: 'model requests',
  bytes: 'bytes through the gateway',
};

export function limitSentence({ level, limit, used, allowed, route }: GatewayLimit): string {
  const of = route === '' ? '' : ` of the route ${route}`;
  const what = `${used} of ${allowed} ${UNITS[limit]}${of} are used`;
  return level === 'near' ? `${what}.` : `${what}: the limit is reached, and the agent is ended.`;
}

/** `limit-reached`, with the key that set the limit and where it stands. */
export function limitReached(
  { limit, used, allowed, route }: GatewayLimit,
  plan: Plan,
): BottleError {
  const own = route === '' ? plan.reach.limits[limit].source : sourceOfRoute(plan, route);
  return new BottleError({
    outcome: 'limit-reached',
    what: `The agent ${plan.agent.name.value} was ended because it used ${used} of ${allowed} ${UNITS[limit]}`,
    where: `${route === '' ? KEYS[limit] : `egress.routes max_bytes of ${route}`}: ${allowed}, from ${own}`,
    fix: 'Give it a smaller task or raise the limit; what it made until then is in the artifact.',
  });
}

/** `limit-reached` once the tokens cost more than the plan allows; undefined until then. */
export function spentOver(
  { agent, limits }: Pick<Plan, 'agent' | 'limits'>,
  tokens: PricedTokens,
): BottleError | undefined {
  const { value: allowed, source } = limits.costUsd;
  if (allowed === null || agent.prices === null) return undefined;
  const spent = costOf(agent.prices, tokens);
  if (spent <= allowed) return undefined;
  return new BottleError({
    outcome: 'limit-reached',
    what: `The agent ${agent.name.value} was ended because it spent ${spent} of ${allowed} US dollars`,
    where: `limits.cost_usd: ${allowed}, from ${source}, by agent_provider.prices`,
    fix: 'Give it a smaller task or raise the limit; what it made until then is in the artifact.',
  });
}

const KEYS = { tokens: 'limits.tokens', requests: 'limits.requests', bytes: 'egress.max_bytes' };

function sourceOfRoute(plan: Plan, host: string): string {
  return plan.reach.routes.find((route) => route.host === host)?.source ?? 'the manifest';
}
