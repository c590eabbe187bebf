/** Says how the head's manifest differs from the trusted one, which is the one that counts. */
import { BottleError } from '../errors.ts';
import type { ManifestFiles } from '../manifest/manifest.ts';
import { printable } from '../printable.ts';
import { diffLines } from './line-diff.ts';

const MAX_NAMES = 20;
const MAX_LINES = 60;

/** A file's text, or why there is none. */
type Content = string | undefined;

/**
 * A notice of several lines, or undefined when both are the same. `carrier` is the directory or
 * the file that holds the trusted manifest. What the head holds is never parsed.
 */
export async function compareManifest(
  trusted: ManifestFiles,
  head: ManifestFiles,
  carrier: string,
): Promise<string | undefined> {
  const [before, after] = [await contentsOf(trusted, carrier), await contentsOf(head, carrier)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const changed = paths.filter((path) => before.get(path) !== after.get(path));
  if (changed.length === 0) return undefined;
  const lines = [
    `The manifest in the head differs from the trusted one and is ignored (${changed.length} ` +
      `${changed.length === 1 ? 'file' : 'files'}):`,
  ];
  let left = MAX_LINES;
  for (const path of changed.slice(0, MAX_NAMES)) {
    const diff = diffLines(before.get(path) ?? '', after.get(path) ?? '', left);
    lines.push(`${changeOf(before.get(path), after.get(path))} ${printable(path)}`, ...diff.lines);
    if (diff.more > 0) lines.push(`… ${diff.more} more lines`);
    left -= diff.lines.length;
  }
  if (changed.length > MAX_NAMES) lines.push(`… ${changed.length - MAX_NAMES} more files`);
  return lines.join('\n');
}

function changeOf(before: Content, after: Content): string {
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}

async function contentsOf(files: ManifestFiles, carrier: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  const add = async (path: string) => {
    const content = await contentOf(files, path);
    if (content !== undefined) contents.set(path, content);
  };
  if (/\.(ya?ml|json)$/.test(carrier)) await add(carrier);
  for (const directory of [`${carrier}/bottles`, `${carrier}/agents`]) {
    const entries = await orRefused(() => files.list(directory));
    if (typeof entries === 'string') contents.set(directory, entries);
    else for (const { name } of entries ?? []) await add(`${directory}/${name}`);
  }
  return contents;
}

async function contentOf(files: ManifestFiles, path: string): Promise<Content> {
  const bytes = await orRefused(() => files.read(path));
  return typeof bytes === 'object' ? Buffer.from(bytes).toString() : bytes;
}

/** What cannot be read in a head is a difference too, and no reason to fail. */
async function orRefused<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BottleError) return `(not readable: ${error.what})`;
    throw error;
  }
}
