/** The first line of each connection: it shows that the relay of this bottle speaks. */
import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { readBeginning } from './beginning.ts';
import { Denied } from './denied.ts';

const TIMEOUT_MS = 5_000;

/** @throws {Denied} `handshake` when it is another line, comes too late or never. */
export function takeHandshake(socket: Socket, token: string): Promise<void> {
  const expected = Buffer.from(`BOTTLE/1 ${token}\n`);
  return readBeginning(socket, {
    timeoutMs: TIMEOUT_MS,
    parse: (bytes) => {
      if (bytes.length < expected.length && !bytes.includes('\n')) return undefined;
      const line = bytes.subarray(0, expected.length);
      if (line.length < expected.length || !timingSafeEqual(line, expected)) {
        throw refusal('another beginning');
      }
      return { value: undefined, used: expected.length };
    },
    refusal,
  });
}

function refusal(why: string): Denied {
  return new Denied('handshake', `the relay of this bottle did not say its line: ${why}`);
}
