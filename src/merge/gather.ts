/** Finds the records of a fleet's runs, in artifacts and in a directory, and checks each against its schema. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, ListedArtifact, Services } from '../host/host.ts';
import { type RunRecord, runRecordSchema } from '../report/record.ts';
import { withZip } from '../zip.ts';
import type { MergeInputs } from './inputs.ts';

export type ReadRecord = {
  /** The artifact, or the path below `path`. */
  readonly source: string;
  readonly record: RunRecord;
  /** As it was read: what `sha256` is of. */
  readonly bytes: string;
  readonly sha256: string;
};

export type Broken = { readonly source: string; readonly problem: string };
export type Gathered = {
  readonly records: readonly ReadRecord[];
  readonly broken: readonly Broken[];
};

const RECORD = 'run.json';
/** A matrix makes at most 256 jobs. */
const MOST_RECORDS = 256;
const MOST_RECORD_BYTES = 8 * 1024 * 1024;
const MOST_ARTIFACT_BYTES = 64 * 1024 * 1024;
const DEEPEST = 4;
const MOST_ENTRIES = 20_000;

type Candidate = { readonly source: string; read(): Promise<Buffer | undefined> };

/** Never throws for one record: what is wrong with it is told. */
export async function gatherRecords(
  host: Host,
  services: Pick<Services, 'listArtifacts' | 'downloadArtifact'>,
  { path, pattern }: MergeInputs,
  scratch: HostPath,
): Promise<Gathered> {
  const broken: Broken[] = [];
  const candidates = [
    ...(path === '' ? [] : await inDirectory(path, broken)),
    ...(pattern === '' ? [] : await inArtifacts(services, pattern, scratch, broken)),
  ];
  const records = new Map<string, ReadRecord>();
  for (const { source, read } of candidates) {
    if (records.size >= MOST_RECORDS) {
      broken.push({ source, problem: `there are more than ${MOST_RECORDS} records` });
      break;
    }
    try {
      const bytes = await read();
      if (bytes === undefined) continue;
      const found = parseRecord(source, bytes);
      const other = records.get(found.record.runId);
      records.set(found.record.runId, other === undefined ? found : richer(other, found));
      host.log.debug(`${source}: ${found.record.runId}`);
    } catch (error) {
      broken.push({ source, problem: messageOf(error).slice(0, 500) });
    }
  }
  return { records: [...records.values()], broken };
}

/** The proposal's copy of a record does not know the artifacts yet; the result's does. */
function richer(one: ReadRecord, other: ReadRecord): ReadRecord {
  return other.record.artifacts.length > one.record.artifacts.length ? other : one;
}

function parseRecord(source: string, bytes: Buffer): ReadRecord {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const parsed = runRecordSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`it is no record of a run: ${issue?.path.join('.') ?? ''} ${issue?.message}`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { source, record: parsed.data, bytes: text, sha256 };
}

/** `run.json` at any place in it, no deeper than artifacts are downloaded; links are not followed. */
async function inDirectory(root: HostPath, broken: Broken[]): Promise<Candidate[]> {
  const found: Candidate[] = [];
  let left = MOST_ENTRIES;
  const visit = async (directory: HostPath, depth: number): Promise<void> => {
    for (const entry of (await readdir(directory, { withFileTypes: true })).sort(byName)) {
      if (--left < 0) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory() && depth < DEEPEST) await visit(path, depth + 1);
      if (!entry.isFile() || entry.name !== RECORD) continue;
      found.push({ source: relative(root, path), read: () => readBounded(path) });
    }
  };
  try {
    await visit(root, 0);
  } catch (error) {
    broken.push({ source: root, problem: messageOf(error) });
  }
  return found;
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

async function readBounded(path: HostPath): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    if (size > MOST_RECORD_BYTES) throw new Error(`it has more than ${MOST_RECORD_BYTES} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Those artifacts that can hold a record; each is asked for when its turn comes, and read as a whole. */
async function inArtifacts(
  services: Pick<Services, 'listArtifacts' | 'downloadArtifact'>,
  pattern: string,
  scratch: HostPath,
  broken: Broken[],
): Promise<Candidate[]> {
  let all: readonly ListedArtifact[];
  try {
    all = await services.listArtifacts();
  } catch (error) {
    broken.push({ source: `artifacts ${pattern}`, problem: messageOf(error) });
    return [];
  }
  const fits = matcher(pattern);
  return all
    .filter(
      ({ name }) => fits(name) && !/-(?:transcript|egress|proposal|outputs|session)$/.test(name),
    )
    .sort(byName)
    .map((artifact) => ({
      source: artifact.name,
      read: async () => {
        const place = join(scratch, `a-${artifact.id}`);
        try {
          const zip = await services.downloadArtifact(artifact, place, MOST_ARTIFACT_BYTES);
          return await withZip(zip, ({ read }) => read(RECORD, MOST_RECORD_BYTES));
        } finally {
          await rm(place, { recursive: true, force: true });
        }
      },
    }));
}

function matcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+^${}()|[\]\\?]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 'su');
  return (name) => expression.test(name);
}
