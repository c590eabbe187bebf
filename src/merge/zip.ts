/** One small file out of a zip that somebody else wrote: bounded, and nothing is put on the disk. */
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
/** As many entries as are looked through. */
const MOST_ENTRIES = 10_000;

/** Undefined when there is no such file. @throws When it is no zip file, or the file is too large. */
export function readZipEntry(zip: Buffer, name: string, mostBytes: number): Buffer | undefined {
  const end = findEnd(zip);
  const count = Math.min(zip.readUInt16LE(end + 10), MOST_ENTRIES);
  let at = zip.readUInt32LE(end + 16);
  for (let left = count; left > 0; left--) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error('its central directory is broken');
    const length = zip.readUInt16LE(at + 28);
    if (zip.subarray(at + 46, at + 46 + length).toString() === name) {
      return readEntry(zip, at, mostBytes);
    }
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return undefined;
}

function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.length - END_BYTES - LONGEST_COMMENT);
  for (let at = zip.length - END_BYTES; at >= first; at--) {
    if (zip.readUInt32LE(at) === END) return at;
  }
  throw new Error('it is no zip file');
}

function readEntry(zip: Buffer, central: number, mostBytes: number): Buffer {
  const method = zip.readUInt16LE(central + 10);
  const size = zip.readUInt32LE(central + 20);
  const local = zip.readUInt32LE(central + 42);
  if (zip.readUInt32LE(local) !== LOCAL)
    throw new Error('an entry of it is not where it should be');
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const data = zip.subarray(start, start + size);
  if (method === 0) {
    if (data.length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`);
    return data;
  }
  if (method === 8) return inflateRawSync(data, { maxOutputLength: mostBytes });
  throw new Error(`it is packed with method ${method}`);
}
