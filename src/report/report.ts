/** Tells how a run ended: the artifacts, the step summary, the outputs and the annotations. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BottleError, messageOf, type Problem } from '../errors.ts';
import type { Host, HostPath, Services } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { Proposal } from '../proposal/proposal.ts';
import type { KeptSession } from '../session/session.ts';
import { type ActionOutputs, actionOutputs, artifactOutputs } from './action-output.ts';
import { type ArtifactSet, sessionSet, sortFiles } from './artifact-set.ts';
import type { ArtifactPlace } from './artifact-summary.ts';
import {
  BUNDLE_FILES,
  type Bundle,
  cleanBundle,
  type Pages,
  recordText,
  writeBundle,
} from './bundle.ts';
import { renderHtmlReport } from './html-report.ts';
import { makeStatement } from './provenance.ts';
import type { RunRecord } from './record.ts';
import { createRedactor, type KnownSecret } from './redact.ts';
import { type Signing, signStatement } from './sign.ts';
import { structuredOutput } from './structured-file.ts';
import { renderEarlySummary, renderSummary } from './summary.ts';
import { type KeptArtifact, type Uploader, type Uploads, uploadSets } from './upload.ts';

export type ReportInput = {
  readonly record: RunRecord;
  readonly plan: Plan;
  /** Its patch and its bundle lie at the top of `directory`. */
  readonly proposal?: Proposal;
  /** What the artifact is made from; made when it does not exist. */
  readonly directory: HostPath;
  /** Searched for secrets before, and left as it is. */
  readonly session?: KeptSession;
  /** The agent's raw output, the gateway's audit: files at the top of `directory`. */
  readonly logs: readonly HostPath[];
  /** Paths of collected files that are known to hold no secret. */
  readonly clean?: ReadonlySet<string>;
  /** What must not leave the run. Values under 8 bytes are not looked for. */
  readonly secrets: readonly KnownSecret[];
  readonly signing: Signing;
};

type Keeper = Uploader & Pick<Services, 'attest'>;

export type Reported = {
  /** As it was written: without secrets. */
  readonly record: RunRecord;
  readonly artifacts: readonly KeptArtifact[];
  /** What · where · fix in one line, for the failure of the step. */
  readonly message: string;
};

/** The runner keeps ten errors of a step, and the first one says what they are about. */
const MOST_PROBLEMS = 9;
const LONGEST_MESSAGE = 4000;

/**
 * Never throws for what the runner's disk or the artifact service does: the outcome is told
 * whatever else fails, and what fails becomes a warning.
 */
export async function report(host: Host, services: Keeper, input: ReportInput): Promise<Reported> {
  const { proposal } = input;
  const redactor = createRedactor(input.secrets);
  const change = proposal?.kind === 'change' ? proposal : { patch: '', bundle: '' };
  const bundle = await cleanBundle({ ...input, change }, redactor);
  const { record, patch } = bundle;

  const files = await writeFiles(host, input, bundle, []);
  const sets = [...(files ? sortFiles(files, input.directory) : []), ...sessionSet(input.session)];
  const written = files ? join(input.directory, BUNDLE_FILES.record) : '';
  const structured = await structuredOutput(input.directory);
  setOutputs(host, actionOutputs(record, { patch, record: written, structured }));
  await writeSummary(host, render(bundle, placesOf(input, sets, [])).summary);
  const { reason, where, fix } = record;
  const message = `${reason} · ${where} · ${fix}`.slice(0, LONGEST_MESSAGE);
  annotate(host, record.problems);
  if (record.secretsFound > 0) {
    host.log.warning(`Secret values found in what leaves the run: ${record.secretsFound}`);
  }
  const artifacts = await uploadAll(host, services, input, bundle, sets);
  setOutputs(host, artifactOutputs(artifacts));
  return { record, message, artifacts };
}

/**
 * For an error before there is a plan: the outcome, its problems, a short summary. Gives the failure
 * of the step in one line.
 */
export async function reportEarly(host: Host, error: BottleError): Promise<string> {
  host.setOutput('outcome', error.outcome);
  annotate(host, error.problems);
  await writeSummary(host, renderEarlySummary(error));
  return `${error.what} · ${error.where} · ${error.fix}`.slice(0, LONGEST_MESSAGE);
}

/**
 * The result goes last, so that its record names the others with their digests. After a
 * cancellation there is no time for that, and all go at once.
 */
