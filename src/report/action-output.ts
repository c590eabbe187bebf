/** The action's outputs: what later steps of the workflow read. */
import type { HostPath } from '../host/host.ts';
import { deniedHosts, totalTokens } from './figure.ts';
import type { RunRecord } from './record.ts';
import type { KeptArtifact } from './upload.ts';

/** All of them, in the order of `action.yml`. Those of a later version are empty. */
export const OUTPUT_NAMES = [
  'outcome',
  'failure-reason',
  'exit-code',
  'result',
  'structured-output',
  'run-id',
  'artifact-id',
  'artifact-url',
  'artifact-digest',
  'artifacts',
  'image-digest',
  'image-cache-hit',
  'engine',
  'isolation',
  'tokens',
  'cost-usd',
  'changed-files',
  'patch',
  'branch',
  'commit',
  'pull-request-url',
  'session',
  'run-record',
  'secrets-found',
  'denied',
] as const;

export type OutputName = (typeof OUTPUT_NAMES)[number];
export type ActionOutputs = Readonly<Record<OutputName, string>>;

/** GitHub takes 1 MB of outputs from a whole job. */
const LARGEST_TEXT = 64 * 1024;

export type OutputPaths = {
  /** `changes.patch` on the runner; empty without a change. */
  readonly patch: HostPath;
  /** `run.json` on the runner; empty when it could not be written. */
  readonly record: HostPath;
  /** JSON without secrets; empty: none, or too large. */
  readonly structured: string;
};

/** `record` has had its secrets removed. */
export function actionOutputs(record: RunRecord, paths: OutputPaths): ActionOutputs {
  const { image } = record;
  const empty = Object.fromEntries(OUTPUT_NAMES.map((name) => [name, ''])) as ActionOutputs;
  return {
    ...empty,
    outcome: record.outcome,
    'failure-reason': record.failureReason ?? '',
    'exit-code': record.exitCode === null ? '' : String(record.exitCode),
    result: cap(record.result, 'The whole result is in result.md of the artifact.'),
    'structured-output': paths.structured,
    'run-id': record.runId,
    'image-digest': image.sha256 && `sha256:${image.sha256}`,
    'image-cache-hit': hitOf(image.hit),
    engine: record.engine.name,
    isolation: record.engine.isolation,
    tokens: tokensOf(record),
    'cost-usd': costOf(record),
    'changed-files': listTexts(record.change.files.map((file) => file.path)),
    patch: paths.patch,
    branch: record.writeBack.branch,
    commit: record.writeBack.commit,
    'pull-request-url': record.writeBack.pullRequest?.url ?? '',
    session: record.agent.session,
    'run-record': paths.record,
    'secrets-found': String(record.secretsFound),
    denied: listTexts(deniedHosts(record.egress)),
  };
}

/** As the gateway counted them, or else the agent. */
function tokensOf({ usage, agent: { tokens } }: RunRecord): string {
  if (usage.requests > 0) return String(totalTokens(usage));
  return tokens === null ? '' : String(totalTokens({ tokens }));
}

/** By the manifest's prices, or else as the agent reckons it. */
function costOf({ usage, agent }: RunRecord): string {
  const cost = usage.costUsd ?? agent.costUsd;
  return cost === null ? '' : String(cost);
}

/** Did the run spare itself the source? Empty where there is nothing to fetch. */
function hitOf(hit: RunRecord['image']['hit']): string {
  if (hit === null || hit === 'host') return '';
  return String(hit !== 'source');
}

/** Of all artifacts by what is in them, and of the one with the result by itself. */
export function artifactOutputs(artifacts: readonly KeptArtifact[]): Partial<ActionOutputs> {
  const result = artifacts.find(({ kind }) => kind === 'result');
  const all = artifacts.map(({ kind, ...artifact }) => [kind, artifact]);
  return {
    ...(result && {
      'artifact-id': result.id,
      'artifact-url': result.url,
      'artifact-digest': result.digest,
    }),
    artifacts: JSON.stringify(Object.fromEntries(all)),
  };
}

/** A JSON array, because a name may hold a line break. What is too much is in `run.json`. */
function listTexts(paths: readonly string[]): string {
  let left = LARGEST_TEXT;
  const tooMuch = paths.findIndex((path) => {
    left -= Buffer.byteLength(JSON.stringify(path)) + 1;
    return left < 0;
  });
  return JSON.stringify(tooMuch === -1 ? paths : paths.slice(0, tooMuch));
}

function cap(text: string, note: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= LARGEST_TEXT) return text;
  const start = new TextDecoder().decode(bytes.subarray(0, LARGEST_TEXT), { stream: true });
  return `${start}\n\n[Cut at ${LARGEST_TEXT / 1024} KiB. ${note}]`;
}
