/**
 * Tells the guest's stderr from the engine's: the guest program brackets it with a token that only
 * it and we know. What stands outside the brackets was written by smolvm, and the closing one has
 * the true exit code.
 */

/** `<token>+` opens; `<token>=` and three digits, the exit code, close. */
export type SentinelStream = {
  /** Takes in stderr as it comes; returns the guest's part, without what may yet be a bracket. */
  push(chunk: Uint8Array): Uint8Array;
  /** The bytes still held back, which turned out to be the guest's. */
  end(): Uint8Array;
  /** The guest program ran. */
  started(): boolean;
  /** The command's own exit code; undefined when the guest program did not come to its end. */
  exitCode(): number | undefined;
  /** What smolvm itself wrote, the last 64 KiB of it. */
  engineText(): string;
};

const EMPTY = Buffer.alloc(0);
const LARGEST_ENGINE_TEXT = 64 * 1024;
const CODE_LENGTH = 3;

export function openSentinelStream(token: string): SentinelStream {
  const opening = Buffer.from(`${token}+`);
  const closing = Buffer.from(`${token}=`);
  let phase: 'before' | 'guest' | 'after' = 'before';
  let held: Buffer = EMPTY;
  let engine: Buffer = EMPTY;
  let exitCode: number | undefined;

  const toEngine = (bytes: Buffer) => {
    engine = Buffer.from(Buffer.concat([engine, bytes]).subarray(-LARGEST_ENGINE_TEXT));
  };

  const readBefore = (bytes: Buffer): Buffer => {
    const { before, rest, found } = splitAt(bytes, opening);
    toEngine(before);
    if (!found) {
      held = rest;
      return EMPTY;
    }
    phase = 'guest';
    return readGuest(rest.subarray(opening.length));
  };

  const readGuest = (bytes: Buffer): Buffer => {
    const { before, rest, found } = splitAt(bytes, closing);
    if (!found || rest.length < closing.length + CODE_LENGTH) {
      held = rest;
      return before;
    }
    const code = rest.subarray(closing.length, closing.length + CODE_LENGTH).toString('latin1');
    exitCode = Number.parseInt(code, 10);
    phase = 'after';
    toEngine(rest.subarray(closing.length + CODE_LENGTH));
    return before;
  };

  return {
    push(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      held = EMPTY;
      if (phase === 'before') return readBefore(bytes);
      if (phase === 'guest') return readGuest(bytes);
      toEngine(bytes);
      return EMPTY;
    },
    end() {
      const rest = held;
      held = EMPTY;
      if (phase === 'guest') return rest;
      toEngine(rest);
      return EMPTY;
    },
    started: () => phase !== 'before',
    exitCode: () => exitCode,
    engineText: () => engine.toString('utf8'),
  };
}

/** Cuts at the first `mark`, or where the bytes' end could be the beginning of one. */
function splitAt(bytes: Buffer, mark: Buffer): { before: Buffer; rest: Buffer; found: boolean } {
  const at = bytes.indexOf(mark);
  const cut = at === -1 ? bytes.length - partialMark(bytes, mark) : at;
  return { before: bytes.subarray(0, cut), rest: bytes.subarray(cut), found: at !== -1 };
}

/** How many bytes at the end of `bytes` could be the beginning of `mark`. */
function partialMark(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(bytes.length, mark.length - 1); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
