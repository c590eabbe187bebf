/** What a model says, turn by turn: read from `scenarios/NAME.json`, or given as it is. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const count = z.int().nonnegative();

/** `shell` is a command for whatever shell tool the agent offers; `repeat` makes a text long. */
const PartSchema = z.union([
  z.strictObject({ text: z.string(), repeat: z.int().positive().optional() }),
  z.strictObject({ tool: z.string(), input: z.record(z.string(), z.unknown()) }),
  z.strictObject({ shell: z.string() }),
]);

/**
 * What goes wrong once so many pieces are sent: a piece is an event of a stream, or half of a plain
 * answer. `cut`: the connection is reset. `hang`: nothing more comes. `garble`: pieces that are no
 * JSON and no event come in between. `endless`: text comes for as long as somebody listens.
 */
const FaultSchema = z.strictObject({
  kind: z.enum(['cut', 'hang', 'garble', 'endless']),
  after: count,
});

const AnswerSchema = z.strictObject({
  say: z.array(PartSchema),
  /** `input` is without what came from the cache, whatever the vendor's own field means. */
  usage: z
    .strictObject({
      input: count.default(0),
      output: count.default(0),
      cacheRead: count.default(0),
      cacheWrite: count.default(0),
    })
    .prefault({ input: 100, output: 20 }),
  /** Why it ended, in the vendor's word; by default what its parts make it. */
  stop: z.string().optional(),
  coding: z.enum(['identity', 'gzip', 'deflate', 'br', 'zstd']).default('identity'),
  fault: FaultSchema.optional(),
});

const RefusalSchema = z.strictObject({
  status: z.int().min(400).max(599),
  /** By default the vendor's own words for the status. */
  message: z.string().optional(),
  code: z.string().optional(),
  retryAfterSeconds: count.optional(),
});

const ScenarioSchema = z.strictObject({
  about: z.string(),
  /** The answer to a request that offers no tools, as for a title; such a request takes no turn. */
  aside: AnswerSchema.optional(),
  turns: z.array(z.union([AnswerSchema, RefusalSchema])),
  /** Once all turns are taken the last is taken again and again: for what clients retry. */
  repeatsLast: z.boolean().default(false),
});

export type Scenario = z.output<typeof ScenarioSchema>;
export type ScenarioSource = z.input<typeof ScenarioSchema>;
export type ScriptedAnswer = z.output<typeof AnswerSchema>;
export type ScriptedPart = z.output<typeof PartSchema>;
export type ScriptedRefusal = z.output<typeof RefusalSchema>;
export type Fault = z.output<typeof FaultSchema>;

/** A name stands for `scenarios/NAME.json`. */
export function loadScenario(source: string | ScenarioSource): Scenario {
  if (typeof source !== 'string') return ScenarioSchema.parse(source);
  const file = new URL(`./scenarios/${source}.json`, import.meta.url);
  return ScenarioSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
