/** Reads an event stream byte by byte, in constant memory, and passes on what its `data` lines say. */

export type EventSink = {
  push(bytes: Uint8Array): void;
  /** The event is over; whatever was unfinished in it is void. */
  reset(): void;
};

const [LF, CR, COLON] = [0x0a, 0x0d, 0x3a];
const FIELD = Buffer.from('data');

/**
 * Lines end in LF, CR or both, an empty one ends the event, as the HTML standard has it (§9.2.6).
 * The line breaks within an event's data are left out: in JSON they are between tokens only.
 */
export function readEventStream(sink: EventSink): (chunk: Uint8Array) => void {
  let line: 'name' | 'data' | 'other' = 'name';
  /** How many bytes of the line are those of `data`. */
  let matched = 0;
  let afterCr = false;

  const endLine = () => {
    if (line === 'name' && matched === 0) sink.reset();
    line = 'name';
    matched = 0;
  };
  const readName = (byte: number) => {
    if (matched < FIELD.length && byte === FIELD[matched]) matched++;
    else line = matched === FIELD.length && byte === COLON ? 'data' : 'other';
  };
  return (chunk) => {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      const isBreak = byte === LF || byte === CR;
      // The LF of a CR LF ends no second line.
      if (isBreak && !(byte === LF && afterCr)) endLine();
      else if (!isBreak && line === 'name') readName(byte);
      else if (!isBreak) {
        const end = endOfLine(chunk, at);
        if (line === 'data') sink.push(chunk.subarray(at, end));
        at = end - 1;
      }
      afterCr = byte === CR;
    }
  };
}

function endOfLine(chunk: Uint8Array, from: number): number {
  let end = from;
  while (end < chunk.length && chunk[end] !== LF && chunk[end] !== CR) end++;
  return end;
}
