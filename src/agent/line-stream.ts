/** Cuts what an agent writes into lines, however it writes: without an end, without UTF-8. */

/** A picture in a tool's result is one line of some MiB. */
export const LONGEST_LINE = 8 * 1024 * 1024;

const LF = 0x0a;

export type LineStream = {
  /** Whole lines without their breaks; a longer one comes in pieces that are no lines. */
  push(chunk: Uint8Array): Generator<Line, void, undefined>;
  /** The line that was not ended, if there is one. */
  rest(): Generator<Line, void, undefined>;
};

export type Line = { readonly bytes: Buffer; readonly isWhole: boolean };

export function createLineStream(longest = LONGEST_LINE): LineStream {
  let held: Uint8Array[] = [];
  let size = 0;
  let isCut = false;

  function* take(isEnd: boolean): Generator<Line, void, undefined> {
    const bytes = Buffer.concat(held);
    const isWhole = isEnd && !isCut;
    held = [];
    size = 0;
    isCut = !isEnd;
    // What ended a line that was cut is no line of its own.
    if (bytes.length > 0 || isWhole) yield { bytes, isWhole };
  }

  return {
    *push(chunk) {
      let rest = chunk;
      while (rest.length > 0) {
        const end = rest.indexOf(LF);
        const room = longest - size;
        const length = Math.min(end === -1 ? rest.length : end, room);
        // A copy: the chunk is its sender's.
        held.push(Buffer.from(rest.subarray(0, length)));
        size += length;
        if (length === end) yield* take(true);
        else if (size === longest) yield* take(false);
        rest = rest.subarray(length === end ? length + 1 : length);
      }
    },
    *rest() {
      if (size > 0) yield* take(true);
    },
  };
}
