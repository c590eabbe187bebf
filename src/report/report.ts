/** Tells how a run ended: the artifact, the step summary, the outputs and the annotations. */
import { join } from 'node:path';
import { type BottleError, messageOf, type Problem } from '../errors.ts';
import type { Host, HostPath, Services, UploadedArtifact } from '../host/host.ts';
import type { Plan } from '../plan/plan.ts';
import type { Proposal } from '../proposal/proposal.ts';
import { type ActionOutputs, actionOutputs, artifactOutputs } from './action-output.ts';
import { BUNDLE_FILES, type Bundle, cleanBundle, writeBundle } from './bundle.ts';
import type { RunRecord } from './record.ts';
import { createRedactor } from './redact.ts';
import { renderEarlySummary, renderSummary } from './summary.ts';
import { uploadInTime } from './upload.ts';

export type ReportInput = {
  readonly record: RunRecord;
  readonly plan: Plan;
  /** Its patch and its bundle lie at the top of `directory`. */
  readonly proposal?: Proposal;
  /** What the artifact is made from; made when it does not exist. */
  readonly directory: HostPath;
  /** The agent's raw output, the gateway's audit: files at the top of `directory`. */
  readonly logs: readonly HostPath[];
  /** Values that must not leave the run. Those under 8 bytes are not looked for. */
  readonly secrets: readonly string[];
};

export type Reported = {
  /** As it was written: without secrets. */
  readonly record: RunRecord;
  readonly artifact?: UploadedArtifact;
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
export async function report(
  host: Host,
  services: Pick<Services, 'uploadArtifact'>,
  input: ReportInput,
): Promise<Reported> {
  const { directory, proposal } = input;
  const redactor = createRedactor(input.secrets);
  const change = proposal?.kind === 'change' ? proposal : { patch: '', bundle: '' };
  const bundle = await cleanBundle({ ...input, change }, redactor);
  const { record, patch } = bundle;

  const files = await attempt(host, 'The report could not be written', directory, () =>
    writeBundle(bundle, directory),
  );
  const written = (name: string) => (files ? join(directory, name) : '');
  setOutputs(host, actionOutputs(record, { patch, record: written(BUNDLE_FILES.record) }));
  await writeSummary(host, bundle.summary);
  const message = `${record.reason} · ${record.where} · ${record.fix}`;
  annotate(host, record.problems);
  if (record.secretsFound > 0) {
    host.log.warning(`Secret values found in what leaves the run: ${record.secretsFound}`);
  }
  if (!files) return { record, message };
  const artifact = await uploadBundle(host, services, input, bundle, files);
  return artifact ? { record, message, artifact } : { record, message };
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

async function uploadBundle(
  host: Host,
  services: Pick<Services, 'uploadArtifact'>,
  { plan: { artifact }, directory }: ReportInput,
  { record, patchHead }: Bundle,
  files: readonly HostPath[],
): Promise<UploadedArtifact | undefined> {
  const options = artifact.retentionDays > 0 ? { retentionDays: artifact.retentionDays } : {};
  const what = `The artifact ${artifact.name} was not uploaded`;
  const uploaded = await attempt(host, what, `its files stay in ${directory} on the runner`, () =>
    uploadInTime(
      () => services.uploadArtifact(artifact.name, files, directory, options),
      host.cancelled,
    ),
  );
  if (uploaded) {
    setOutputs(host, artifactOutputs(uploaded));
  } else {
    const notices = [...record.notices, `${what}: its files stay in ${directory} on the runner`];
    await writeSummary(host, renderSummary({ ...record, notices }, { patch: patchHead }));
  }
  return uploaded;
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
