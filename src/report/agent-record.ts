/** The record's part about the agent: what it is, and what it says that it did. */
import { z } from 'zod';
import type { Tally } from '../agent/tally.ts';
import type { Plan } from '../plan/plan.ts';

const text = z.string();
const count = z.int().min(0);

export const agentRecordSchema = z
  .strictObject({
    name: text,
    provider: text,
    bottles: z.array(text).readonly(),
    model: text.describe('As the agent says; empty: it does not'),
    version: text.describe('Of its program, as it says'),
    session: text.describe('As it calls it; empty: it has none'),
    turns: count,
    tools: z
      .array(z.strictObject({ name: text, calls: count }))
      .readonly()
      .describe('By name; at most 200 names'),
    denied: z.array(text).readonly().describe('Tools that were refused to it'),
    tokens: z
      .strictObject({
        input: count,
        output: count,
        cacheRead: count,
        cacheWrite: count,
        reasoning: count,
      })
      .nullable()
      .describe(
        'As the agent counts them; null: it does not. `usage` has what the gateway counted',
      ),
    costUsd: z.number().min(0).nullable().describe('As the agent reckons it; null: it does not'),
  })
  .describe('What it says of itself may be anything');

export type AgentRecord = z.output<typeof agentRecordSchema>;

/** How the agent ended; `exitCode` is null when we ended it. */
export type AgentFacts = {
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Absent: it said nothing. */
  readonly told?: Tally;
  readonly notices?: readonly string[];
};

export function makeAgentRecord(
  { name, provider, bottles }: Plan['agent'],
  told: Tally | undefined,
): AgentRecord {
  return {
    name: name.value,
    provider: provider.value,
    bottles: bottles.value,
    model: told?.model ?? '',
    version: told?.version ?? '',
    session: told?.session ?? '',
    turns: told?.turns ?? 0,
    tools: told?.tools ?? [],
    denied: told?.denied ?? [],
    tokens: told?.tokens ?? null,
    costUsd: told?.finished?.costUsd ?? null,
  };
}
