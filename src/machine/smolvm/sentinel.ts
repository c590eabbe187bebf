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
  let exitCode: number | undefined;
  const engine = keepEnd(LARGEST_ENGINE_TEXT);

  const readBefore = (bytes: Buffer): Buffer => {
    const { before, rest, found } = splitAt(bytes, opening);
    engine.push(before);
    if (found) {
      phase = 'guest';
      return readGuest(rest.subarray(opening.length));
    }
    held = rest;
    return EMPTY;
  };

  const readGuest = (bytes: Buffer): Buffer => {
    const { before, rest, code } = splitAtEnd(bytes, closing);
    exitCode = code;
    phase = code === undefined ? 'guest' : 'after';
    if (code === undefined) held = rest;
    else engine.push(rest);
    return before;
  };

  return {
    push(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      held = EMPTY;
      if (phase === 'before') return readBefore(bytes);
      if (phase === 'guest') return readGuest(bytes);
      engine.push(bytes);
      return EMPTY;
    },
    end() {
      const rest = held;
      held = EMPTY;
      if (phase === 'guest') return rest;
      engine.push(rest);
      return EMPTY;
    },
    started: () => phase !== 'before',
    exitCode: () => exitCode,
    engineText: () => engine.text(),
  };
}

/** Bytes as they come, of which only the last `most` are kept. */
function keepEnd(most: number) {
  let kept: Buffer = EMPTY;
  return {
    push: (bytes: Buffer) => {
      kept = Buffer.from(Buffer.concat([kept, bytes]).subarray(-most));
    },
    text: () => kept.toString('utf8'),
  };
}

/** Cuts at the closing bracket, once it is there with all of its exit code. */
function splitAtEnd(
  bytes: Buffer,
  closing: Buffer,
): { before: Buffer; rest: Buffer; code?: number } {
  const { before, rest, found } = splitAt(bytes, closing);
  const end = closing.length + CODE_LENGTH;
  if (!found || rest.length < end) return { before, rest };
  const code = Number.parseInt(rest.toString('latin1', closing.length, end), 10);
  return { before, rest: rest.subarray(end), code };
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
