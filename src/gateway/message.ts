/** What the gateway process says, checked before the action believes it; published as a schema. */
import { z } from 'zod';
import { CHECK_RULES } from '../git-check/finding.ts';
import {
  DENIAL_RULES,
  type GatewayDecision,
  type GatewayLimit,
  type GatewayMessage,
  type GatewayPush,
  type GatewayUsage,
  type SuperviseRequest,
} from './protocol.ts';

const text = z.string().max(4096);
const count = z.int().min(0);
const time = z.iso.datetime();

const finding = z.strictObject({
  detector: z.enum(['token_patterns', 'known_secrets', 'entropy', 'naive_injection_detection']),
  label: text.describe('Name of the secret or of the rule; never the value'),
  where: z.enum(['host', 'path', 'query', 'header', 'body', 'frame']),
  action: z.enum(['blocked', 'redacted', 'warned']),
});

const decision: z.ZodType<GatewayDecision> = z
  .strictObject({
    type: z.literal('decision'),
    time: time.describe('When the request began'),
    decision: z
      .enum(['allowed', 'denied', 'failed'])
      .describe('`failed`: allowed, but the upstream did not answer'),
    rule: z.enum([...DENIAL_RULES, 'route']).describe('Why; `route` when it was allowed'),
    detail: text.describe('One sentence; empty when allowed'),
    route: text.describe('`host` of the route that fits; empty: none'),
    method: text.describe('`CONNECT` for a tunnel; empty when none could be read'),
    host: text.describe('As normalised; empty when none could be read'),
    port: count.max(65_535),
    path: text.describe('Without its query; empty for a tunnel'),
    status: count.describe('Of the answer; 0 for a tunnel'),
    bytesUp: count,
    bytesDown: count,
    milliseconds: z.number().min(0),
    credential: text.describe('Name of the credential that was put in; empty: none'),
    findings: z.array(finding).readonly(),
  })
  .describe('One request or one tunnel, and what became of it');

const usage: z.ZodType<GatewayUsage> = z
  .strictObject({
    type: z.literal('usage'),
    requests: count,
    tokens: z.strictObject({ input: count, output: count, cacheRead: count, cacheWrite: count }),
    bytes: count.describe('Through the gateway, both ways'),
    reckoned: count.describe('Tokens that no usage field named, from bytes').exactOptional(),
  })
  .describe('Totals so far, after an answer of a model');

const limit: z.ZodType<GatewayLimit> = z
  .strictObject({
    type: z.literal('limit'),
    limit: z.enum(['tokens', 'requests', 'bytes']),
    level: z.enum(['near', 'reached']).describe('`near`: 80 % are used'),
    used: count,
    allowed: count,
    route: text.describe('The route whose own limit it is; empty: of the run'),
  })
  .describe('A limit that is near, or was reached');

const supervise: z.ZodType<SuperviseRequest> = z
  .strictObject({
    type: z.literal('supervise'),
    time,
    tool: z.enum(['request_egress', 'request_capability', 'report_status']),
    fields: z.record(z.string().max(100), text),
  })
  .describe('What the agent asked for: its own words');

const checked = z.strictObject({
  rule: z.enum(CHECK_RULES),
  action: z.enum(['block', 'review']),
  commit: text.describe('Object id; empty: it is about all of them'),
  path: text,
  line: count.describe('From 1; 0: none'),
  detail: text.describe('What was found; never a secret'),
});

const push: z.ZodType<GatewayPush> = z
  .strictObject({
    type: z.literal('push'),
    time: time.describe('When all of it had arrived'),
    repository: text.describe('By its name in the manifest'),
    verdict: z
      .enum(['forwarded', 'recorded', 'refused'])
      .describe('`recorded`: kept on the runner; the upstream heard nothing of it'),
    refs: z
      .array(z.strictObject({ ref: text, old: text, new: text }))
      .readonly()
      .describe('With their object ids; zeros: it is made, or deleted'),
    findings: z.array(checked).readonly(),
    detail: text.describe('One sentence; empty unless refused'),
  })
  .describe('One push through the gate');

const line = z.union([decision, usage, limit, supervise, push]);

const message: z.ZodType<GatewayMessage> = z.union([
  line,
  z.strictObject({ type: z.literal('ready'), version: z.literal(1), certificate: z.string() }),
  z.strictObject({ type: z.literal('failed'), message: z.string() }),
]);

export type EgressLine = z.output<typeof line>;

/** @throws {Error} when the line is no message. */
export function parseMessage(json: string): GatewayMessage {
  return message.parse(JSON.parse(json));
}

/** The JSON Schema of one line of `egress.jsonl`, published as `schema/egress.schema.json`. */
export function egressSchemaText(): string {
  const described = line.describe('One line of egress.jsonl, the audit of a bottle’s gateway');
  return `${JSON.stringify(z.toJSONSchema(described), null, 2)}\n`;
}
