/**
 * Writes a tar stream: many small files become few large chunks, large files are streamed.
 *
 * The dialect is ustar with GNU's `L`/`K` entries for names over 100 bytes and base-256 numbers for
 * sizes over 8 GiB: busybox ignores pax headers, and GNU tar, bsdtar, busybox and Python read
 * these. Names are written as UTF-8.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { BottleError, messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { BLOCK, checksumOf, FIELD, paddingOf, writeNumber } from './header.ts';

/** `mode` holds the permission bits; `mtime` is seconds since the epoch; defaults are 0. */
export type TarEntry = TarEntryFields &
  (
    | { readonly kind: 'file'; readonly data: Uint8Array }
    | FileSource
    | { readonly kind: 'directory' }
    | { readonly kind: 'symlink'; readonly target: string }
  );

type TarEntryFields = {
  readonly path: string;
  readonly mode: number;
  readonly mtime?: number;
  readonly uid?: number;
  readonly gid?: number;
};

/** A regular file of `size` bytes on the runner; another size when it is read is an error. */
type FileSource = { readonly kind: 'file'; readonly from: HostPath; readonly size: number };

const CHUNK = 1 << 17;
/**
 * Up to here a file is read at once, which is several times faster than through the thread pool.
 */
const SMALL = 1 << 16;
/** Linux' `PATH_MAX`. */
const LONGEST_NAME = 4096;
// A link or a pipe put in a file's place must neither be followed nor block.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const TYPE_FLAG = { file: '0', symlink: '2', directory: '5' } as const;

/** Chunks that are full, and the one being filled. A chunk handed out is never written to again. */
type Batch = { readonly full: Uint8Array[]; chunk: Buffer; used: number };

/**
 * Yields the archive in chunks of about 1 MiB. Throws `BottleError` (`provision-failed`) for a name
 * that tar cannot hold and for a file that vanished or changed its size since it was listed.
 */
export async function* writeTar(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const batch: Batch = { full: [], chunk: Buffer.allocUnsafe(CHUNK), used: 0 };
  for await (const entry of entries) {
    appendHeader(batch, entry);
    if (entry.kind === 'file') {
      if ('data' in entry) appendData(batch, entry.data);
      else if (entry.size <= SMALL) appendSmallFile(batch, entry);
      else {
        flush(batch);
        yield* batch.full.splice(0);
        yield* streamFile(entry);
      }
      reserve(batch, paddingOf(sizeOf(entry))).fill(0);
    }
    if (batch.full.length > 0) yield* batch.full.splice(0);
  }
  reserve(batch, 2 * BLOCK).fill(0);
  flush(batch);
  yield* batch.full;
}

function flush(batch: Batch): void {
  if (batch.used === 0) return;
  batch.full.push(batch.chunk.subarray(0, batch.used));
  batch.chunk = Buffer.allocUnsafe(CHUNK);
  batch.used = 0;
}

/** Room for `length` ≤ `CHUNK` bytes at the end of the archive so far; its content is undefined. */
function reserve(batch: Batch, length: number): Buffer {
  if (batch.used + length > batch.chunk.length) flush(batch);
  batch.used += length;
  return batch.chunk.subarray(batch.used - length, batch.used);
}

function appendData(batch: Batch, data: Uint8Array): void {
  if (data.length <= SMALL) {
    reserve(batch, data.length).set(data);
    return;
  }
  flush(batch);
  batch.full.push(data);
}

