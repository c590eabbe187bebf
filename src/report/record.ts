/** `run.json`, the record of a run: versioned plain data. Its published schema comes from here. */
import { z } from 'zod';
import type { AgentFailure } from '../agent/judge.ts';
import { ARTIFACT_KINDS } from '../artifact-kind.ts';
import { type BottleError, FAILURE_REASONS, OUTCOMES, type Outcome } from '../errors.ts';
import type { EgressFacts } from '../gateway/egress-log.ts';
import type { ImageFacts } from '../image/request.ts';
import type { Collected } from '../outputs/outputs.ts';
import type { Plan } from '../plan/plan.ts';
import type { Proposal } from '../proposal/proposal.ts';
import type { Provisioned } from '../provision/provisioned.ts';
import type { KeptSession } from '../session/session.ts';
import type { WriteBack } from '../write-back/written.ts';
import { type AgentFacts, agentRecordSchema, makeAgentRecord } from './agent-record.ts';
import { changeSchema, makeChangeRecord } from './change-record.ts';
import {
  egressSchema,
  makeEgressRecord,
  makeUsageRecord,
  type UsageRecord,
  usageSchema,
} from './egress-record.ts';
import { explain } from './explain.ts';
import { totalTokens } from './figure.ts';
import { makeOriginRecord, originSchema, type StepOrigin } from './origin-record.ts';
import { makeSessionRecord, sessionRecordSchema } from './session-record.ts';
import { makeWriteBackRecord, writeBackSchema } from './write-back-record.ts';

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const list = <T extends z.ZodType>(of: T) => z.array(of).readonly();

const phase = z.strictObject({
  name: text,
  startMs: amount.describe('Counts from `startedAt`'),
  durationMs: amount,
  failed: z.boolean(),
});

const problem = z.strictObject({
  message: text,
  file: text.exactOptional(),
  line: z.int().min(1).exactOptional(),
  column: z.int().min(1).exactOptional(),
});

const counted = count.nullable().describe('Null: no limit');

const limits = z.strictObject({
  minutes: z.strictObject({ limit: amount, used: amount }),
  idleMinutes: z.strictObject({ limit: amount.describe('0: no limit') }),
  outputMib: z.strictObject({ limit: amount, used: amount }),
  turns: z.strictObject({ limit: counted, used: count }),
  costUsd: z.strictObject({ limit: amount.nullable(), used: amount.nullable() }),
  tokens: z.strictObject({ limit: counted, used: count }),
  requests: z.strictObject({ limit: counted, used: count }),
  bytes: z.strictObject({ limit: counted, used: count }),
});

const wall = z.strictObject({
  name: text,
  expected: text,
  found: text.describe('What happened when it was tried from inside'),
  milliseconds: amount,
});

const artifact = z.strictObject({
  kind: z.enum(ARTIFACT_KINDS),
  name: text,
  id: text,
  digest: text.describe('`sha256:` and hex, of what was uploaded'),
  size: count.describe('Bytes as uploaded'),
});

export const runRecordSchema = z
  .strictObject({
    version: z.literal(1),
    runId: text,
    outcome: z.enum(OUTCOMES),
    reason: text.describe('One sentence: why the outcome is what it is'),
    where: text.describe('Which value, from where; empty on success'),
    fix: text.describe('What to do now; empty on success'),
    problems: list(problem),
    exitCode: z.int().nullable().describe('Null when the agent never ran or was ended by us'),
    failureReason: z
      .enum(FAILURE_REASONS)
      .nullable()
      .describe('Why the agent failed, or which limit of its own it reached'),
    agent: agentRecordSchema,
    engine: z.strictObject({
      name: z.enum(['smolvm', 'bubblewrap']),
      version: text.describe('Empty when the run ended before it was asked'),
      isolation: z.enum(['microvm', 'namespaces']),
    }),
    machine: z.strictObject({ cpus: amount, memoryMib: amount, storageGib: amount }),
    image: z.strictObject({
      kind: z.enum(['host', 'smolmachine', 'from', 'smolfile']),
      reference: text.describe('As it was planned: a path, an address, a name'),
      sha256: sha256.or(z.literal('')),
      bytes: count.describe('0 when nothing was fetched'),
      hit: z
        .enum(['host', 'store', 'cache', 'source'])
        .nullable()
        .describe('The layer that had it: the local store, the Actions cache or its source'),
      milliseconds: amount,
    }),
    origin: originSchema,
    startedAt: z.iso.datetime(),
    durationMs: amount,
    phases: list(phase),
    limits,
    usage: usageSchema,
    egress: egressSchema,
    walls: list(wall).describe('Probes from inside, before a credential or a prompt went in'),
    provisioned: z.strictObject({ files: count, bytes: count, skills: list(text) }),
    outputs: z.strictObject({
      files: list(z.strictObject({ path: text, size: count, sha256 })),
      refused: list(z.strictObject({ path: text, reason: text })),
    }),
    change: changeSchema,
    writeBack: writeBackSchema,
    session: sessionRecordSchema,
    result: text,
    artifacts: list(artifact).describe('Those that were uploaded before the one that holds this'),
    notices: list(text),
    secretsFound: count.describe('Secret values that were found in what leaves the run'),
    secrets: list(z.strictObject({ label: text, count })).describe('The same by name or rule'),
  })
  .describe('The record of one run of bottle-action');

