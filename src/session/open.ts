/** Opens a session that another run left: checked byte for byte, and believed in nothing. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import { withZip, type Zip } from '../zip.ts';
import { notAllowed, notThere } from './refusal.ts';
import {
  MAX_SESSION_FILE,
  numbered,
  type OpenedSession,
  SESSION_FILE,
  SESSION_LIMITS,
  type SessionRecord,
  sessionSchema,
} from './session.ts';

/** What its zip may have: the files hardly packed, `session.json`, and the zip's own words. */
export const MAX_SESSION_ARCHIVE = SESSION_LIMITS.bytes + 2 * MAX_SESSION_FILE;

export type OpenRequest = {
  readonly zip: HostPath;
  readonly artifact: string;
  /** Is made; gets the files under their numbers. */
  readonly directory: HostPath;
  readonly provider: string;
  /** Files and directories below the guest's home; nothing else is a session's to fill. */
  readonly places: readonly string[];
};

type OpenedFiles = Omit<OpenedSession, 'reason' | 'notices'>;

/** @throws {BottleError} `untrusted`: it is not what it says; `config-invalid`: of another provider. */
export async function openSession(request: OpenRequest): Promise<OpenedFiles> {
  const { zip, artifact } = request;
  try {
    return await withZip(zip, (opened) => takeAll(opened, request));
  } catch (error) {
    if (error instanceof OtherProvider) throw error.refusal;
    const where = printable(`${artifact}: ${messageOf(error)}`);
    throw notAllowed('The session is not what a run leaves', where);
  }
}

/** Not an attack: somebody named the session of another agent. */
class OtherProvider extends Error {
  readonly refusal;

  constructor(artifact: string, found: string, wanted: string) {
    super('of another provider');
    const where = printable(`${artifact}: it is of ${found}, this run's agent of ${wanted}`);
    this.refusal = notThere('The session is of another provider', where);
  }
}

async function takeAll(
  zip: Zip,
  { artifact, directory, provider, places }: OpenRequest,
): Promise<OpenedFiles> {
  const bytes = await zip.read(SESSION_FILE, MAX_SESSION_FILE);
  if (bytes === undefined) throw new Error(`it has no ${SESSION_FILE}`);
  const record = parse(bytes);
  if (record.provider !== provider) throw new OtherProvider(artifact, record.provider, provider);
  const all = [SESSION_FILE, ...record.files.map((_, at) => numbered(at))];
  const extra = zip.names.find((name) => !all.includes(name));
  if (extra !== undefined) throw new Error(`${extra} is in it, and not in ${SESSION_FILE}`);
  const total = record.files.reduce((sum, { size }) => sum + size, 0);
  if (total > SESSION_LIMITS.bytes)
    throw new Error(`it has more than ${SESSION_LIMITS.bytes} bytes`);
  requireOwnPlaces(record, places);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = record.files.map(({ path, size, sha256 }, at) => {
    const name = numbered(at);
    return { path, from: join(directory, name), size, sha256, name };
  });
  for (const file of files) await takeFile(zip, file);
  return {
    artifact,
    record,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: total,
    files: files.map(({ path, from, size }) => ({ path, from, size })),
  };
}

function parse(bytes: Buffer): SessionRecord {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const parsed = sessionSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${SESSION_FILE}: ${issue?.path.join('.') ?? ''} ${issue?.message}`);
}

/** Each in a place of the provider's, once, and none where another needs a directory. */
function requireOwnPlaces({ files }: SessionRecord, places: readonly string[]): void {
  const taken = new Set<string>();
  for (const { path } of files) {
    if (!places.some((place) => path === place || path.startsWith(`${place}/`))) {
      throw new Error(`${path} is no part of such a session`);
    }
    if (taken.has(path)) throw new Error(`${path} is in it twice`);
    taken.add(path);
  }
  for (const path of taken) {
    const names = path.split('/');
    const above = names.map((_, at) => names.slice(0, at).join('/'));
    if (above.some((directory) => taken.has(directory))) {
      throw new Error(`${path} lies in a file`);
    }
  }
}

type Numbered = OpenedSession['files'][number] & { readonly sha256: string; readonly name: string };

async function takeFile(zip: Zip, { name, from, size, sha256, path }: Numbered): Promise<void> {
  if (!(await zip.save(name, size, from))) throw new Error(`${name} is not there`);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(from)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  if (bytes !== size || hash.digest('hex') !== sha256) {
    throw new Error(`${path} was changed after the run`);
  }
}
