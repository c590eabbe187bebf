/** The story of `merge`: check the tasks of a fleet, or gather the records of its runs and tell what came of them. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath, Services, UploadedArtifact } from '../host/host.ts';
import { pageHtml } from '../report/page-html.ts';
import { pageMarkdown } from '../report/page-markdown.ts';
import { fleetPage } from './fleet-page.ts';
import { type FleetRecord, makeFleetRecord } from './fleet-record.ts';
import { gatherRecords, type ReadRecord } from './gather.ts';
import { type MergeInputs, readMergeInputs } from './inputs.ts';
import { readTasks } from './tasks.ts';

export async function runMerge(host: Host, services: Services): Promise<void> {
  const failure = await takeStep(host, services).catch((error) => explainFailure(host, error));
  if (failure !== undefined) host.setFailed(failure);
}

/** The failure of the step in one line, or undefined. */
async function takeStep(host: Host, services: Services): Promise<string | undefined> {
  const inputs = readMergeInputs(host);
  if (inputs.tasks !== '') return answerTasks(host, inputs.tasks);
  const directory = join(host.env.RUNNER_TEMP || tmpdir(), `bottle-merge-${host.randomName(5)}`);
  await mkdir(directory, { mode: 0o700 });
  try {
    const gathered = await gatherRecords(host, services, inputs, directory);
    const fleet = makeFleetRecord(gathered, inputs.expected);
    await tell(host, services, inputs, fleet, gathered.records, directory);
    return verdict(fleet, inputs);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What the matrix of a workflow is made from. */
function answerTasks(host: Host, text: string): undefined {
  const tasks = readTasks(text);
  host.setOutput('matrix', JSON.stringify({ include: tasks }));
  host.setOutput('count', String(tasks.length));
  host.log.info(`${tasks.length} tasks.`);
}

async function tell(
  host: Host,
  services: Services,
  inputs: MergeInputs,
  fleet: FleetRecord,
  records: readonly ReadRecord[],
  directory: HostPath,
): Promise<void> {
  const page = fleetPage(fleet);
  const summary = pageMarkdown(page);
  await host.writeSummary(summary);
  for (const { source, problem } of fleet.broken) host.log.warning(`${source}: ${problem}`);
  const out = join(directory, 'out');
  await mkdir(join(out, 'runs'), { recursive: true });
  const contents: [string, string][] = [
    ['fleet.json', `${JSON.stringify(fleet, null, 2)}\n`],
    ['summary.md', summary],
    ['report.html', pageHtml(page, 'fleet')],
    ...records.map(({ bytes }, at): [string, string] => [fleet.runs[at]?.file ?? '', bytes]),
  ];
  for (const [name, content] of contents) await writeFile(join(out, name), content);
  const files = contents.map(([name]) => join(out, name));
  setOutputs(host, fleet, await upload(host, services, inputs, files, out));
}

/** A report that cannot be kept is a warning: what came of the runs is told all the same. */
async function upload(
  host: Host,
  services: Services,
  { artifactName, retentionDays }: MergeInputs,
  files: readonly HostPath[],
  root: HostPath,
): Promise<UploadedArtifact | undefined> {
  const options = retentionDays > 0 ? { retentionDays } : {};
  try {
    return await services.uploadArtifact(artifactName, files, root, options);
  } catch (error) {
    host.log.warning(
      `The artifact ${artifactName} was not uploaded (${messageOf(error)}) · it must be new in ` +
        'the workflow run · Name another one with artifact-name, or run the job again.',
    );
    return undefined;
  }
}

function setOutputs(host: Host, fleet: FleetRecord, artifact: UploadedArtifact | undefined): void {
  const { totals } = fleet;
  const outputs = {
    count: String(totals.runs),
    succeeded: String(totals.succeeded),
    outcomes: JSON.stringify(totals.outcomes),
    missing: String(fleet.missing),
    broken: String(fleet.broken.length),
    tokens: String(totals.tokens),
    'artifact-id': artifact?.id ?? '',
    'artifact-url': artifact?.url ?? '',
    'artifact-digest': artifact?.digest ?? '',
  };
  for (const [name, value] of Object.entries(outputs)) host.setOutput(name, value);
}

/** By the outcomes that the records say, and by the records that should be there and are not. */
function verdict(fleet: FleetRecord, { failOn, failOnMissing }: MergeInputs): string | undefined {
  const failed = fleet.runs.filter(({ outcome }) => failOn.includes(outcome));
  const lost = failOnMissing ? fleet.missing + fleet.broken.length : 0;
  if (failed.length + lost === 0) return undefined;
  const names = failed.slice(0, 5).map(({ runId, outcome }) => `${runId}: ${outcome}`);
  const more = failed.length > 5 ? ` and ${failed.length - 5} more` : '';
  return [
    `${failed.length} of ${fleet.totals.runs} runs failed, ${lost} records are missing or broken`,
    `${names.join(', ')}${more}` || 'no run that is known',
    'Read the summary of each run; fail-on says what fails this step.',
  ].join(' · ');
}

async function explainFailure(host: Host, thrown: unknown): Promise<string> {
  if (!(thrown instanceof BottleError)) {
    return `The runs could not be merged: ${messageOf(thrown)}`;
  }
  for (const { message } of thrown.problems.slice(0, MOST_ANNOTATIONS)) host.log.error(message);
  return `${thrown.what} · ${thrown.where} · ${thrown.fix}`.slice(0, 4000);
}

/** The runner keeps ten errors of a step; the last one is the failure itself. */
const MOST_ANNOTATIONS = 9;
