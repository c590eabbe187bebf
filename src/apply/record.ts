/** Reads `run.json` as what it is: a claim of another job, held against its schema and against files. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Host, HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import { type RunRecord, runRecordSchema } from '../report/record.ts';
import type { ProposalFiles } from './artifact.ts';
import { notApplied } from './refusal.ts';

const RUN_ID = /^[a-z0-9][a-z0-9-]{0,99}$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** @throws {BottleError} `push-failed`: it is no record, not of this repository, or not of these files */
export async function readRecord(
  { env }: Pick<Host, 'env'>,
  files: ProposalFiles,
): Promise<RunRecord> {
  const record = parse(await readFile(files.record, 'utf8'));
  const refuse = (what: string, where: string) => notApplied(what, printable(where));
  const { origin, change, runId } = record;
  const repository = env.GITHUB_REPOSITORY ?? '';
  if (origin.repository.name !== repository) {
    const where = `run.json: ${origin.repository.name}, this job: ${repository}`;
    throw refuse('The proposal is for another repository', where);
  }
  if (!RUN_ID.test(runId)) throw refuse('The name of the run is none', `run.json: ${runId}`);
  for (const [file, sha256, name] of [
    [files.bundle, change.bundleSha256, 'proposal.bundle'],
    [files.patch, change.patchSha256, 'changes.patch'],
  ] as const) {
    const found = file === '' ? '' : await digestOf(file);
    if (found === sha256) continue;
    const where = `SHA-256 of ${name}: ${found || 'no file'}, run.json: ${sha256 || 'no file'}`;
    throw refuse('The proposal was changed after the run', where);
  }
  return record;
}

/** Does the record hold a change that may be looked at? False: the run changed nothing. */
export function hasChange({ outcome, change }: RunRecord): boolean {
  if (outcome !== 'success' && outcome !== 'push-failed') {
    throw notApplied('The run did not end in success', `run.json: outcome ${outcome}`);
  }
  if (change.verdict === 'none') return false;
  if (change.verdict === 'blocked' || change.verdict === 'refused') {
    throw notApplied(`The change is ${change.verdict}`, printable(`run.json: ${change.reason}`));
  }
  const { baseCommit, tip, bundleSha256 } = change;
  if (COMMIT.test(baseCommit) && COMMIT.test(tip) && bundleSha256 !== '') return true;
  throw notApplied('The proposal lacks its commits', printable(`run.json: ${baseCommit}..${tip}`));
}

function parse(text: string): RunRecord {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw notApplied('The record of the run is no JSON', 'run.json');
  }
  const { version } = (data ?? {}) as { version?: unknown };
  if (version !== 1) {
    const where = printable(`run.json: version ${JSON.stringify(version)}`);
    const fix = 'Use the same version of bottle-action in both jobs.';
    throw notApplied('The record is of another version than this action reads', where, fix);
  }
  const parsed = runRecordSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = printable(`run.json: ${issue?.path.join('.')}: ${issue?.message}`);
  throw notApplied('The record of the run does not fit its schema', where);
}

async function digestOf(file: HostPath): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}
