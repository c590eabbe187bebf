/** Joins two connections: what one sends the other gets, until both have ended. */
import type { Duplex } from 'node:stream';

/** A tunnel in which nothing moves for so long is a forgotten one. */
const SILENCE_MS = 16 * 60_000;

type Connection = Duplex & { setTimeout(ms: number, callback: () => void): unknown };

export type Joint = {
  readonly guest: Connection;
  readonly upstream: Connection;
  /** Told of each chunk; what it throws ends both. */
  readonly count: (up: number, down: number) => void;
};

/** Resolves when both are closed; one that was cut cuts the other. @throws what `count` throws. */
export function splice({ guest, upstream, count }: Joint): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const open = new Set<Connection>([guest, upstream]);
  const cut = () => {
    guest.destroy();
    upstream.destroy();
  };
  const counting = (up: number, down: number) => (chunk: Uint8Array) => {
    try {
      count(up * chunk.length, down * chunk.length);
    } catch (error) {
      reject(error);
      cut();
    }
  };
  for (const connection of [guest, upstream]) {
    connection.setTimeout(SILENCE_MS, cut);
    connection.on('error', cut);
    connection.once('close', () => {
      open.delete(connection);
      // What was on its way to the other side still gets there, unless it was cut off here.
      if (!connection.readableEnded) cut();
      if (open.size === 0) resolve();
    });
  }
  guest.on('data', counting(1, 0)).pipe(upstream);
  upstream.on('data', counting(0, 1)).pipe(guest);
  return promise;
}
