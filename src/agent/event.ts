/** What agents do and say, in one form for all: the lines of `transcript.jsonl`, versioned. */
import { z } from 'zod';
import { FAILURE_REASONS } from '../errors.ts';

const text = z.string();
const count = z.int().min(0);

/** What an agent can tell of itself. */
const SAID = {
  started: {
    session: text.default('').describe('What the agent calls it; empty: it has none'),
    model: text.default(''),
    version: text.default('').describe('Of the agent’s program'),
  },
  text: { text },
  'tool-call': { id: text, name: text, input: z.unknown() },
  'tool-result': { id: text.describe('Of the call'), ok: z.boolean(), output: text },
  usage: {
    input: count.describe('Tokens since the last such event; without what came from the cache'),
    cacheRead: count.default(0),
    cacheWrite: count.default(0),
    output: count.describe('With those of reasoning'),
    reasoning: count.default(0),
  },
  'permission-denied': { tool: text },
  error: {
    reason: z.enum(FAILURE_REASONS).exactOptional(),
    status: z.int().min(100).max(599).exactOptional().describe('That the model’s API answered'),
    message: text,
  },
  finished: {
    ok: z.boolean(),
    turns: count.default(0).describe('As the agent counts them'),
    costUsd: z.number().min(0).exactOptional().describe('As the agent reckons it'),
    result: text.default(''),
    structured: z.unknown().optional(),
  },
} as const;

const STAMP = {
  time: z.iso.datetime(),
  turn: count.describe('Counts from 1; 0: before the first'),
};

function kind<K extends keyof typeof SAID, S extends z.ZodRawShape>(type: K, stamp: S) {
  return z.strictObject({ type: z.literal(type), ...stamp, ...SAID[type] });
}

function anyOf<S extends z.ZodRawShape>(stamp: S) {
  return z.discriminatedUnion('type', [
    kind('started', stamp),
    kind('text', stamp),
    kind('tool-call', stamp),
    kind('tool-result', stamp),
    kind('usage', stamp),
    kind('permission-denied', stamp),
    kind('error', stamp),
    kind('finished', stamp),
  ]);
}

/** As a reader makes them: when it was, and in which turn, is not its concern. */
const saidSchema = anyOf({});
/** A line of `transcript.jsonl`. */
const agentEventSchema = anyOf(STAMP);

export type AgentEvent = z.output<typeof agentEventSchema>;

/** What a reader makes of a line: events, and where a new turn of the model begins. */
export const readingSchema = z.union([saidSchema, z.strictObject({ type: z.literal('turn') })]);
export type Reading = z.output<typeof readingSchema>;

/** The published schema of `transcript.jsonl`, as text. */
export function transcriptSchemaText(): string {
  const { $schema, ...rest } = z.toJSONSchema(agentEventSchema, { target: 'draft-2020-12' });
  const title = 'A line of transcript.jsonl, version 1';
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
