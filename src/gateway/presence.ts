/** Notices that a guest has left which nobody reads from for the moment. */
import type { Duplex, Readable } from 'node:stream';

const INTERVAL_MS = 1_000;

/** While `body`, which comes over `connection`, is paused; a guest that has left closes it. */
export function watchPresence(body: Readable, connection: Duplex): void {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  // Who does not read sees no end; to write nothing fails all the same where nobody listens.
  const start = () => {
    timer ??= setInterval(() => connection.write(''), INTERVAL_MS);
  };
  body.on('pause', start).on('resume', stop).on('close', stop);
  connection.once('close', stop);
}
