/** Takes bytes from a stream of chunks, as many as asked for; holds one chunk at a time. */
import { TarError } from './tar-error.ts';

/** All throw `TarError` (`truncated`) where the stream ends too early. */
export type ByteReader = {
  /** Exactly `length` bytes, in memory at once. */
  exactly(length: number): Promise<Buffer>;
  /** Between 1 and `most` bytes, as they come. */
  some(most: number): Promise<Buffer>;
  skip(length: number): Promise<void>;
  /** Whether no byte is left; never throws `TarError`. */
  atEnd(): Promise<boolean>;
  /** Tells the source that no more is wanted. */
  close(): Promise<void>;
};

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  let chunk: Buffer = Buffer.alloc(0);

  async function atEnd(): Promise<boolean> {
    while (chunk.length === 0) {
      const next = await iterator.next();
      if (next.done) return true;
      chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    return false;
  }

  async function some(most: number): Promise<Buffer> {
    if (await atEnd()) throw new TarError('truncated', 'the archive ends in the middle');
    const taken = chunk.subarray(0, most);
    chunk = chunk.subarray(taken.length);
    return taken;
  }

  return {
    atEnd,
    some,
    async exactly(length) {
      if (length <= chunk.length) return some(length);
      const parts: Buffer[] = [];
      for (let left = length; left > 0; left -= parts.at(-1)?.length ?? 0) {
        parts.push(await some(left));
      }
      return Buffer.concat(parts, length);
    },
    async skip(length) {
      for (let left = length; left > 0; ) left -= (await some(left)).length;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
