/** The text of one manifest file, and how an offset in it becomes a line and a column. */
import type { Problem } from '../errors.ts';
import type { Fault } from './located.ts';

export type SourceFile = {
  /** Relative to the root of the files, POSIX. */
  readonly file: string;
  /** Decoded, without a byte order mark. */
  readonly text: string;
  /** Both count from 1, columns in UTF-16 units. */
  positionAt(offset: number): { readonly line: number; readonly column: number };
};

export function sourceFile(file: string, text: string): SourceFile {
  let starts: number[] | undefined;
  const positionAt = (offset: number) => {
    starts ??= lineStarts(text);
    const line = countUpTo(starts, offset);
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
  };
  return { file, text, positionAt };
}

/** A fault with its place, ready for a report. */
export function problemAt(source: SourceFile, fault: Fault): Problem {
  return { message: fault.message, file: source.file, ...source.positionAt(fault.offset) };
}

/** `.bot-bottle/bottles/dev.md:7`. */
export function placeAt(source: SourceFile, offset: number): string {
  return `${source.file}:${source.positionAt(offset).line}`;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1);
  }
  return starts;
}

/** How many of the ascending `starts` are not beyond `offset`. */
function countUpTo(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
