/** The 512-byte tar header: fields, numbers and checksum, as ustar and GNU tar define them. */

import { TarError } from './tar-error.ts';

export const BLOCK = 512;

/** Offset and length of each header field that we use. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const;

export type Field = readonly [offset: number, length: number];

/** Zero bytes that fill `size` up to whole blocks. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The sum of a header's bytes with the checksum field read as spaces. */
export function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < BLOCK; index++) sum += header[index] as number;
  const [start, length] = FIELD.checksum;
  for (let index = start; index < start + length; index++) sum += 0x20 - (header[index] as number);
  return sum;
}

/** Writes a number as octal digits, or where they do not fit in base 256, as GNU tar does. */
export function writeNumber(header: Buffer, [offset, length]: Field, value: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    header.write(`${digits.padStart(length - 1, '0')}\0`, offset, 'latin1');
    return;
  }
  let rest = value;
  for (let index = offset + length - 1; index > offset; index--) {
    header[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  header[offset] = 0x80;
}

/** Reads a number in octal or base 256. Throws `TarError` for what is neither or does not fit. */
export function readNumber(header: Buffer, field: Field): number {
  const value = findNumber(header, field);
  if (value !== undefined) return value;
  throw new TarError('corrupt', 'a header holds a number that is none or does not fit');
}

/** The same for what may be done without. */
export function findNumber(header: Buffer, [offset, length]: Field): number | undefined {
  const field = header.subarray(offset, offset + length);
  const first = field[0] as number;
  let value = 0;
  if (first >= 0x80) {
    value = first & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
  } else {
    const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
    value = digits === undefined ? Number.NaN : Number.parseInt(digits || '0', 8);
  }
  return Number.isSafeInteger(value) ? value : undefined;
}
