/** What `run.json` says about where a run came from: inputs, manifest, trust, workflow, runner. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Plan } from '../plan/plan.ts';

const text = z.string();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const given = z.strictObject({ sha256, bytes: z.int().min(0) });

export const originSchema = z
  .strictObject({
    inputs: z
      .record(text, sha256)
      .describe("Digests of the step's inputs that are not empty, never of `token`"),
    task: given.describe('As the agent got it'),
    prompt: given,
    manifest: z.strictObject({
      path: text,
      ref: text.describe('The commit that it was read from, or `worktree`'),
      sha256: sha256.describe('Of the names and bytes of all that was read'),
    }),
    trust: z.strictObject({
      head: z.enum(['trusted', 'untrusted']),
      credentialsDropped: z.boolean(),
      reason: text,
    }),
    repository: z.strictObject({
      server: text.describe('Empty outside of a workflow'),
      name: text,
      ref: text,
      sha: text,
      event: text,
      actor: text,
    }),
    workflow: z.strictObject({
      ref: text.describe('The workflow file, with the ref that it was read at'),
      sha: text,
      job: text,
      runId: text,
      runAttempt: text,
    }),
    action: z.strictObject({ repository: text, ref: text }).describe('Of this action, as used'),
    runner: z.strictObject({ os: text, arch: text, environment: text }),
  })
  .describe('What the run was made from');

export type OriginRecord = Readonly<z.output<typeof originSchema>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** What the runner says about the step. */
export type StepOrigin = Pick<OriginRecord, 'repository' | 'workflow' | 'action' | 'runner'>;

export function stepOrigin(env: Environment): StepOrigin {
  const of = (name: string) => env[name] ?? '';
  return {
    repository: {
      server: of('GITHUB_SERVER_URL'),
      name: of('GITHUB_REPOSITORY'),
      ref: of('GITHUB_REF'),
      sha: of('GITHUB_SHA'),
      event: of('GITHUB_EVENT_NAME'),
      actor: of('GITHUB_ACTOR'),
    },
    workflow: {
      ref: of('GITHUB_WORKFLOW_REF'),
      sha: of('GITHUB_WORKFLOW_SHA'),
      job: of('GITHUB_JOB'),
      runId: of('GITHUB_RUN_ID'),
      runAttempt: of('GITHUB_RUN_ATTEMPT'),
    },
    action: { repository: of('GITHUB_ACTION_REPOSITORY'), ref: of('GITHUB_ACTION_REF') },
    runner: {
      os: of('RUNNER_OS'),
      arch: of('RUNNER_ARCH'),
      environment: of('RUNNER_ENVIRONMENT'),
    },
  };
}

export function makeOriginRecord(
  { provision, manifest, trust }: Plan,
  inputs: Readonly<Record<string, string>>,
  step: StepOrigin,
): OriginRecord {
  return {
    inputs,
    task: digestOf(provision.task.text),
    prompt: digestOf(provision.prompt.text),
    manifest: { ...manifest, ref: trust.ref },
    trust: {
      head: trust.head,
      credentialsDropped: trust.dropCredentials,
      reason: trust.reason,
    },
    ...step,
  };
}

function digestOf(content: string): OriginRecord['task'] {
  const bytes = Buffer.from(content);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}
