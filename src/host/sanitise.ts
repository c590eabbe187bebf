/**
 * Turns hostile text into log lines that the runner cannot read as commands. Pure.
 *
 * No visible text is lost. Each character of the input, in order, is
 * - printed as it is, or
 * - printed as a stand-in: `␛` and its like for control characters, `\xHH` for a byte that is not
 *   UTF-8, `<U+XXXX>` for what changes direction, has no width or no meaning, or
 * - a line break: LF, CR, CRLF, VT, FF, NEL, U+2028 or U+2029 each end a line, or
 * - dropped, because a terminal shows nothing for it: an escape sequence that is complete within
 *   its line and the characters that join emoji. An incomplete sequence is text after a `␛`.
 * Added are the spaces that break up `##[` and a leading `::`.
 */
import { isUtf8 } from 'node:buffer';

const LINE_BREAK = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** Complete sequences, of ECMA-48 and xterm's list. */
const ESCAPE_SEQUENCE = new RegExp(
  [
    /\x1b\[[0-?]*[ -/]*[@-~]/, // CSI: colours, cursor
    /\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/, // OSC: titles, links
    /\x1b[PX^_][^\x1b]*\x1b\\/, // DCS, SOS, PM, APC
    /\x1b[ -/]*[0-OQ-WYZ\\`-~]/, // all others
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

// The runner searches with .NET's culture-sensitive comparison, which skips over ignorable
// characters: `##` U+200B `[` would be found. So none of them may stay as it is.
const INVISIBLE =
  /(?!\t)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Cs}]/gu;

/** 0xdc00 + byte, as Python's surrogateescape does. */
const INVALID_BYTE = 0xdc00;

const PLAIN = /^[\t -~]*$/;

/** The lines of a text, each harmless at the start of a line and anywhere else. At least one. */
export function sanitise(text: string): string[] {
  return text.split(LINE_BREAK).map(sanitiseLine);
}

/** As `sanitise`, for bytes. */
export function sanitiseBytes(bytes: Buffer): string[] {
  return sanitise(decode(bytes));
}

function sanitiseLine(line: string): string {
  const visible = PLAIN.test(line)
    ? line
    : line.replace(ESCAPE_SEQUENCE, '').replace(INVISIBLE, standIn);
  return visible.replaceAll('##[', '## [').replace(/^(\s*):(?=:)/, '$1: ');
}

function standIn(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  if (code >= INVALID_BYTE && code <= INVALID_BYTE + 0xff) {
    return `\\x${(code - INVALID_BYTE).toString(16)}`;
  }
  const joinsEmoji = code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f);
  return joinsEmoji ? '' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** Decodes UTF-8; a byte that is none becomes a lone surrogate, which no escape sequence holds. */
function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let index = 0; index < bytes.length; ) {
    const lead = bytes[index] as number;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = bytes.subarray(index, index + length);
    const valid = character.length === length && isUtf8(character);
    text += valid ? character.toString('utf8') : String.fromCharCode(INVALID_BYTE + lead);
    index += valid ? length : 1;
  }
  return text;
}

const LF = 0x0a;
const CR = 0x0d;

/** Cuts a byte stream into lines. Holds no more than `limit` bytes of an unfinished one. */
export type LineSplitter = {
  /** Whole lines, without their breaks; a line over the limit comes in pieces. */
  push(chunk: Uint8Array): Generator<Buffer, void, undefined>;
  /** The unfinished line; undefined when there is none. */
  rest(): Buffer | undefined;
};

/** A splitter at LF, CR and CRLF; `limit` is bytes. Characters of UTF-8 are never cut in two. */
export function createLineSplitter(limit: number): LineSplitter {
  let pending: Buffer = Buffer.alloc(0);
  let afterCr = false;
  return {
    *push(chunk) {
      const data = Buffer.concat([pending, chunk]);
      let start = 0;
      for (let index = pending.length; index < data.length; index++) {
        const byte = data[index];
        if (byte === LF && afterCr) start = index + 1;
        else if (byte === LF || byte === CR) {
          yield data.subarray(start, index);
          start = index + 1;
        } else if (index - start === limit) {
          const end = characterStart(data, index);
          yield data.subarray(start, end);
          start = end;
        }
        afterCr = byte === CR;
      }
      pending = Buffer.from(data.subarray(start));
    },
    rest() {
      const line = pending;
      pending = Buffer.alloc(0);
      return line.length > 0 ? line : undefined;
    },
  };
}

/** Where the character begins that the byte at `index` belongs to. */
function characterStart(data: Buffer, index: number): number {
  for (let start = index; start > index - 4; start--) {
    if (((data[start] as number) & 0xc0) !== 0x80) return start;
  }
  return index;
}
