/** Reads a zip from a hostile writer: no name of it becomes a path, no size is believed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import type { HostPath } from './host/host.ts';

export type Zip = {
  /** Of all entries, directories too, in their order; a name may be there twice. */
  readonly names: readonly string[];
  /** Undefined when there is no such file. Throws when it is larger, or not what the zip says. */
  read(name: string, mostBytes: number): Promise<Buffer | undefined>;
  /** The same into a file that is made; false when there is no such file. */
  save(name: string, mostBytes: number, to: HostPath): Promise<boolean>;
};

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

/** Open while `use` lasts. @throws What is wrong with the zip as a whole, or what `use` throws. */
export async function withZip<T>(path: HostPath, use: (zip: Zip) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const entries = await readDirectory(file);
    const names = entries.map(({ name }) => name);
    const unpack = async (name: string, most: number, target: () => Writable) => {
      const [entry, twice] = entries.filter((one) => one.name === name);
      if (entry === undefined) return false;
      if (twice !== undefined) throw new Error(`${name} is in the archive twice`);
      await unpackEntry(file, path, entry, most, target);
      return true;
    };
    return await use({
      names,
      async read(name, most) {
        const chunks: Buffer[] = [];
        const keep = new Writable({
          write(chunk: Buffer, _, done) {
            chunks.push(chunk);
            done();
          },
        });
        return (await unpack(name, most, () => keep)) ? Buffer.concat(chunks) : undefined;
      },
      save: (name, most, to) =>
        unpack(name, most, () => createWriteStream(to, { flags: 'wx', mode: 0o600 })),
    });
  } finally {
    await file.close();
  }
}

/** Writes those that are there into `directory` under their names, which are ours. */
export async function takeFromZip(
  path: HostPath,
  wanted: Wanted,
  directory: HostPath,
): Promise<ReadonlySet<string>> {
  return await withZip(path, async ({ save }) => {
    const taken = new Set<string>();
    for (const [name, most] of Object.entries(wanted)) {
      if (await save(name, most, join(directory, name))) taken.add(name);
    }
    return taken;
  });
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
  if (at < 0 || at + END_BYTES > tail.length) throw new Error('it is no zip file');
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
    const entry = {
      name: directory.toString('utf8', next + 46, next + 46 + (name ?? 0)),
      method: directory.readUInt16LE(next + 10),
      crc: directory.readUInt32LE(next + 16),
      packed: directory.readUInt32LE(next + 20),
      size: directory.readUInt32LE(next + 24),
      offset: directory.readUInt32LE(next + 42),
    };
    requireHarmless(entry.name);
    entries.push(entry);
    next += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return entries;
}

async function unpackEntry(
  file: FileHandle,
  zip: HostPath,
  { name, method, crc, packed, size, offset }: Entry,
  most: number,
  target: () => Writable,
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
  const source =
    packed > 0 ? createReadStream(zip, { start, end: start + packed - 1 }) : Readable.from([]);
  await pipeline([source, ...(packed > 0 ? unpack : []), measure, target()]);
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
