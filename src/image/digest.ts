/**
 * The two digests of a pack in one pass: SHA-256 is its identity, the CRC32 is smolvm's own check.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { HostPath } from '../host/host.ts';

export type Digests = {
  /** Of all bytes, lower-case hex. */
  readonly sha256: string;
  /** Of all but the last 64 bytes: what a pack's footer must name. */
  readonly crc32: number;
  readonly bytes: number;
};

const FOOTER_SIZE = 64;
const CHUNK = 4 * 1024 * 1024;

/**
 * A running digest. `update` keeps the last 64 bytes back, for they may turn out to be the footer.
 */
export function startDigests() {
  const hash = createHash('sha256');
  let held = Buffer.alloc(0);
  let checksum = 0;
  let bytes = 0;
  return {
    update(chunk: Uint8Array): void {
      hash.update(chunk);
      bytes += chunk.length;
      if (chunk.length >= FOOTER_SIZE) {
        checksum = crc32(chunk.subarray(0, -FOOTER_SIZE), crc32(held, checksum));
        held = Buffer.from(chunk.subarray(-FOOTER_SIZE));
        return;
      }
      const joined = Buffer.concat([held, chunk]);
      const over = Math.max(0, joined.length - FOOTER_SIZE);
      checksum = crc32(joined.subarray(0, over), checksum);
      held = joined.subarray(over);
    },
    end: (): Digests => ({ sha256: hash.digest('hex'), crc32: checksum, bytes }),
  };
}

/** The content of an open file. Two buffers, so that reading goes on while one is worked on. */
async function* readChunks(file: FileHandle, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  let [filling, full] = [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)];
  let next = file.read(filling, 0, CHUNK, 0);
  for (let position = 0; ; ) {
    const { bytesRead } = await next;
    signal?.throwIfAborted();
    if (bytesRead === 0) return;
    position += bytesRead;
    [filling, full] = [full, filling];
    next = file.read(filling, 0, CHUNK, position);
    yield full.subarray(0, bytesRead);
  }
}

/** The SHA-256 of an open file, lower-case hex: a third faster than both digests. */
export async function sha256Of(file: FileHandle, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of readChunks(file, signal)) hash.update(chunk);
  return hash.digest('hex');
}

/** Both digests of the file at `path`. Throws what the file system says. */
export async function digestFile(path: HostPath, signal?: AbortSignal): Promise<Digests> {
  const digests = startDigests();
  await using file = await open(path, 'r');
  for await (const chunk of readChunks(file, signal)) digests.update(chunk);
  return digests.end();
}
