/** Decodes an answer's body beside its way to the guest, so that it can be read; a failure harms none. */
import type { Transform } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';

/** What may wait to be decoded, in bytes; an answer that comes faster is no longer read. */
const MOST_WAITING = 8 * 1024 * 1024;
/** What a body may decode to, in bytes; a longer one is no longer read. */
const MOST_DECODED = 64 * 1024 * 1024;

const DECODERS = new Map<string, (first: number) => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Some servers leave out the zlib header that `deflate` should have (RFC 9110, 8.4.1.2).
  ['deflate', (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

type Decoder = { push(chunk: Uint8Array): void; end(): void };

/**
 * `read` is given the decoded bytes. `done` is called once, after `end`: when the rest is decoded,
 * or when no more can be, because the coding is unknown, broken, cut or out of bounds.
 */
export function decodeBeside(
  coding: string,
  read: (bytes: Uint8Array) => void,
  done: () => void,
): Decoder {
  if (coding === '' || coding === 'identity') return { push: read, end: done };
  let decoder: Transform | undefined;
  let isEnded = false;
  let isOver = false;
  let decoded = 0;

  const stop = () => {
    if (isOver) return;
    isOver = true;
    decoder?.destroy();
    if (isEnded) done();
  };
  const start = (first: number): Transform | undefined =>
    DECODERS.get(coding)?.(first)
      .on('data', (bytes: Buffer) => {
        decoded += bytes.length;
        if (decoded > MOST_DECODED) stop();
        else if (!isOver) read(bytes);
      })
      .on('error', stop)
      .on('end', stop);
  return {
    push(chunk) {
      if (isOver || chunk.length === 0) return;
      decoder ??= start(chunk[0] ?? 0);
      if (decoder === undefined || decoder.writableLength > MOST_WAITING) return stop();
      // A copy: the caller may use its buffer again before ours is decoded.
      decoder.write(Buffer.from(chunk));
    },
    end() {
      isEnded = true;
      if (isOver || decoder === undefined) done();
      else decoder.end();
    },
  };
}
