/** A manifest's files at a commit, read from git objects and never from the work tree. */
import { BottleError } from '../errors.ts';
import type { FileEntry, ManifestFiles } from '../manifest/manifest.ts';
import {
  DIRECTORY_MODE,
  type FoundObject,
  parseTree,
  SUBMODULE_MODE,
  SYMLINK_MODE,
  type TreeEntry,
} from './object.ts';
import type { Repository } from './repository.ts';

/** Largest file that is read: as much as from a work tree. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_TREE_BYTES = 4 * 1024 * 1024;

/** Links inside the tree are followed, others are refused. The commit must be there. */
export function gitFiles(
  repository: Pick<Repository, 'find' | 'read'>,
  sha: string,
): ManifestFiles {
  /** Of regular files that a listing has told already. */
  const known = new Map<string, FoundObject>();

  async function find(path: string): Promise<FoundObject> {
    const found = known.get(path) ?? (await repository.find([`${sha}:${path}`]))[0];
    if (found?.kind === 'outside') {
      throw refuse(path, 'This leads out of the repository', 'Put the file itself there.');
    }
    if (found?.kind === 'loop') {
      throw refuse(path, 'This link leads to itself', 'Make it a file inside the repository.');
    }
    return found ?? { kind: 'absent' };
  }

  return {
    root: `commit ${sha}`,
    read: async (path) => {
      const found = await find(path);
      if (found.kind !== 'object') return undefined;
      if (found.type !== 'blob') throw refuse(path, 'This is not a file', 'Put a file there.');
      if (found.size > MAX_FILE_BYTES)
        throw refuse(path, tooLarge(found.size, MAX_FILE_BYTES), 'Shorten it.');
      return await repository.read(found.id);
    },
    list: async (directory) => {
      const found = await find(directory);
      if (found.kind !== 'object' || found.type !== 'tree') return undefined;
      if (found.size > MAX_TREE_BYTES)
        throw refuse(directory, tooLarge(found.size, MAX_TREE_BYTES), 'Divide it.');
      const tree = parseTree(await repository.read(found.id), found.id.length / 2);
      const blobs = tree.filter(({ mode }) => mode !== DIRECTORY_MODE && mode !== SUBMODULE_MODE);
      const sizes = await repository.find(blobs.map(({ id }) => id));
      blobs.forEach(({ mode, path }, index) => {
        const blob = sizes[index];
        if (mode !== SYMLINK_MODE && blob) known.set(`${directory}/${path}`, blob);
      });
      const sizeOf = new Map(blobs.map(({ id }, index) => [id, sizes[index]]));
      return tree.map((entry) => toFileEntry(entry, sizeOf.get(entry.id)));
    },
  };
}

function toFileEntry({ mode, path }: TreeEntry, blob: FoundObject | undefined): FileEntry {
  const size = blob?.kind === 'object' ? blob.size : 0;
  return { name: path, kind: kindOf(mode), size };
}

function kindOf(mode: string): FileEntry['kind'] {
  if (mode === DIRECTORY_MODE) return 'directory';
  if (mode === SYMLINK_MODE) return 'symlink';
  return mode === SUBMODULE_MODE ? 'other' : 'file';
}

function tooLarge(bytes: number, most: number): string {
  return `This has ${bytes} bytes, and ${most} is the most that is read`;
}

function refuse(path: string, what: string, fix: string): BottleError {
  return new BottleError({ outcome: 'config-invalid', what, where: path, fix });
}
