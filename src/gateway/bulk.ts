/** Carries much in one direction: read into one buffer again and again, not into a new one each time. */
import type { OnReadOpts } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** The second is for those that fill the first. */
const BUFFER_BYTES = [16 * 1024, 256 * 1024] as const;

export type Bulk = {
  /** For `net.connect`. The connection has no `data` events then, and is to be paused until `flow`. */
  readonly onread: OnReadOpts;
  /** From now on what `from` brings goes to `to`; so does its end. */
  flow(from: Readable, to: Writable, count: (chunk: Uint8Array) => void): void;
};

export function makeBulk(): Bulk {
  const [small, large] = BUFFER_BYTES;
  let next = Buffer.allocUnsafeSlow(small);
  let take: (chunk: Uint8Array) => boolean = () => true;
  return {
    onread: {
      buffer: () => next,
      callback: (bytes, buffer) => {
        if (bytes === small && buffer.length === small) next = Buffer.allocUnsafeSlow(large);
        return take(buffer.subarray(0, bytes));
      },
    },
    flow: (from, to, count) => {
      let held = false;
      const goOn = () => {
        if (held) from.resume();
        held = false;
      };
      take = (chunk) => {
        count(chunk);
        if (from.destroyed) return false;
        to.write(chunk, goOn);
        // What the kernel did not take at once is still in the buffer, which must stay as it is.
        held = to.writableLength > 0;
        return !held;
      };
      from.once('end', () => to.end());
      from.resume();
    },
  };
}
