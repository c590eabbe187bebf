/** Takes named files out of a zip from a hostile writer: no name of it becomes a path, no size is believed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import type { HostPath } from '../host/host.ts';

/** By the name in the archive: the most bytes that the file may have. */
export type Wanted = Readonly<Record<string, number>>;

type Entry = {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
};

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const MAX_DIRECTORY = 16 << 20;
const MAX_ENTRIES = 10_000;
const ENCRYPTED = 1;

/** Writes those that are there into `directory` under their names. Throws what is wrong with the zip. */
export async function takeFromZip(
  zip: HostPath,
  wanted: Wanted,
  directory: HostPath,
): Promise<ReadonlySet<string>> {
  const file = await open(zip);
  try {
    const entries = await readDirectory(file);
    const taken = new Set<string>();
    for (const entry of entries) {
      requireHarmless(entry.name);
      const most = wanted[entry.name];
      if (most === undefined || !Object.hasOwn(wanted, entry.name)) continue;
      if (taken.has(entry.name)) throw new Error(`${entry.name} is in the archive twice`);
      taken.add(entry.name);
      await takeEntry(file, zip, entry, { most, to: join(directory, entry.name) });
    }
    return taken;
  } finally {
    await file.close();
  }
}

/** Nothing is written under such a name, and no client of GitHub's writes one. */
function requireHarmless(name: string): void {
  const parts = name.split('/');
  const isBad = /^[/\\]|^[A-Za-z]:|[\\\0]/.test(name) || parts.includes('..');
  if (isBad) throw new Error('a name in the archive leads out of it');
}

async function readDirectory(file: FileHandle): Promise<Entry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - END_BYTES - MAX_COMMENT), size);
  const at = tail.lastIndexOf(signature(END));
  if (at < 0 || at + END_BYTES > tail.length) throw new Error('it is no zip');
  const count = tail.readUInt16LE(at + 10);
  const [bytes, start] = [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (count > MAX_ENTRIES || bytes > MAX_DIRECTORY) throw new Error('the zip has too many entries');
  if (start + bytes > size) throw new Error('the zip is cut off');
  const directory = await readAt(file, start, start + bytes);
  const entries: Entry[] = [];
  let next = 0;
  for (let left = count; left > 0; left -= 1) {
    if (next + 46 > directory.length || directory.readUInt32LE(next) !== CENTRAL)
      throw new Error('the directory of the zip is broken');
    const [name, extra, comment] = [28, 30, 32].map((field) =>
      directory.readUInt16LE(next + field),
    );
    if ((directory.readUInt16LE(next + 8) & ENCRYPTED) !== 0)
      throw new Error('the zip is encrypted');
    entries.push({
      name: directory.toString('utf8', next + 46, next + 46 + (name ?? 0)),
      method: directory.readUInt16LE(next + 10),
      crc: directory.readUInt32LE(next + 16),
      packed: directory.readUInt32LE(next + 20),
      size: directory.readUInt32LE(next + 24),
      offset: directory.readUInt32LE(next + 42),
    });
    next += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

type Target = { readonly most: number; readonly to: HostPath };

async function takeEntry(
  file: FileHandle,
  zip: HostPath,
  { name, method, crc, packed, size, offset }: Entry,
  { most, to }: Target,
): Promise<void> {
  if (size > most) throw new Error(`${name} has ${size} bytes, more than ${most}`);
  const head = await readAt(file, offset, offset + 30);
  if (head.length < 30 || head.readUInt32LE(0) !== LOCAL) throw new Error(`${name} is not there`);
  const start = offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  const unpack = { 0: [], 8: [createInflateRaw()] }[method];
  if (unpack === undefined) throw new Error(`${name} is packed by method ${method}`);
  let bytes = 0;
  let sum = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      sum = crc32(chunk, sum);
      if (bytes > size) done(new Error(`${name} has more bytes than the zip says`));
      else done(null, chunk);
    },
  });
  if (packed > 0) {
    const source = createReadStream(zip, { start, end: start + packed - 1 });
    await pipeline([
      source,
      ...unpack,
      measure,
      createWriteStream(to, { flags: 'wx', mode: 0o600 }),
    ]);
  } else {
    await (await open(to, 'wx', 0o600)).close();
  }
  if (bytes !== size || sum !== crc) throw new Error(`${name} is not what the zip says`);
}

function signature(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}
