/**
 * Git LFS: the repository has a pointer, and the file may hold what it points to. That is no
 * change, here or in the guest, where nothing is fetched for a pointer.
 * Format: Git LFS's own `docs/spec.md`.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { LFS_VERSION } from '../lfs-filter.ts';
import { type BytePath, joinNul, splitNul } from './byte-path.ts';
import type { Scratch } from './scratch.ts';
import type { TreeEntry } from './tree-entry.ts';

type FileEntry = Extract<TreeEntry, { kind: 'file' }>;

export type Lfs = {
  /** Files whose content LFS keeps elsewhere. */
  readonly paths: ReadonlySet<BytePath>;
  /** Those of them that hold the pointer. */
  readonly pointers: readonly FileEntry[];
};

const NO_LFS: Lfs = { paths: new Set(), pointers: [] };

/** The specification's own limit for a pointer. */
const POINTER_BYTES = 1024;
/** git reads no longer file of attributes. */
const ATTRIBUTES_BYTES = 100 * 1024 * 1024;

/** What `.gitattributes` in the work tree say of the files in it. */
export async function findLfs(scratch: Scratch, entries: readonly TreeEntry[]): Promise<Lfs> {
  const files = entries.filter((entry) => entry.kind === 'file');
  if (!files.some(mentionsLfs)) return NO_LFS;
  const names = joinNul(files.map(({ path }) => path));
  // Of each file: path, attribute, value.
  const answers = splitNul(await scratch.run(['check-attr', '-z', '--stdin', 'filter'], names));
  const kept = files.filter((_, index) => answers[3 * index + 2] === 'lfs');
  return { paths: new Set(kept.map(({ path }) => path)), pointers: kept.filter(holdsPointer) };
}

function mentionsLfs({ path, from, size }: FileEntry): boolean {
  if (posix.basename(path) !== '.gitattributes' || size > ATTRIBUTES_BYTES) return false;
  return readFileSync(from, 'latin1').includes('filter=lfs');
}

function holdsPointer({ from, size }: FileEntry): boolean {
  return size <= POINTER_BYTES && readFileSync(from, 'latin1').startsWith(LFS_VERSION);
}

/** Is `id` the pointer to what this file holds? */
export async function isPointedTo(
  entry: TreeEntry,
  id: string | undefined,
  objectFormat: string,
): Promise<boolean> {
  if (entry.kind !== 'file') return false;
  const content = createHash('sha256');
  for await (const chunk of createReadStream(entry.from)) content.update(chunk);
  const pointer = `${LFS_VERSION}oid sha256:${content.digest('hex')}\nsize ${entry.size}\n`;
  const blob = createHash(objectFormat).update(`blob ${pointer.length}\0${pointer}`);
  return blob.digest('hex') === id;
}