async function uploadAll(
  host: Host,
  services: Keeper,
  input: ReportInput,
  bundle: Bundle,
  sets: readonly ArtifactSet[],
): Promise<readonly KeptArtifact[]> {
  if (sets.length === 0) return [];
  const { plan, directory } = input;
  const upload = (some: readonly ArtifactSet[]) =>
    uploadSets(host, services, plan.artifact, directory, some);
  const isResult = ({ kind }: ArtifactSet) => kind === 'result';
  const together = host.cancelled.aborted;
  if (together) await writeFiles(host, input, bundle, placesOf(input, sets, []));
  const before = await upload(together ? sets : sets.filter((set) => !isResult(set)));
  const told = { ...bundle, record: addArtifacts(bundle.record, before) };
  const places = placesOf(input, sets, together ? [] : before.kept);
  const provenance = together ? 'unsigned' : await writeLast(host, services, input, told, places);
  const signature = provenance === 'signed' ? [join(directory, BUNDLE_FILES.signature)] : [];
  const result = sets.filter(isResult).map((set) => ({
    ...set,
    files: [...set.files, ...signature],
  }));
  const last = await upload(together ? [] : result);
  const notices = [...told.record.notices, ...last.failures];
  const final = { ...told, record: { ...told.record, notices } };
  await writeSummary(host, render(final, places, provenance).summary);
  return [...last.kept, ...before.kept];
}

/** The record is final: its digest can be signed, and the pages can say whether it is. */
async function writeLast(
  host: Host,
  services: Keeper,
  input: ReportInput,
  bundle: Bundle,
  places: readonly ArtifactPlace[],
): Promise<'signed' | 'unsigned'> {
  const { record } = bundle;
  const statement = makeStatement(record, recordText(record));
  const signature = await signStatement(host, services, input.signing, statement);
  const path = join(input.directory, BUNDLE_FILES.signature);
  const kept =
    signature !== undefined &&
    (await attempt(host, 'The signature could not be written', path, async () => {
      await writeFile(path, signature);
      return true;
    }));
  const provenance = kept === true ? 'signed' : 'unsigned';
  await writeFiles(host, input, bundle, places, provenance);
  return provenance;
}

function addArtifacts(record: RunRecord, { kept, failures }: Uploads): RunRecord {
  return {
    ...record,
    artifacts: kept.map(({ kind, name, id, digest, size }) => ({ kind, name, id, digest, size })),
    notices: [...record.notices, ...failures],
  };
}

/** With the address of those that are kept. */
function placesOf(
  { plan }: ReportInput,
  sets: readonly ArtifactSet[],
  kept: readonly KeptArtifact[],
): readonly ArtifactPlace[] {
  return sets.map(
    ({ kind }) =>
      kept.find((artifact) => artifact.kind === kind) ?? { kind, name: plan.artifact.names[kind] },
  );
}

function render(
  bundle: Bundle,
  artifacts: readonly ArtifactPlace[],
  provenance: 'signed' | 'unsigned' = 'unsigned',
): Pages {
  const extras = { patch: bundle.patchHead, artifacts, provenance };
  return {
    summary: renderSummary(bundle.record, extras),
    html: renderHtmlReport(bundle.record, extras),
  };
}

function writeFiles(
  host: Host,
  { directory }: ReportInput,
  bundle: Bundle,
  places: readonly ArtifactPlace[],
  provenance: 'signed' | 'unsigned' = 'unsigned',
): Promise<readonly HostPath[] | undefined> {
  return attempt(host, 'The report could not be written', directory, () =>
    writeBundle(bundle, render(bundle, places, provenance), directory),
  );
}

/** One annotation a place; what the step failed by is its last one. */
function annotate(host: Host, problems: readonly Problem[]): void {
  for (const { message, ...location } of problems.slice(0, MOST_PROBLEMS)) {
    host.log.error(message.slice(0, LONGEST_MESSAGE), location);
  }
  const more = problems.length - MOST_PROBLEMS;
  if (more > 0) host.log.info(`${more} more problems are in the summary.`);
}

function setOutputs(host: Host, outputs: Partial<ActionOutputs>): void {
  for (const [name, value] of Object.entries(outputs)) host.setOutput(name, value);
}

async function writeSummary(host: Host, markdown: string): Promise<void> {
  await attempt(host, 'The step summary was not written', 'GITHUB_STEP_SUMMARY', () =>
    host.writeSummary(markdown),
  );
}

/** A report that fails in one part still gives the others. */
async function attempt<T>(
  host: Host,
  what: string,
  where: string,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const fix = 'Check the disk of the runner and the status of GitHub, then run it again.';
    host.log.warning(`${what} (${messageOf(error)}) · ${where} · ${fix}`);
    return undefined;
  }
}
