/** Reads the files of `bottles/` or `agents/`: which count, which are skipped or refused. */
import { BottleError, type Problem } from '../errors.ts';
import { type FileEntry, MAX_FILE_BYTES, type ManifestFiles } from './manifest.ts';
import { ENTRY_NAME } from './name.ts';
import { listNames } from './nearest.ts';

/** A file that declares an entry. `refused` says why its bytes could not be had. */
type EntryFile = { readonly name: string; readonly path: string } & (
  | { readonly bytes: Uint8Array }
  | { readonly refused: string }
);

export type EntryFiles = {
  readonly files: readonly EntryFile[];
  readonly notices: readonly Problem[];
};

/** Most entries of one directory, and most bytes of them together. */
const MAX_ENTRIES = 10_000;
const MAX_TOTAL_BYTES = 64 * MAX_FILE_BYTES;

/** @throws {BottleError} `config-invalid` when the directory is beyond all measure. */
export async function readDirectory(
  files: ManifestFiles,
  directory: string,
  entries: readonly FileEntry[],
): Promise<EntryFiles> {
  const named = entries.filter(({ name }) => entryNameOf(name) !== undefined);
  refuseTooMuch(directory, named);
  const sorted = named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const read: EntryFile[] = [];
  for (const entry of sorted) read.push(await readEntryFile(files, directory, entry));
  const skipped = entries.map(({ name }) => name).filter((name) => !entryNameOf(name));
  return { files: read, notices: skipped.length === 0 ? [] : [skippedNotice(directory, skipped)] };
}

/** `dev` for `dev.md`; undefined for a file that is no entry. */
function entryNameOf(fileName: string): string | undefined {
  const name = fileName.endsWith('.md') ? fileName.slice(0, -3) : '';
  return ENTRY_NAME.test(name) ? name : undefined;
}

async function readEntryFile(
  files: ManifestFiles,
  directory: string,
  entry: FileEntry,
): Promise<EntryFile> {
  const path = `${directory}/${entry.name}`;
  const identity = { name: entry.name.slice(0, -3), path };
  if (entry.kind === 'directory' || entry.kind === 'other') {
    return { ...identity, refused: 'this is not a file; an entry is a Markdown file' };
  }
  if (entry.size > MAX_FILE_BYTES) return { ...identity, refused: tooLarge(entry.size) };
  try {
    const bytes = await files.read(path);
    return bytes === undefined
      ? { ...identity, refused: 'the file went away while it was read, or its link leads nowhere' }
      : { ...identity, bytes };
  } catch (error) {
    if (error instanceof BottleError)
      return { ...identity, refused: `${error.what}. ${error.fix}` };
    throw error;
  }
}

/** Why a file of so many bytes is not read. */
export function tooLarge(bytes: number): string {
  return `the file has ${bytes} bytes, and ${MAX_FILE_BYTES} is the most that is read`;
}

function refuseTooMuch(directory: string, entries: readonly FileEntry[]): void {
  const bytes = entries.reduce((sum, { size }) => sum + Math.min(size, MAX_FILE_BYTES), 0);
  if (entries.length <= MAX_ENTRIES && bytes <= MAX_TOTAL_BYTES) return;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The manifest is too large',
    where: `${directory}: ${entries.length} entries, ${bytes} bytes`,
    fix: `Keep it to ${MAX_ENTRIES} entries and ${MAX_TOTAL_BYTES} bytes.`,
  });
}

function skippedNotice(directory: string, names: readonly string[]): Problem {
  return {
    message:
      `skipped ${listNames(names.map((name) => JSON.stringify(name)))}: an entry is a file ` +
      'whose name is lower-case letters, digits and hyphens, and ends in .md',
    file: directory,
  };
}
