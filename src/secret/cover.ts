/** Keeps back the bytes of a stream until it is known which of them belong to a match. */
import type { Match } from './matcher.ts';

/** Bytes that are decided; `covered`: they are in a match. */
export type Piece = {
  readonly bytes: Uint8Array;
  readonly covered: boolean;
  /** Of the first match that covers them; empty where none does. */
  readonly label: string;
  /** Not the continuation of a match whose first bytes were handed out before. */
  readonly isStart: boolean;
};

export type Cover = {
  /** `held`: how many bytes at the end are not decided. */
  push(chunk: Uint8Array, matches: readonly Match[], held: number): Piece[];
  /** What was kept back. */
  end(matches?: readonly Match[]): Piece[];
  /** What was kept back up to its last line break, though it was not decided. */
  release(): Piece[];
};

const LF = 0x0a;

export function createCover(): Cover {
  let kept: Uint8Array = new Uint8Array(0);
  /** Where the kept bytes begin in the stream. */
  let base = 0;
  /** By their start, none touching the next. */
  let ranges: Match[] = [];
  /** The end of the match that was last handed out, whole or in part. */
  let covered = -1;

  function cut(until: number): Piece[] {
    const pieces: Piece[] = [];
    const take = (to: number, label?: string) => {
      if (to <= base) return;
      const bytes = kept.subarray(0, to - base);
      const isCovered = label !== undefined;
      pieces.push({ bytes, covered: isCovered, label: label ?? '', isStart: base > covered });
      kept = kept.subarray(to - base);
      base = to;
      if (isCovered) covered = to;
    };
    for (const { start, end, label } of ranges) {
      take(Math.min(start, until));
      if (start < until) take(Math.min(end, until), label);
    }
    take(until);
    ranges = ranges.filter(({ end }) => end > base);
    return pieces;
  }

  const add = (matches: readonly Match[]) => {
    if (matches.length > 0) ranges = join([...ranges, ...matches]);
  };

  return {
    push(chunk, matches, held) {
      kept = kept.length > 0 ? Buffer.concat([kept, chunk]) : chunk;
      add(matches);
      const pieces = cut(base + kept.length - held);
      // The rest is a copy: the caller may use its chunk again.
      kept = new Uint8Array(kept);
      return pieces;
    },
    end(matches = []) {
      add(matches);
      return cut(base + kept.length);
    },
    release: () => cut(base + kept.lastIndexOf(LF) + 1),
  };
}

function join(ranges: readonly Match[]): Match[] {
  const joined: { label: string; start: number; end: number }[] = [];
  for (const { label, start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ label, start, end });
  }
  return joined;
}
