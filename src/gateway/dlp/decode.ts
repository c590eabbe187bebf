/** Undoes a body's Content-Encoding beside the body, so that it can be looked at. */
import { once } from 'node:events';
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

export type Decoder = {
  /** What the bytes so far stand for. Throws for a bomb or what is no such encoding. */
  push(chunk: Uint8Array): Promise<Uint8Array>;
  /** Throws where the body is cut off. */
  end(): Promise<Uint8Array>;
};

const UNPACKERS = new Map<string, (first: number) => Transform>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['br', () => zlib.createBrotliDecompress()],
  ['zstd', () => zlib.createZstdDecompress()],
  // RFC 9110 means zlib's format; some send the bare one.
  ['deflate', (first) => ((first & 15) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
]);

/** More than these times as many bytes as came in, beside a first mebibyte, are a bomb. */
const MAX_RATIO = 100;
const ALLOWANCE = 1024 * 1024;

export const canDecode = (encoding: string): boolean => UNPACKERS.has(encoding);

export function createDecoder(encoding: string): Decoder {
  let unpacker: Transform | undefined;
  let failure: Error | undefined;
  let parts: Buffer[] = [];
  let [taken, made] = [0, 0];

  function start(first: number): Transform {
    const unpacking = UNPACKERS.get(encoding)?.(first);
    if (!unpacking) throw new Error(`no decoder of ${encoding}`);
    unpacking.on('data', keep);
    unpacking.on('error', (error) => {
      failure ??= error;
    });
    return unpacking;
  }

  function keep(part: Buffer): void {
    made += part.length;
    parts.push(part);
    if (made > taken * MAX_RATIO + ALLOWANCE)
      unpacker?.destroy(new Error('it grows without bound'));
  }

  /** An unpacker that fails closes, but does not answer what was written. */
  async function settle(
    act: (unpacking: Transform, done: () => void) => void,
  ): Promise<Uint8Array> {
    const unpacking = unpacker;
    if (unpacking && !unpacking.closed) {
      const waiting = new AbortController();
      const closed = once(unpacking, 'close', waiting).catch(() => {});
      await Promise.race([closed, new Promise<void>((done) => act(unpacking, done))]);
      waiting.abort();
    }
    if (failure) throw failure;
    const all = Buffer.concat(parts);
    parts = [];
    return all;
  }

  return {
    push(chunk) {
      if (chunk.length > 0) unpacker ??= start(chunk[0] ?? 0);
      taken += chunk.length;
      return settle((unpacking, done) => unpacking.write(chunk, () => done()));
    },
    // It closes when all is out.
    end: () => settle((unpacking) => unpacking.end()),
  };
}
