/** Notices that a guest has left which nobody reads from for the moment. */
import type { Duplex, Readable } from 'node:stream';

const INTERVAL_MS = 1_000;

/** While `body`, which comes over `connection`, is paused; a guest that has left closes it. */
export function watchPresence(body: Readable, connection: Duplex): void {
  const below = belowTls(connection);
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  // Who does not read sees no end; to write nothing fails all the same where nobody listens.
  const ask = () => {
    if (!connection.writableEnded) below.write('');
  };
  const start = () => {
    timer ??= setInterval(ask, INTERVAL_MS);
  };
  body.on('pause', start).on('resume', stop).on('close', stop);
  connection.once('close', stop);
}

/**
 * Node's TLS keeps to itself what becomes of an empty write, and has no public name for what it
 * runs over: with another Node, who leaves is noticed late.
 */
function belowTls(connection: Duplex & { readonly _parent?: Duplex | null }): Duplex {
  return connection._parent ?? connection;
}
