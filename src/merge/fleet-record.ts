/** `fleet.json`: what came of a fleet's runs. Versioned plain data; its published schema comes from here. */
import { z } from 'zod';
import { OUTCOMES } from '../errors.ts';
import { FIGURES } from '../report/figure.ts';
import { runUrl } from '../report/link.ts';
import type { Gathered, ReadRecord } from './gather.ts';

const text = z.string();
const count = z.int().min(0);

const run = z.strictObject({
  source: text.describe('The artifact or the file that its record was found in'),
  file: text.describe('Its record in the artifact of the fleet'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('Of its record'),
  runId: text,
  agent: text,
  outcome: z.enum(OUTCOMES),
  reason: text,
  durationMs: z.number().min(0),
  tokens: count,
  requests: count,
  denied: count,
  secretsFound: count,
  change: z.strictObject({
    verdict: z.enum(['none', 'clean', 'review', 'blocked', 'refused']),
    files: count,
    added: count,
    removed: count,
    commits: count,
  }),
  answer: text.describe('The beginning of its answer'),
  url: text.describe('Of its workflow run; empty: not known'),
});

export const fleetRecordSchema = z
  .strictObject({
    version: z.literal(1),
    runs: z.array(run).readonly(),
    broken: z
      .array(z.strictObject({ source: text, problem: text }))
      .readonly()
      .describe('Records that could not be used'),
    expected: count.describe('How many runs there should be; 0: not known'),
    missing: count.describe('Of the expected ones, how many left no record'),
    totals: z.strictObject({
      runs: count,
      succeeded: count,
      outcomes: z.record(text, count),
      durationMs: z.number().min(0).describe('Of all runs, one after the other'),
      tokens: count,
      requests: count,
      denied: count,
      secretsFound: count,
      files: count,
    }),
  })
  .describe('The record of one fleet of bottle-action');

export type FleetRecord = Readonly<z.output<typeof fleetRecordSchema>>;
export type FleetRun = FleetRecord['runs'][number];

/** The JSON Schema that is published as `schema/fleet.schema.json`. */
export function fleetSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(fleetRecordSchema), null, 2)}\n`;
}

const LONGEST_ANSWER = 2000;

export function makeFleetRecord({ records, broken }: Gathered, expected: number): FleetRecord {
  const runs = records.map(describeRun);
  const total = (amount: (one: FleetRun) => number) =>
    runs.reduce((sum, one) => sum + amount(one), 0);
  const outcomes = OUTCOMES.map((outcome) => [
    outcome,
    runs.filter((one) => one.outcome === outcome).length,
  ]);
  return {
    version: 1,
    runs,
    broken,
    expected,
    missing: Math.max(0, expected - runs.length - broken.length),
    totals: {
      runs: runs.length,
      succeeded: runs.filter(({ outcome }) => outcome === 'success').length,
      outcomes: Object.fromEntries(outcomes.filter(([, times]) => times !== 0)),
      durationMs: total(({ durationMs }) => durationMs),
      tokens: total(({ tokens }) => tokens),
      requests: total(({ requests }) => requests),
      denied: total(({ denied }) => denied),
      secretsFound: total(({ secretsFound }) => secretsFound),
      files: total(({ change }) => change.files),
    },
  };
}

function describeRun({ source, record, sha256 }: ReadRecord, at: number): FleetRun {
  const { runId, outcome, reason, durationMs, usage, egress, secretsFound, change } = record;
  const safeName = runId.replace(/[^a-z0-9-]/gi, '_').slice(0, 80);
  return {
    source,
    file: `runs/${String(at + 1).padStart(3, '0')}-${safeName}.json`,
    sha256,
    runId,
    agent: record.agent.name,
    outcome,
    reason,
    durationMs,
    tokens: FIGURES.tokens(record),
    requests: usage.requests,
    denied: egress.denied,
    secretsFound,
    change: {
      verdict: change.verdict,
      files: FIGURES['files changed'](record),
      added: FIGURES['lines added'](record),
      removed: FIGURES['lines removed'](record),
      commits: FIGURES.commits(record),
    },
    answer: record.result.slice(0, LONGEST_ANSWER),
    url: runUrl(record),
  };
}
