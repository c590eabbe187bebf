/** The record's part about the gateway: what was reached, what was refused, what was used up. */
import { z } from 'zod';
import type { EgressFacts } from '../gateway/egress-log.ts';
import type { Plan } from '../plan/plan.ts';
import { costOf, type Prices } from '../price.ts';
import { adviseRoutes } from './egress-advice.ts';

const text = z.string();
const count = z.int().min(0);

const refusal = z.strictObject({
  rule: text.describe('As in egress.jsonl'),
  route: text,
  method: text,
  host: text,
  port: count,
  path: text,
  detail: text,
  times: count,
});

export const egressSchema = z
  .strictObject({
    mode: z.enum(['enforce', 'learn']),
    allowed: count.describe('Requests; a tunnel counts as one'),
    denied: count,
    failed: count.describe('Allowed, but the upstream did not answer'),
    routes: z
      .array(
        z.strictObject({
          route: text.describe('`host` of the route'),
          source: text,
          credential: text.describe('Name of the variable that holds it; empty: none'),
          requests: count,
          denied: count,
          failed: count,
          bytesUp: count,
          bytesDown: count,
          statuses: z.record(text, count).describe('How often which status was answered'),
        }),
      )
      .readonly()
      .describe('Those that were used'),
    denials: z.array(refusal).readonly().describe('Equal ones counted together; at most 500'),
    failures: z.array(refusal).readonly(),
    findings: z
      .array(
        z.strictObject({
          detector: text,
          label: text,
          where: text,
          action: z.enum(['blocked', 'redacted', 'warned']),
          times: count,
        }),
      )
      .readonly(),
    asked: z
      .array(z.strictObject({ tool: text, fields: z.record(z.string(), text) }))
      .readonly()
      .describe('What the agent asked for through the supervise tools'),
    advice: text.describe('Lines of a manifest that would allow what was denied'),
  })
  .describe('What went through the gateway; every line of it is in egress.jsonl');

export const usageSchema = z
  .strictObject({
    requests: count.describe('To models'),
    tokens: z.strictObject({ input: count, output: count, cacheRead: count, cacheWrite: count }),
    bytes: count.describe('Through the gateway, both ways'),
    costUsd: z
      .number()
      .min(0)
      .nullable()
      .describe('By `agent_provider.prices`; null: there are none'),
    reckoned: count.describe('How many of the tokens no answer named: from its bytes'),
  })
  .describe('As the gateway counted it');

export type EgressRecord = z.output<typeof egressSchema>;
export type UsageRecord = z.output<typeof usageSchema>;

export function makeEgressRecord(
  facts: EgressFacts | undefined,
  reach: Plan['reach'],
): EgressRecord {
  return {
    mode: reach.mode.value,
    allowed: facts?.allowed ?? 0,
    denied: facts?.denied ?? 0,
    failed: facts?.failed ?? 0,
    routes: (facts?.routes ?? []).map((traffic) => {
      const route = reach.routes.find(({ host }) => host === traffic.route);
      const { source = '', auth } = route ?? {};
      return { ...traffic, source, credential: auth?.name ?? '' };
    }),
    denials: facts?.denials ?? [],
    failures: facts?.failures ?? [],
    findings: facts?.findings ?? [],
    asked: (facts?.requests ?? []).map(({ tool, fields }) => ({ tool, fields })),
    advice: facts ? adviseRoutes(facts, reach) : '',
  };
}

export function makeUsageRecord(
  facts: EgressFacts | undefined,
  prices: Prices | null,
): UsageRecord {
  const none = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
  const tokens = facts?.usage.tokens ?? none;
  const { requests = 0, bytes = 0, reckoned = 0 } = facts?.usage ?? {};
  const moved = (facts?.routes ?? []).reduce(
    (sum, { bytesUp, bytesDown }) => sum + bytesUp + bytesDown,
    0,
  );
  const all = Math.max(bytes, moved);
  const costUsd = prices && costOf(prices, tokens);
  return { requests, tokens, bytes: all, costUsd, reckoned };
}