function appendSmallFile(batch: Batch, entry: FileSource): void {
  const room = reserve(batch, entry.size);
  let file: number | undefined;
  try {
    file = openSync(entry.from, OPEN_FLAGS);
    checkUnchanged(entry, fstatSync(file));
    for (let done = 0; done < room.length; ) {
      const read = readSync(file, room, done, room.length - done, null);
      if (read === 0) throw changed(entry, `it ended after ${done} bytes`);
      done += read;
    }
  } catch (error) {
    throw unreadable(entry, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function* streamFile(entry: FileSource): AsyncGenerator<Uint8Array, void, undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(entry.from, OPEN_FLAGS);
    checkUnchanged(entry, await file.stat());
    for (let left = entry.size; left > 0; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(Math.min(CHUNK, left)));
      if (bytesRead === 0) throw changed(entry, `it ended ${left} bytes early`);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw unreadable(entry, error);
  } finally {
    await file?.close();
  }
}

function checkUnchanged(entry: FileSource, found: { isFile(): boolean; size: number }): void {
  if (!found.isFile()) throw changed(entry, 'it is no longer a regular file');
  if (found.size !== entry.size) throw changed(entry, `it has ${found.size} bytes now`);
}

function changed(entry: FileSource, how: string): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `A file changed while it was copied into the guest: ${how}, ${entry.size} were announced`,
    where: entry.from,
    fix: 'Make sure that no earlier step still writes to it, or leave it out with an exclude.',
  });
}

function unreadable(entry: FileSource, error: unknown): BottleError {
  if (error instanceof BottleError) return error;
  return new BottleError({
    outcome: 'provision-failed',
    what: `A file could not be read: ${messageOf(error)}`,
    where: entry.from,
    fix: 'Make sure that it exists and is readable, or leave it out with an exclude.',
    cause: error,
  });
}

function appendHeader(batch: Batch, entry: TarEntry): void {
  const slash = entry.kind === 'directory' && !entry.path.endsWith('/') ? '/' : '';
  const name = bytesOf(entry, entry.path + slash);
  const target = bytesOf(entry, entry.kind === 'symlink' ? entry.target : '');
  if (target.length > FIELD.link[1]) appendLongName(batch, 'K', target);
  if (name.length > FIELD.name[1]) appendLongName(batch, 'L', name);
  appendBlock(batch, {
    type: TYPE_FLAG[entry.kind],
    name,
    target,
    size: sizeOf(entry),
    mode: entry.mode & 0o7777,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: Math.max(0, Math.floor(entry.mtime ?? 0)),
  });
}

/** GNU's extra entry, whose content is the whole name of the entry after it, NUL-terminated. */
function appendLongName(batch: Batch, type: 'L' | 'K', name: Buffer): void {
  const size = name.length + 1;
  const link = Buffer.from('././@LongLink');
  const target = Buffer.alloc(0);
  appendBlock(batch, { type, name: link, target, size, mode: 0o644, uid: 0, gid: 0, mtime: 0 });
  const room = reserve(batch, size + paddingOf(size));
  room.fill(0);
  room.set(name);
}

type Header = {
  readonly type: string;
  readonly name: Buffer;
  readonly target: Buffer;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
};

function appendBlock(batch: Batch, header: Header): void {
  const block = reserve(batch, BLOCK);
  block.fill(0);
  header.name.copy(block, FIELD.name[0], 0, FIELD.name[1]);
  header.target.copy(block, FIELD.link[0], 0, FIELD.link[1]);
  for (const field of ['mode', 'uid', 'gid', 'size', 'mtime'] as const) {
    writeNumber(block, FIELD[field], header[field]);
  }
  block.write(header.type, FIELD.type[0], 'latin1');
  block.write('ustar\u000000', FIELD.magic[0], 'latin1');
  const sum = checksumOf(block).toString(8).padStart(6, '0');
  block.write(`${sum}\0 `, FIELD.checksum[0], 'latin1');
}

function sizeOf(entry: TarEntry): number {
  if (entry.kind !== 'file') return 0;
  return 'data' in entry ? entry.data.length : entry.size;
}

function bytesOf(entry: TarEntry, name: string): Buffer {
  const bytes = Buffer.from(name);
  if (entry.path !== '' && bytes.length <= LONGEST_NAME && !bytes.includes(0)) return bytes;
  throw new BottleError({
    outcome: 'provision-failed',
    what: 'A name cannot be copied into the guest: it is empty, over-long or holds a NUL character',
    where: JSON.stringify(entry.path),
    fix: 'Rename it, or leave it out with an exclude.',
  });
}
