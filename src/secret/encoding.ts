/**
 * What a secret looks like in the places where one turns up: as it is and in the encodings that
 * programs use, of which a long enough piece counts as well.
 */

import { condense } from './condense.ts';

/** A shorter value would be found in ordinary text, and is no secret worth the name. */
export const MIN_SECRET_LENGTH = 8;

/** So many bytes in a row of a secret are as good as the secret. */
export const FRAGMENT_LENGTH = 12;

export type Form = {
  readonly bytes: Uint8Array;
  /** How many of the bytes in a row count as found; their number where only all of them do. */
  readonly run: number;
};

/** All forms of one value; a value of several lines is looked for line by line. */
export function encodingsOf(secret: string): Form[] {
  const value = secret.toWellFormed();
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  const long = lines.filter((line) => isLong(line) && !PEM_ARMOUR.test(line));
  const wholes = (lines.length > 1 && long.length > 0 ? long : [value, ...lines]).filter(isLong);
  return [
    ...wholes.flatMap((text) =>
      [...evenForms(text), ...unevenForms(text), ...escapedForms(text)].map(asWhole),
    ),
    ...wholes.flatMap(fragmentable).flatMap((text) => asFragments(text, evenForms(text))),
  ];
}

const PEM_ARMOUR = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

const isLong = (text: string) => Buffer.byteLength(text) >= MIN_SECRET_LENGTH;

function asWhole(text: string | Uint8Array): Form {
  const bytes = Buffer.from(text);
  return { bytes, run: bytes.length };
}

/** The first and last digit of an encoded fragment hold bits of its neighbours, hence the ± 1. */
function asFragments(value: string, forms: readonly (string | Uint8Array)[]): Form[] {
  return forms.map((form) => {
    const bytes = Buffer.from(form);
    const run = 1 + ((FRAGMENT_LENGTH - 1) * bytes.length) / Buffer.byteLength(value);
    return { bytes, run: Math.min(bytes.length, Math.max(MIN_SECRET_LENGTH, Math.floor(run))) };
  });
}

/** What all tokens of a vendor, or all JSON web tokens, begin with gives nothing away. */
const PUBLIC_PREFIX = /^(?:eyJ[\w-]+\.|(?:[A-Za-z]{2,10}\d{0,2}[-_]){1,4})/;
const RANDOM = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)|^[\da-f]{32,}$/;

/** The parts of a value that other texts do not have as well, but for six bytes at the start. */
function fragmentable(value: string): string[] {
  const isToken = /^[^\s"]+$/.test(value) && !value.includes('://');
  const words = isToken
    ? [value]
    : value.split(/[^\w+/=-]+/).filter((word) => word.length >= 20 && RANDOM.test(word));
  return words
    .map((word) => word.slice(Math.max(0, (PUBLIC_PREFIX.exec(word)?.[0].length ?? 0) - 6)))
    .filter((word) => Buffer.byteLength(word) >= FRAGMENT_LENGTH);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64URL = `${BASE64.slice(0, 62)}-_`;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Encodings in which each byte takes as much as the next, so that fragments can be counted. */
function evenForms(value: string): (string | Uint8Array)[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  return [
    bytes,
    [...value].toReversed().join(''),
    Buffer.from(value, 'utf16le'),
    Buffer.from(value, 'utf16le').swap16(),
    ...[0, 1, 2].flatMap((offset) =>
      [BASE64, BASE64URL].map((digits) => digitsAt(bytes, offset, digits)),
    ),
    ...[0, 1, 2, 3, 4].flatMap((offset) => bothCases(digitsAt(bytes, offset, BASE32))),
    ...bothCases(hex),
    ...bothCases(hex).map((text) => text.replace(/../g, '0x$&,').slice(0, -1)),
    bytes.join(','),
  ];
}

/** So much between its letters that a value cannot be found by them once it is escaped. */
const GAPPY = /[^A-Za-z0-9]{3}|[%&\\]/;

/** Each character escaped. The others are found by their letters, and much faster so. */
function escapedForms(value: string): string[] {
  const { letters } = condense(Buffer.from(value));
  const isGappy = GAPPY.test(Buffer.from(value).toString('latin1'));
  if (letters.length >= MIN_SECRET_LENGTH && !isGappy) return [];
  const hex = Buffer.from(value).toString('hex');
  const units = Buffer.from(value, 'utf16le').swap16().toString('hex');
  const codes = [...value].map((char) => char.codePointAt(0) ?? 0);
  return [
    ...bothCases(hex).flatMap((text) => [text.replace(/../g, '%$&'), text.replace(/../g, '\\x$&')]),
    ...bothCases(units).map((text) => text.replace(/.{4}/g, '\\u$&')),
    codes.map((code) => `&#${code};`).join(''),
    codes.map((code) => `&#x${code.toString(16)};`).join(''),
  ];
}

/** Encodings that write only some bytes otherwise. */
function unevenForms(value: string): string[] {
  const loose = encodeURIComponent(value);
  const strict = loose.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  const json = JSON.stringify(value).slice(1, -1);
  const named = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const form = new URLSearchParams({ '': value }).toString().slice(1);
  const spaced = [loose, strict].map((url) => url.replaceAll('%20', '+'));
  return [
    ...[loose, strict, form, ...spaced].flatMap((url) => [
      url.replace(/%../g, (byte) => byte.toUpperCase()),
      url.replace(/%../g, (byte) => byte.toLowerCase()),
    ]),
    json,
    json.replaceAll('/', '\\/'),
    json.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    named,
    named.replaceAll('"', '&quot;'),
    named.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    named.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
    named.replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
    named.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  ];
}

const bothCases = (text: string) => [text.toLowerCase(), text.toUpperCase()];

/** The digits that the bytes alone decide when `offset` bytes stand before them. */
function digitsAt(bytes: Uint8Array, offset: number, digits: string): string {
  const width = Math.log2(digits.length);
  const all = Buffer.concat([Buffer.alloc(offset), bytes]);
  let text = '';
  for (
    let bit = Math.ceil((offset * 8) / width) * width;
    bit + width <= all.length * 8;
    bit += width
  ) {
    const pair = ((all[bit >> 3] ?? 0) << 8) | (all[(bit >> 3) + 1] ?? 0);
    text += digits[(pair >> (16 - width - (bit & 7))) & (digits.length - 1)];
  }
  return text;
}
