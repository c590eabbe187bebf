/** Writes a directory of the trusted commit to the runner's disk: skills, above all. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { BottleError } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { parseListing, SUBMODULE_MODE, SYMLINK_MODE, type TreeEntry } from './object.ts';
import type { Repository } from './repository.ts';

const MAX_FILES = 10_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Makes `to`, which must not exist: files 0644 or 0755, directories 0755, links that stay inside.
 * Returns false, and makes nothing, when the commit has no directory `path`.
 * @throws {BottleError} `config-invalid` for a link that leads out, and for too much of it
 */
export async function trustedDirectory(
  repository: Pick<Repository, 'find' | 'listTree' | 'read'>,
  sha: string,
  path: string,
  to: HostPath,
): Promise<boolean> {
  // Git has no `.` and no slash at an end.
  const inTree = posix.join('/', path).replace(/^\/|\/$/g, '');
  const [tree] = await repository.find([`${sha}:${inTree}`]);
  if (tree?.kind !== 'object' || tree.type !== 'tree') return false;
  const listed = parseListing(await repository.listTree(tree.id));
  const entries = listed.filter(({ mode }) => mode !== SUBMODULE_MODE);
  const found = await repository.find(entries.map(({ id }) => id));
  const bytes = found.reduce(
    (sum, object) => sum + (object.kind === 'object' ? object.size : 0),
    0,
  );
  if (entries.length > MAX_FILES || bytes > MAX_BYTES) {
    const fix = `Keep it to ${MAX_FILES} files and ${MAX_BYTES} bytes.`;
    throw refuse('There is too much in this directory', path, fix);
  }
  mkdirSync(to, { mode: 0o755 });
  // Links last: no file is ever written through one.
  const links = entries.filter(({ mode }) => mode === SYMLINK_MODE);
  for (const entry of entries) {
    if (entry.mode !== SYMLINK_MODE) writeFile(to, entry, await repository.read(entry.id));
  }
  for (const entry of links) writeLink(to, entry, (await repository.read(entry.id)).toString());
  return true;
}

function writeFile(to: HostPath, { path, mode }: TreeEntry, bytes: Buffer): void {
  const target = join(to, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, bytes, { flag: 'wx' });
  chmodSync(target, mode === '100755' ? 0o755 : 0o644);
}

/**
 * `..` only at the beginning, and no more than there are directories above the link: then it stays
 * inside whatever other links it goes through.
 */
function writeLink(to: HostPath, { path }: TreeEntry, target: string): void {
  const ups = /^(?:\.\.?\/)*(?:\.\.?$)?/.exec(target)?.[0] ?? '';
  const depth = path.split('/').length - 1;
  const up = ups.split('/').filter((part) => part === '..').length;
  const rest = target.slice(ups.length).split('/');
  if (posix.isAbsolute(target) || up > depth || rest.includes('..') || target.includes('\0')) {
    throw refuse('This link leads out of its directory', path, 'Put the file itself there.');
  }
  const link = join(to, path);
  mkdirSync(dirname(link), { recursive: true, mode: 0o755 });
  symlinkSync(target, link);
}

function refuse(what: string, where: string, fix: string): BottleError {
  return new BottleError({ outcome: 'config-invalid', what, where, fix });
}
