/** What a tree changes of another, as GitHub's API takes it: one entry for each path. */
import type { GitRunner } from '../git-check/git-runner.ts';
import { streamObjects } from '../git-check/object-stream.ts';
import { emptyTreeOf } from '../git-check/tree-difference.ts';

/** `id` is null where nothing is there any more. */
export type TreeChange = {
  /** Undefined: its bytes are no UTF-8, which JSON cannot carry. */
  readonly path: string | undefined;
  readonly mode: string;
  readonly id: string | null;
};

export const SUBMODULE = '160000';
const MAX_BYTES = 32 << 20;

export async function listTreeChanges(
  git: GitRunner,
  from: string,
  to: string,
): Promise<readonly TreeChange[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev'];
  const { exitCode, stdout, stderr } = await git([...args, from || emptyTreeOf(to), to], {
    maxBytes: MAX_BYTES,
  });
  if (exitCode !== 0) throw new Error(`git diff-tree ended with exit code ${exitCode}: ${stderr}`);
  const fields = stdout.toString('latin1').split('\0');
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [header = '', path = ''] = fields.slice(at, at + 2);
    changes.push({ path: decode(path), ...readSide(header) });
  }
  return changes;
}

/** `:<modes> <ids> <letter>`: of what is gone, the mode that it had. */
function readSide(header: string): Omit<TreeChange, 'path'> {
  const [oldMode = '', mode = '', , id = '', letter] = header.slice(1).split(' ');
  return letter === 'D' ? { mode: oldMode, id: null } : { mode, id };
}

function decode(path: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(path, 'latin1'),
    );
  } catch {
    return undefined;
  }
}

/** Does one of the paths stand where another has a directory? In one request that means nothing. */
export function hasConflict(changes: readonly TreeChange[]): boolean {
  const paths = new Set(changes.map(({ path }) => path));
  return changes.some(({ path = '' }) => {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (paths.has(path.slice(0, at))) return true;
    }
    return false;
  });
}

/** Bytes of each object. */
export async function sizesOf(
  git: GitRunner,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const input = Buffer.from(ids.map((id) => `${id}\n`).join(''));
  const { stdout } = await git(['cat-file', '--batch-check=%(objectname) %(objectsize)'], {
    input,
  });
  const lines = stdout.toString().split('\n').slice(0, -1);
  return new Map(lines.map((line) => line.split(' ')).map(([id = '', size]) => [id, Number(size)]));
}

export async function readBlobs(
  git: GitRunner,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  await streamObjects(git, ids, {
    onObject: () => true,
    onContent: ({ id }, content) => contents.set(id, Buffer.from(content)),
  });
  return contents;
}
