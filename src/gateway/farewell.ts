/** Ends a connection of the guest so that it still hears what was said last. */
import type { Socket } from 'node:net';

const LINGER_MS = 1_000;

/** What it sends meanwhile is dropped: to leave it unread would take the last words with it. */
export function sayFarewell(socket: Socket, bytes: string | Uint8Array): void {
  socket.end(bytes);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
