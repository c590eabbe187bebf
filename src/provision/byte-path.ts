/** File names as the kernel and git hold them: bytes, which need not be UTF-8. */
import { isUtf8 } from 'node:buffer';

/** The bytes of a relative path as latin1, one character a byte, so that `<` is git's order. */
export type BytePath = string & { readonly bytes?: never };

export function bytePathOf(text: string): BytePath {
  return Buffer.from(text).toString('latin1');
}

/** The path as text; undefined when its bytes are not UTF-8. */
export function textOf(path: BytePath): string | undefined {
  if (!/[\x80-\xff]/.test(path)) return path;
  const bytes = Buffer.from(path, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : undefined;
}

/** The directories above, the nearest first. */
export function parentsOf(path: BytePath): BytePath[] {
  const parents: BytePath[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    parents.push(path.slice(0, end));
  }
  return parents;
}

/** The first name of a path. */
export function topOf(path: BytePath): BytePath {
  return path.split('/', 1)[0] ?? '';
}

/** Reads what git writes with `-z`. */
export function splitNul(output: Buffer): BytePath[] {
  return output.toString('latin1').split('\0').slice(0, -1);
}

/** Writes what git reads with `-z --stdin`. */
export function joinNul(records: readonly BytePath[]): Buffer {
  return Buffer.from(records.map((record) => `${record}\0`).join(''), 'latin1');
}
