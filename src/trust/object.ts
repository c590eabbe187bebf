/** What git says about a name: an object, or why there is none. */
import type { AnswerReader } from './cat-file.ts';

export type FoundObject =
  | {
      readonly kind: 'object';
      readonly id: string;
      readonly type: 'blob' | 'tree' | 'commit' | 'tag';
      /** In bytes. */
      readonly size: number;
    }
  | { readonly kind: 'absent' }
  /** A link that leads out of the tree, or to itself. */
  | { readonly kind: 'outside' | 'loop' };

const OBJECT = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d+)$/;
/** Followed by a line of so many bytes. */
const NO_OBJECT = /^(symlink|dangling|loop|notdir) (\d+)$/;

/** Reads one answer of `git cat-file --batch-check --follow-symlinks`. */
export async function parseFound(answer: AnswerReader): Promise<FoundObject> {
  const line = await answer.line();
  const [, id = '', type, size] = OBJECT.exec(line) ?? [];
  if (type) return { kind: 'object', id, type: type as 'blob', size: Number(size) };
  const [, reason, bytes] = NO_OBJECT.exec(line) ?? [];
  if (reason === undefined) return { kind: 'absent' };
  await answer.bytes(Number(bytes) + 1);
  if (reason === 'symlink') return { kind: 'outside' };
  return { kind: reason === 'loop' ? 'loop' : 'absent' };
}

/** One entry of a tree. `mode` is octal digits, as git writes them. */
export type TreeEntry = { readonly mode: string; readonly id: string; readonly path: string };

export const SYMLINK_MODE = '120000';
export const DIRECTORY_MODE = '40000';
export const SUBMODULE_MODE = '160000';

/** The content of a tree object; `idBytes` is 20, or 32 where ids are SHA-256. */
export function parseTree(bytes: Buffer, idBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nul = bytes.indexOf(0, space);
    const end = nul + 1 + idBytes;
    entries.push({
      mode: bytes.toString('latin1', at, space),
      path: bytes.toString('utf8', space + 1, nul),
      id: bytes.toString('hex', nul + 1, end),
    });
    at = end;
  }
  return entries;
}

/** The records of `git ls-tree -r -z`: `<mode> <type> <id>\t<path>`. */
export function parseListing(bytes: Buffer): TreeEntry[] {
  return bytes
    .toString()
    .split('\0')
    .filter(Boolean)
    .map((record) => {
      const tab = record.indexOf('\t');
      const [mode = '', , id = ''] = record.slice(0, tab).split(' ');
      return { mode, id, path: record.slice(tab + 1) };
    });
}
