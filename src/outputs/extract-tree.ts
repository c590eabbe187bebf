/** What an extraction has created so far, and which paths are still free for it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { foldName } from '../git-check/path-name.ts';
import type { HostPath } from '../host/host.ts';
import { printable } from '../printable.ts';
import type { Refusal } from './extract-name.ts';

export type ExtractTree = {
  /** Takes a path for a file that is about to be created, and makes its directories. */
  addFile(names: readonly string[]): Refusal | undefined;
  addDirectory(names: readonly string[]): Refusal | undefined;
};

type Entry = { readonly path: string; readonly kind: 'directory' | 'file' };

/** At most `limit` entries below `root`, directories that nobody named included. */
export function createExtractTree(root: HostPath, limit: number): ExtractTree {
  // By folded path: names that some file system takes for one are not kept twice.
  const entries = new Map<string, Entry>();

  function add(names: readonly string[], kind: Entry['kind']): Refusal | undefined {
    const path = names.join('/');
    const key = foldName(path);
    const taken = entries.get(key);
    if (taken !== undefined) {
      if (taken.path !== path) return { reason: `collides with ${printable(taken.path)}` };
      if (taken.kind === 'directory' && kind === 'directory') return undefined;
      return { reason: 'is there twice' };
    }
    if (entries.size >= limit) return { reason: `is beyond the first ${limit} entries` };
    // A directory that is there but not ours may be a link: it never becomes a parent.
    const refusal = kind === 'directory' ? makeDirectory(join(root, path)) : undefined;
    if (refusal === undefined) entries.set(key, { path, kind });
    return refusal;
  }

  function addParents(names: readonly string[]): Refusal | undefined {
    for (let depth = 1; depth < names.length; depth++) {
      const parent = names.slice(0, depth);
      const taken = entries.get(foldName(parent.join('/')));
      if (taken?.kind === 'file') return { reason: 'lies below a file' };
      const refusal = add(parent, 'directory');
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  return {
    addFile: (names) => addParents(names) ?? add(names, 'file'),
    addDirectory: (names) => addParents(names) ?? add(names, 'directory'),
  };
}

function makeDirectory(path: HostPath): Refusal | undefined {
  try {
    mkdirSync(path, { mode: 0o755 });
    return undefined;
  } catch (error) {
    return refusalOf(error);
  }
}

const OUR_CALLS = ['mkdir', 'open', 'write'];

/** The disk's own word for what it did not take; throws what is not the disk's. */
export function refusalOf(error: unknown): Refusal {
  const { code, syscall = '' } = error as NodeJS.ErrnoException;
  if (!OUR_CALLS.includes(syscall)) throw error;
  return { reason: `could not be written: ${code}` };
}
