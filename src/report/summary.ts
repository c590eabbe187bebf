/** The step summary: what a maintainer should know in ten seconds, in GitHub's Markdown. */
import type { BottleError, Outcome, Problem } from '../errors.ts';
import { type ArtifactPlace, renderArtifacts } from './artifact-summary.ts';
import { renderChange } from './change-summary.ts';
import { totalTokens } from './egress-record.ts';
import { renderEgress } from './egress-summary.ts';
import { code, fenced } from './guest-text.ts';
import { join, limited, section, size, table } from './markdown.ts';
import { phaseChart } from './phase-chart.ts';
import type { RunRecord } from './record.ts';

/**
 * GitHub drops a summary over 1 MiB as a whole. These caps keep the worst text there is, in which
 * a fence is as long as its content, under 900 KiB.
 */
const LARGEST = { result: 16 * 1024, patch: 96 * 1024, failure: 4 * 1024 };

/** The mark stands first, so that the outcome is told without colour or picture. */
const HEADLINES: Readonly<Record<Outcome, readonly [mark: string, sentence: string]>> = {
  success: ['PASS', 'The agent finished its task'],
  'agent-failed': ['FAIL', 'The agent did not finish its task'],
  'timed-out': ['STOP', 'The agent ran out of time'],
  idle: ['STOP', 'The agent fell silent'],
  'limit-reached': ['STOP', 'The agent reached a limit'],
  cancelled: ['STOP', 'The run was cancelled'],
  'isolation-failed': ['FAIL', 'The bottle could not prove its walls'],
  'image-failed': ['FAIL', 'There was no usable image'],
  'boot-failed': ['FAIL', 'The machine did not start'],
  'provision-failed': ['FAIL', 'The bottle could not be provisioned'],
  'gateway-failed': ['FAIL', 'The gateway failed'],
  'config-invalid': ['FAIL', 'The configuration is not valid'],
  untrusted: ['FAIL', 'The event is not trusted to run an agent'],
  'internal-error': ['FAIL', 'The action itself failed'],
};

/**
 * Below 900 KiB, whatever the run left. Both arguments have had their secrets removed; of the patch
 * the beginning is enough.
 */
export function renderSummary(
  record: RunRecord,
  extras: { readonly patch: string; readonly artifacts?: readonly ArtifactPlace[] },
): string {
  return join([
    headline(record.outcome),
    facts(record),
    record.outcome === 'success' ? '' : failure({ ...record, what: record.reason }),
    notices(record),
    section('Result', record.result && showResult(record.result)),
    section('Change', renderChange(record.change, extras.patch, LARGEST.patch)),
    section('Outputs', outputs(record)),
    section('Refused', refused(record)),
    section('Artifacts', renderArtifacts(extras.artifacts ?? [])),
    section('Reach', renderEgress(record.egress)),
    section('Phases', phaseChart(record.phases)),
    section('Limits', limits(record)),
    section('Bottle', bottle(record)),
  ]);
}

/** The summary of a run that ended before it had a plan. */
export function renderEarlySummary(error: BottleError): string {
  return join([
    headline(error.outcome),
    'Nothing was started, and nothing was created.',
    failure(error),
  ]);
}

function headline(outcome: Outcome): string {
  const [mark, sentence] = HEADLINES[outcome];
  return `## ${mark}: ${sentence}`;
}

function facts(record: RunRecord): string {
  const exit = record.exitCode === null ? [] : [`exit code ${record.exitCode}`];
  return [
    `Agent ${code(record.agent.name)}`,
    `outcome ${code(record.outcome)}`,
    ...exit,
    duration(record.durationMs),
    `run ${code(record.runId)}`,
  ].join(' · ');
}

type Failure = {
  readonly what: string;
  readonly where: string;
  readonly fix: string;
  readonly problems: readonly Problem[];
};

function failure({ what, where, fix, problems }: Failure): string {
  const text = `What:  ${what}\nWhere: ${where}\nFix:   ${fix}`;
  const row = (problem: Problem) => `- ${code(place(problem))} ${code(problem.message)}`;
  return join([fenced(text, 'text', LARGEST.failure, ''), limited(problems, row)]);
}

function place({ file, line, column }: Problem): string {
  return [file ?? 'configuration', line, column].filter((part) => part !== undefined).join(':');
}

function notices(record: RunRecord): string {
  const found = record.secretsFound;
  return join([
    found > 0 ? `**Secret values found in what leaves the run: ${found}**` : '',
    limited(record.notices, (notice) => `- Notice: ${code(notice)}`),
  ]);
}

function showResult(result: string): string {
  const rest = 'The whole of it is in `result.md` of the artifact.';
  return fenced(result, 'text', LARGEST.result, rest);
}

function outputs(record: RunRecord): string {
  return table(
    ['File', 'Size', 'SHA-256'],
    record.outputs.files,
    (file) => `| ${code(file.path)} | ${size(file.size)} | ${code(file.sha256.slice(0, 12))} |`,
  );
}

function refused(record: RunRecord): string {
  return table(
    ['Entry', 'Why it was left behind'],
    record.outputs.refused,
    (entry) => `| ${code(entry.path)} | ${code(entry.reason)} |`,
  );
}

function limits({
  limits: { minutes, idleMinutes, outputMib, ...counted },
  usage,
}: RunRecord): string {
  const idle = idleMinutes.limit === 0 ? 'none' : String(idleMinutes.limit);
  const allowed = (limit: number | null) => limit ?? 'none';
  return table(
    ['Limit', 'Used', 'Allowed'],
    [
      `| Minutes of the agent | ${minutes.used} | ${minutes.limit} |`,
      `| Minutes of silence | | ${idle} |`,
      `| MiB of outputs | ${outputMib.used} | ${outputMib.limit} |`,
      `| Model tokens${usage.reckoned > 0 ? `, ${usage.reckoned} of them reckoned from bytes` : ''} | ${totalTokens(usage)} | ${allowed(counted.tokens.limit)} |`,
      `| Model requests | ${usage.requests} | ${allowed(counted.requests.limit)} |`,
      `| Bytes through the gateway | ${usage.bytes} | ${allowed(counted.bytes.limit)} |`,
    ],
    (row) => row,
  );
}

function bottle({ engine, image, machine, walls: proven }: RunRecord): string {
  const walls =
    engine.isolation === 'microvm'
      ? 'a virtual machine of its own'
      : 'namespaces: weaker than a machine of its own';
  const version = engine.version && ` ${code(engine.version)}`;
  const source =
    image.kind === 'host'
      ? "the runner's own `/usr`, read-only"
      : code(image.reference) + (image.sha256 && `, SHA-256 ${code(image.sha256.slice(0, 12))}`);
  return [
    `- Isolation: ${walls} (${engine.name}${version})`,
    `- Walls proven from inside before the agent started: ${proven.length}`,
    `- Image: ${source}`,
    `- Machine: ${machine.cpus} CPUs, ${machine.memoryMib} MiB of memory`,
  ].join('\n');
}

function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : minutesAndSeconds(Math.round(seconds));
}

function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
