/** A small line diff for people: bounded, without context, in printable text. */
import { printable } from '../printable.ts';

export type LineDiff = { readonly lines: readonly string[]; readonly more: number };

/** Beyond this, comparing costs more than the answer is worth. */
const MAX_COMPARED = 400;
const MAX_WIDTH = 200;

/** Lines that went begin with `-`, new ones with `+`; at most `most` of them. */
export function diffLines(before: string, after: string, most: number): LineDiff {
  const [old, fresh] = trimCommon(linesOf(before), linesOf(after));
  const changes =
    old.length > MAX_COMPARED || fresh.length > MAX_COMPARED
      ? [...old.map((line) => `-${line}`), ...fresh.map((line) => `+${line}`)]
      : compare(old, fresh);
  return {
    lines: changes.slice(0, most).map((line) => printable(line, MAX_WIDTH)),
    more: Math.max(0, changes.length - most),
  };
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split('\n');
}

/** Without the lines that both begin and end with. */
function trimCommon(old: readonly string[], fresh: readonly string[]) {
  const most = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < most && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  return [old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)] as const;
}

/** By the longest common subsequence. */
function compare(old: readonly string[], fresh: readonly string[]): string[] {
  const width = fresh.length + 1;
  const longest = new Uint16Array((old.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] as number;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] =
        old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: string[] = [];
  for (let i = 0, j = 0; i < old.length || j < fresh.length; ) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      i += 1;
      j += 1;
    } else if (j === fresh.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      changes.push(`-${old[i++]}`);
    } else changes.push(`+${fresh[j++]}`);
  }
  return changes;
}