/** The JSON Schema that is published as `schema/run.schema.json`. */
export function recordSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(runRecordSchema), null, 2)}\n`;
}

export type RunRecord = Readonly<z.output<typeof runRecordSchema>>;
export type Phase = Readonly<z.output<typeof phase>>;
export type Wall = Readonly<z.output<typeof wall>>;

/** What is known when a run ends; what is absent was not reached. */
export type RunFacts = {
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly phases: readonly Phase[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Digests of the step's inputs, without secrets. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly step: StepOrigin;
  /** What ended the run, where the agent's own end did not. */
  readonly error?: BottleError;
  readonly engineVersion?: string;
  /** Of the image that was booted; `sha256` is lower-case hex. */
  readonly image?: ImageFacts;
  readonly egress?: EgressFacts;
  readonly walls?: readonly Wall[];
  readonly provisioned?: Provisioned;
  /** How the agent ended; `exitCode` is null when we ended it. */
  readonly agent?: AgentFacts;
  /** Why the agent failed, where it did. */
  readonly failure?: AgentFailure;
  readonly collected?: Collected;
  readonly proposal?: Proposal;
  readonly session?: KeptSession;
  readonly writeBack?: WriteBack;
};

/** Pure. Secrets are not looked for here: `report` does that before anything is written. */
export function makeRecord(facts: RunFacts): RunRecord {
  const { plan, outcome, agent, provisioned, collected } = facts;
  const exitCode = agent?.exitCode ?? null;
  const { what, where, fix } = facts.error ?? explain(outcome, plan, exitCode, facts.failure);
  const files = collected?.files ?? [];
  const usage = makeUsageRecord(facts.egress, plan.agent.prices);
  return {
    version: 1,
    runId: plan.runId,
    outcome,
    reason: what,
    where,
    fix,
    problems: [...(facts.error?.problems ?? [])],
    exitCode,
    failureReason: facts.failure?.reason ?? null,
    agent: makeAgentRecord(plan.agent, agent?.told),
    engine: {
      name: plan.engine.value,
      version: facts.engineVersion ?? '',
      isolation: plan.isolation,
    },
    machine: {
      cpus: plan.machine.cpus.value,
      memoryMib: plan.machine.memoryMib.value,
      storageGib: plan.machine.storageGib.value,
    },
    image: describeImage(facts),
    origin: makeOriginRecord(plan, facts.inputs, facts.step),
    startedAt: new Date(facts.startedAt).toISOString(),
    durationMs: facts.endedAt - facts.startedAt,
    phases: facts.phases,
    limits: limitsOf(facts, usage),
    usage,
    egress: makeEgressRecord(facts.egress, plan.reach),
    walls: facts.walls ?? [],
    provisioned: {
      files: provisioned?.files ?? 0,
      bytes: provisioned?.bytes ?? 0,
      skills: provisioned?.skills ?? [],
    },
    outputs: { files, refused: collected?.refused ?? [] },
    change: makeChangeRecord(facts.proposal, provisioned?.baseCommit ?? ''),
    writeBack: makeWriteBackRecord(facts.writeBack, plan.git.push),
    session: makeSessionRecord(plan.session, facts.session),
    result: collected?.result || (agent?.told?.finished?.result ?? ''),
    artifacts: [],
    notices: [
      ...(facts.image?.notices ?? []),
      ...(agent?.notices ?? []),
      ...(provisioned?.notices ?? []),
      ...(collected?.notices ?? []),
      ...(facts.proposal?.notices ?? []),
      ...(facts.session?.reason ? [`The session is not kept: ${facts.session.reason}`] : []),
      ...(facts.writeBack?.notices ?? []),
      ...(facts.egress?.cut ? ['egress.jsonl was cut: it grew over 128 MiB'] : []),
    ],
    secretsFound: 0,
    secrets: [],
  };
}

function limitsOf({ plan, agent, collected }: RunFacts, usage: UsageRecord): RunRecord['limits'] {
  const { minutes, idleMinutes, outputMib, turns, costUsd } = plan.limits;
  const cost = usage.costUsd ?? agent?.told?.finished?.costUsd ?? null;
  const { tokens, requests, bytes } = plan.reach.limits;
  return {
    minutes: { limit: minutes.value, used: round((agent?.durationMs ?? 0) / 60_000) },
    idleMinutes: { limit: idleMinutes.value },
    outputMib: { limit: outputMib.value, used: round(sizeOf(collected?.files ?? []) / 1024 ** 2) },
    turns: { limit: turns.value, used: agent?.told?.turns ?? 0 },
    costUsd: { limit: costUsd.value, used: cost },
    tokens: { limit: tokens.value, used: totalTokens(usage) },
    requests: { limit: requests.value, used: usage.requests },
    bytes: { limit: bytes.value, used: usage.bytes },
  };
}

function describeImage({ plan, image }: RunFacts): RunRecord['image'] {
  const planned = plan.image.value;
  return {
    kind: planned.kind,
    reference: referenceOf(planned),
    sha256: image?.sha256 || (planned.kind === 'smolmachine' ? planned.sha256 : ''),
    bytes: image?.bytes ?? 0,
    hit: image?.hit ?? null,
    milliseconds: image?.milliseconds ?? 0,
  };
}

function referenceOf(image: Plan['image']['value']): string {
  if (image.kind === 'host') return '';
  if (image.kind === 'smolfile') return image.path;
  // An address may hold a password or a signed query.
  return image.reference.replace(/^(https:\/\/)(?:[^/?#]*@)?([^?#]*).*$/is, '$1$2');
}

function sizeOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
