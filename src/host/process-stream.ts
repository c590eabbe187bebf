/** The streams of a child process: bytes in, bytes out to a handler, both with back-pressure. */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The most that a pipe or socket may still hold when its last honest writer is gone. */
const LEFTOVER_BYTES = 2 * 1024 * 1024;

/** How many times somebody who still writes, a little at a time, is waited for again. */
const TRICKLE_ROUNDS = 4;

/**
 * Writes `source` to a child and closes. A reader that goes away is not an error; a source that
 * throws is, and is handed to `fail`.
 */
export function feed(
  sink: Writable,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  fail: (error: unknown) => void,
): void {
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      if (source instanceof Uint8Array) yield source;
      else yield* source;
    } catch (error) {
      fail(error);
    }
  }
  // The reader went away, perhaps after all was written; how the child ended says the rest.
  const ignore = () => {};
  sink.on('error', ignore);
  pipeline(watched, sink).catch(ignore);
}

type Handler = (chunk: Uint8Array) => void | Promise<void>;

/** One output of a child on its way to a handler. */
export type Drain = {
  /**
   * True at the end of the stream; false when nothing was to be read for `ms`, or more than an
   * honest writer can have left.
   */
  silent(ms: number): Promise<boolean>;
  /** Like `silent`, then hangs up on whoever still holds the other end. */
  close(ms: number): Promise<void>;
};

/** Hands each chunk to `handler`, one at a time; what it throws ends the stream, by `fail`. */
export function openDrain(
  stream: Readable,
  handler: Handler,
  fail: (error: unknown) => void,
): Drain {
  let busy = false;
  let bytes = 0;
  let most = Number.POSITIVE_INFINITY;
  const ended = (async () => {
    for await (const chunk of stream) {
      busy = true;
      bytes += chunk.length;
      await handler(chunk);
      busy = false;
      if (bytes > most) break;
    }
  })().catch((error) => {
    busy = false;
    // We hung up ourselves.
    if (error?.code !== 'ERR_STREAM_PREMATURE_CLOSE') fail(error);
  });

  const silent = async (ms: number) => {
    most = Math.min(most, bytes + LEFTOVER_BYTES);
    for (let rounds = 0; rounds < TRICKLE_ROUNDS; ) {
      const before = bytes;
      if (await settlesWithin(ended, ms)) return bytes <= most;
      // A slow handler is given all the time it takes.
      if (busy) continue;
      if (bytes === before) return false;
      rounds += 1;
    }
    return false;
  };
  return {
    silent,
    close: async (ms) => {
      await silent(ms);
      stream.destroy();
      await ended;
    },
  };
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([promise.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
