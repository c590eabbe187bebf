/**
 * The letters and digits of a text without what stands between them, so that neither line breaks in
 * base64, nor colons in hexadecimal, nor a dash after each letter hide anything. `%XX`, `\xXX`,
 * `\uXXXX`, `&#N;` and `&#xX;` count as the letter that they stand for; `\n` and its like as a gap.
 */

/** More bytes than these between two letters, and they do not belong together. */
export const MAX_GAP = 16;

/** Letters, and where each stands in the text; see `placeOf`. */
export type Letters = { readonly letters: Uint8Array; readonly places: Int32Array };

/** Valid until the next call only. */
export type Condensed = Letters & {
  /** How many bytes at the end of the text may be half of an escape, and were left out. */
  readonly rest: number;
};

export const NO_LETTERS: Letters = { letters: new Uint8Array(0), places: new Int32Array(0) };

const [LETTER, ESCAPE] = [1, 2];
const KIND = new Uint8Array(256);
for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
  KIND[letter.charCodeAt(0)] = LETTER;
const codeOf = (letter: string) => letter.charCodeAt(0);
const [PERCENT, AMPERSAND] = ['%', '&'].map(codeOf);
const [HASH, SEMICOLON, U, X] = ['#', ';', 'u', 'x'].map(codeOf);
/** After a backslash. */
const GAPS = ['b', 'f', 'n', 'r', 't'].map(codeOf);
for (const mark of '%&\\') KIND[codeOf(mark)] = ESCAPE;

const NO_DIGIT = 16;
const MAX_DIGITS = 7;
const DIGIT = new Uint8Array(256).fill(NO_DIGIT);
for (const digit of '0123456789abcdefABCDEF') DIGIT[codeOf(digit)] = Number.parseInt(digit, 16);

let room: Letters = NO_LETTERS;

let bareRoom: Uint8Array = new Uint8Array(0);

/**
 * The letters of `condense` without their places, which are what takes its time. Valid until the
 * next call only.
 */
export function condenseBare(
  text: Uint8Array,
  before: Uint8Array,
): { readonly letters: Uint8Array; readonly rest: number } {
  const most = before.length + text.length + 1;
  if (bareRoom.length < most) bareRoom = new Uint8Array(most);
  const letters = bareRoom;
  letters.set(before);
  let length = before.length;
  let rest = 0;
  for (let at = 0; ; ) {
    bareEnd = text.length;
    length = copyBare(text, at, letters, length);
    at = bareEnd;
    if (at === text.length) break;
    const found = readEscape(text, at);
    if (found === 'cut') {
      rest = text.length - at;
      break;
    }
    if (KIND[found.byte] === LETTER) letters[length++] = found.byte;
    at += found.width;
  }
  return { letters: letters.subarray(0, length), rest };
}

/** Where `copyBare` stopped: at an escape or at the end. */
let bareEnd = 0;

function copyBare(text: Uint8Array, from: number, letters: Uint8Array, have: number): number {
  const kinds = KIND;
  const end = text.length;
  let length = have;
  for (let at = from; at < end; at++) {
    const byte = text[at] as number;
    const kind = kinds[byte] as number;
    letters[length] = byte;
    if (kind === ESCAPE) {
      bareEnd = at;
      return length;
    }
    length += kind;
  }
  return length;
}

/** `before`: letters of an earlier text that belong in front; their places are below zero. */
export function condense(text: Uint8Array, before = NO_LETTERS): Condensed {
  const most = before.letters.length + text.length + 1;
  if (room.letters.length < most)
    room = { letters: new Uint8Array(most), places: new Int32Array(most) };
  room.letters.set(before.letters);
  room.places.set(before.places);
  const { letters, places } = room;
  let length = before.letters.length;
  let rest = 0;
  for (let at = 0; ; ) {
    length = copyLetters(text, at, room, length);
    at = (places[length] ?? 0) >> 3;
    if (at === text.length) break;
    const found = readEscape(text, at);
    if (found === 'cut') {
      rest = text.length - at;
      break;
    }
    if (KIND[found.byte] === LETTER) {
      letters[length] = found.byte;
      places[length++] = (at << 3) | found.width;
    }
    at += found.width;
  }
  return { letters: letters.subarray(0, length), places: places.subarray(0, length), rest };
}

/**
 * Up to the next escape or the end, whose place is put behind those of the letters. Returns the new
 * number of letters. The casts are for speed, as is that each byte is copied before it is judged.
 */
function copyLetters(text: Uint8Array, from: number, to: Letters, have: number): number {
  const { letters, places } = to;
  let length = have;
  for (let at = from; at < text.length; at++) {
    const byte = text[at] as number;
    const kind = KIND[byte] as number;
    letters[length] = byte;
    places[length] = (at << 3) | 1;
    if (kind === ESCAPE) return length;
    length += kind;
  }
  places[length] = text.length << 3;
  return length;
}

/** Where a letter starts and ends in the text. */
export function placeOf({ places }: Letters, at: number): { start: number; end: number } {
  const place = places[at] ?? 0;
  return { start: place >> 3, end: (place >> 3) + (place & 7) };
}

/** The same places, counted from `by` bytes further on. */
export function movePlaces({ letters, places }: Letters, by: number): Letters {
  return { letters, places: places.map((place) => place - by * 8) };
}

type Escape = { readonly byte: number; readonly width: number };
const NO_ESCAPE: Escape = { byte: 0, width: 1 };
const GAP: Escape = { byte: 0, width: 2 };

function readEscape(text: Uint8Array, at: number): Escape | 'cut' {
  if (text[at] === PERCENT) return readHex(text, at, 1, 2);
  if (at + 1 === text.length) return 'cut';
  const second = text[at + 1];
  if (text[at] === AMPERSAND) return second === HASH ? readEntity(text, at) : NO_ESCAPE;
  if (second === X) return readHex(text, at, 2, 2);
  if (second === U) return readHex(text, at, 2, 4);
  return GAPS.includes(second ?? 0) ? GAP : NO_ESCAPE;
}

/** A number of exactly so many digits. */
function readHex(text: Uint8Array, at: number, skip: number, count: number): Escape | 'cut' {
  let value = 0;
  for (let index = at + skip; index < at + skip + count; index++) {
    if (index >= text.length) return 'cut';
    const digit = DIGIT[text[index] ?? 0] ?? NO_DIGIT;
    if (digit === NO_DIGIT) return NO_ESCAPE;
    value = value * 16 + digit;
  }
  return { byte: value > 0xff ? 0 : value, width: skip + count };
}

/** A number of any length up to that of Unicode's last, and a semicolon. */
function readEntity(text: Uint8Array, at: number): Escape | 'cut' {
  const isHex = text[at + 2] === X;
  const start = at + (isHex ? 3 : 2);
  let value = 0;
  for (let index = start; index < start + MAX_DIGITS + 1; index++) {
    if (index >= text.length) return 'cut';
    if (text[index] === SEMICOLON && index > start)
      return { byte: value > 0xff ? 0 : value, width: index + 1 - at };
    const digit = DIGIT[text[index] ?? 0] ?? NO_DIGIT;
    if (digit >= (isHex ? 16 : 10)) return NO_ESCAPE;
    value = value * (isHex ? 16 : 10) + digit;
  }
  return NO_ESCAPE;
}
