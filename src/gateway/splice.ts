/** Joins two connections: what one sends the other gets, until both have ended. */

import type { Duplex, Transform } from 'node:stream';
import { deniedBy } from './answer.ts';
import type { Bulk } from './bulk.ts';
import { watchPresence } from './presence.ts';

/** A tunnel in which nothing moves for so long is a forgotten one. */
const SILENCE_MS = 16 * 60_000;

/** One side has said all, and the other is silent: it has forgotten to close, most likely. */
const HALF_CLOSED_MS = 2 * 60_000;

type Connection = Duplex & { setTimeout(ms: number, callback?: () => void): unknown };

export type Joint = {
  readonly guest: Connection;
  readonly upstream: Connection;
  /** What the bytes go through on their way. */
  readonly up?: Transform;
  readonly down?: Transform;
  /** In place of `down`: what `upstream` was made to be read by. */
  readonly bulk?: Bulk;
  /** Told of each chunk; what it throws ends both. */
  readonly count: (up: number, down: number) => void;
  /** What the guest still hears after an error of `count`, `up` or `down`. */
  readonly farewell?: (error: unknown) => string | Buffer;
};

/**
 * Resolves when both are closed; one that was cut cuts the other.
 *
 * @throws What `count`, `up` or `down` throw, or `upstream-…`; the guest is then the caller's to close.
 */
export function splice({ guest, upstream, up, down, bulk, count, farewell }: Joint): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const open = new Set<Connection>([guest, upstream]);
  let failed = false;
  const cut = () => {
    upstream.destroy();
    if (!failed) guest.destroy();
  };
  const fail = (error: unknown) => {
    if (failed) return;
    failed = true;
    cut();
    guest.write(farewell?.(error) ?? '');
    reject(error);
  };
  const counting = (upward: boolean) => (chunk: Uint8Array) => {
    try {
      count(upward ? chunk.length : 0, upward ? 0 : chunk.length);
    } catch (error) {
      fail(error);
    }
  };
  for (const connection of [guest, upstream]) {
    connection.setTimeout(SILENCE_MS, cut);
    connection.once('end', () => {
      for (const side of open) side.setTimeout(HALF_CLOSED_MS);
    });
    connection.once('close', () => {
      open.delete(connection);
      // What is on its way to the other side still gets there, unless it was broken off here.
      if (!connection.readableEnded) cut();
      if (open.size === 0) resolve();
    });
  }
  guest.on('error', cut);
  watchPresence(guest, guest);
  upstream.on('error', (error) => {
    // Who has said all and hears a reset is not the worse for it.
    if (guest.readableEnded) cut();
    else fail(deniedBy(error));
  });
  up?.on('error', fail);
  down?.on('error', fail);
  guest.on('data', counting(true));
  (up === undefined ? guest : guest.pipe(up)).pipe(upstream);
  if (bulk !== undefined) bulk.flow(upstream, guest, counting(false));
  else {
    upstream.on('data', counting(false));
    (down === undefined ? upstream : upstream.pipe(down)).pipe(guest);
  }
  return promise;
}
