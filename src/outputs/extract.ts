/**
 * Unpacks a hostile tar stream into a directory of ours; what is refused is listed, the rest kept.
 *
 * Nobody else writes to the directory meanwhile. Nothing is created over or through anything: a
 * path's parents are directories that this extraction made, and files open with `O_EXCL`.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import { readTar, type TarMember } from '../tar/read.ts';
import { TarError } from '../tar/tar-error.ts';
import { type NameLimits, type Refusal, refuseSize, splitPath } from './extract-name.ts';
import { createExtractTree, type ExtractTree, refusalOf } from './extract-tree.ts';
import type { CollectedFile, RefusedEntry } from './outputs.ts';

export type ExtractLimits = NameLimits & {
  /** Files and directories together. */
  readonly entries: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** How many refused entries are named; all are counted. */
  readonly refusedListed: number;
};

const MIB = 1 << 20;

export const DEFAULT_EXTRACT_LIMITS: ExtractLimits = {
  entries: 150_000,
  fileBytes: 256 * MIB,
  totalBytes: 256 * MIB,
  depth: 32,
  nameBytes: 255,
  pathBytes: 1024,
  refusedListed: 100,
};

/** Where a member goes: its path below the directory; undefined when nobody asked for it. */
export type PlaceMember = (path: string) => string | undefined;

/** Sees a file's bytes while they are written. `end` says whether it found something. */
export type FileWatch = {
  push(chunk: Uint8Array): Promise<unknown>;
  end(): Promise<boolean>;
};

/** Undefined: the file is not watched. */
export type WatchFile = (path: string) => FileWatch | undefined;

export type Extracted = {
  /** Paths of those that were watched, and nothing was found in them. */
  readonly clean: ReadonlySet<string>;
  readonly files: readonly CollectedFile[];
  readonly refused: readonly RefusedEntry[];
  /** Exact, also where `refused` is cut. */
  readonly refusedCount: number;
  /** Why the stream could not be read to its end; undefined when it was. */
  readonly broken?: string;
};

type Extraction = {
  readonly directory: HostPath;
  readonly limits: ExtractLimits;
  readonly place: PlaceMember;
  readonly watch: WatchFile;
  readonly clean: Set<string>;
  readonly tree: ExtractTree;
  readonly files: CollectedFile[];
  totalBytes: number;
};

/**
 * Keeps regular files (modes 644 and 755) and directories, of one archive or of several in a row. A
 * stream that breaks leaves what was complete. Throws what the source throws.
 */
export async function extractTar(
  source: AsyncIterable<Uint8Array>,
  directory: HostPath,
  limits: ExtractLimits = DEFAULT_EXTRACT_LIMITS,
  place: PlaceMember = (path) => path,
  watch: WatchFile = () => undefined,
): Promise<Extracted> {
  mkdirSync(directory, { recursive: true });
  const tree = createExtractTree(directory, limits.entries);
  const kept = { files: [], clean: new Set<string>(), totalBytes: 0 };
  const extraction: Extraction = { directory, limits, place, watch, tree, ...kept };
  const { files, clean } = extraction;
  const refused: RefusedEntry[] = [];
  let refusedCount = 0;
  try {
    for await (const member of readTar(source, { concatenated: true })) {
      const refusal = await extractMember(extraction, member);
      if (refusal === undefined) continue;
      refusedCount++;
      if (refusedCount > limits.refusedListed) continue;
      refused.push({ path: printable(member.path), reason: refusal.reason });
    }
  } catch (error) {
    if (!(error instanceof TarError)) throw error;
    return { files, clean, refused, refusedCount, broken: error.message };
  }
  return { files, clean, refused, refusedCount };
}

async function extractMember(
  extraction: Extraction,
  member: TarMember,
): Promise<Refusal | undefined> {
  const given = splitPath(member);
  if ('reason' in given) return given;
  if (given.length === 0) {
    // The `./` that many archives begin with.
    return member.type === 'directory' ? undefined : { reason: 'has no name' };
  }
  const placed = extraction.place(given.join('/'));
  if (placed === undefined) return { reason: 'was not asked for' };
  const names = placed.split('/');
  const refusal = refuseSize(names, extraction.limits) ?? refuseMember(extraction, member);
  if (refusal !== undefined) return refusal;
  if (member.type === 'directory') return extraction.tree.addDirectory(names);
  return extraction.tree.addFile(names) ?? (await keepFile(extraction, member, names.join('/')));
}

const NOT_KEPT: Readonly<Record<string, string>> = {
  // An artifact cannot hold one, and whoever walks the directory later should not have to beware.
  symlink: 'is a symbolic link',
  hardlink: 'is a hard link',
  'character-device': 'is a device',
  'block-device': 'is a device',
  fifo: 'is a named pipe',
  sparse: 'is a sparse file',
  unknown: 'is of an unknown type',
};

function refuseMember({ limits, totalBytes }: Extraction, member: TarMember): Refusal | undefined {
  const reason = NOT_KEPT[member.type];
  if (reason !== undefined) return { reason };
  if (member.size > limits.fileBytes) return { reason: `is over ${mib(limits.fileBytes)}` };
  if (totalBytes + member.size > limits.totalBytes) {
    return { reason: `is over the ${mib(limits.totalBytes)} that all may have together` };
  }
  return undefined;
}

function mib(bytes: number): string {
  return `${Math.round((bytes / MIB) * 10) / 10} MiB`;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A disk that does not take the file is a refusal. */
async function keepFile(
  extraction: Extraction,
  member: TarMember,
  path: string,
): Promise<Refusal | undefined> {
  try {
    const watched = extraction.watch(path);
    const sha256 = await writeFile(join(extraction.directory, path), member, watched);
    if (watched && !(await watched.end())) extraction.clean.add(path);
    extraction.files.push({ path, size: member.size, sha256 });
    extraction.totalBytes += member.size;
    return undefined;
  } catch (error) {
    if (error instanceof TarError) throw error;
    return refusalOf(error);
  }
}

/** The SHA-256 of what was written. A file that does not become whole is removed. */
async function writeFile(
  path: HostPath,
  { data, mode }: TarMember,
  watched: FileWatch | undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const file = openSync(path, CREATE, (mode & 0o111) === 0 ? 0o644 : 0o755);
  try {
    for await (const chunk of data) {
      hash.update(chunk);
      writeFileSync(file, chunk);
      await watched?.push(chunk);
    }
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
