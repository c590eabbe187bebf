/** Reads a manifest from the files of a checkout, and nothing that is outside it. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { BottleError } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { tooLarge } from './directory.ts';
import { type FileEntry, MAX_FILE_BYTES, type ManifestFiles } from './manifest.ts';

/**
 * Links inside the tree are followed, others are refused.
 * Synchronous calls: for thousands of small files they take a third of the time.
 */
export function worktreeFiles(root: HostPath): ManifestFiles {
  const realRoot = attempt(() => realpathSync.native(root), root) ?? root;
  const parents = new Map<string, HostPath | undefined>();
  const parentOf = (path: string): HostPath | undefined => {
    const directory = dirname(path);
    if (!parents.has(directory)) parents.set(directory, resolveInside(realRoot, directory));
    return parents.get(directory);
  };
  return {
    root,
    read: async (path) => {
      const parent = parentOf(path);
      return parent === undefined ? undefined : readInside(realRoot, parent, path);
    },
    list: async (directory) => {
      const real = resolveInside(realRoot, directory);
      return real === undefined ? undefined : listDirectory(real);
    },
  };
}

/** The path without links; undefined when nothing is there. */
function resolveInside(realRoot: HostPath, path: string): HostPath | undefined {
  const real = attempt(() => realpathSync.native(join(realRoot, path)), path);
  if (real === undefined || real === realRoot || real.startsWith(realRoot + sep)) return real;
  throw refuse(path, 'This leads out of the repository', 'Put the file itself there, not a link.');
}

/** NONBLOCK: opening a pipe must not wait for a writer. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function readInside(realRoot: HostPath, parent: HostPath, path: string): Uint8Array | undefined {
  const file = attempt(() => openFile(realRoot, join(parent, basename(path)), path), path);
  if (file === undefined) return undefined;
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw refuse(path, 'This is not a regular file', 'Put a file there.');
    if (stat.size > MAX_FILE_BYTES) throw refuse(path, capital(tooLarge(stat.size)), 'Shorten it.');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Most files are no links, and those need not be resolved. */
function openFile(realRoot: HostPath, direct: HostPath, path: string): number | undefined {
  try {
    return openSync(direct, FLAGS);
  } catch (error) {
    if (codeOf(error) !== 'ELOOP') throw error;
    const real = resolveInside(realRoot, path);
    return real === undefined ? undefined : openSync(real, FLAGS);
  }
}

function listDirectory(real: HostPath): readonly FileEntry[] | undefined {
  const names = attempt(() => readdirSync(real), real);
  return names?.map((name) => {
    const stat = lstatSync(join(real, name));
    const kind = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : 'other';
    return { name, kind, size: stat.size };
  });
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** @throws {BottleError} for every failure but absence. */
function attempt<T>(action: () => T, path: string): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof BottleError) throw error;
    const code = codeOf(error);
    if (ABSENT.has(code)) return undefined;
    const what = code === 'ELOOP' ? 'This link leads to itself' : `This cannot be read (${code})`;
    throw refuse(path, what, 'Make it a readable file inside the repository.');
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function refuse(path: string, what: string, fix: string): BottleError {
  return new BottleError({ outcome: 'config-invalid', what, where: path, fix });
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
