/** Guests that leave in the middle of a request: each is written down, once. */
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScene, type Scene } from './scene.ts';

const REQUESTS = 60;
const HEAD = 'HTTP/1.1\r\nHost: api.example.test\r\n\r\n';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('open');
});
afterAll(() => scene?.close());

const leave: Record<string, (socket: Socket) => void> = {
  'end their side at once': (socket) => socket.end(),
  'are gone at once': (socket) => socket.destroySoon(),
};
/** Whoever is gone from inside TLS may have taken the request along. */
const CASES = [
  ['end their side at once', 'outside'],
  ['end their side at once', 'inside'],
  ['are gone at once', 'outside'],
] as const;

test.each(CASES)('guests that %s, %s', async (how, place) => {
  const before = scene.gateway.decisions().length;
  for (let index = 0; index < REQUESTS; index++) {
    const socket = place === 'inside' ? await openTls() : await scene.gateway.connect();
    const target = place === 'inside' ? '/hang' : 'http://api.example.test/hang';
    socket.on('error', () => {}).resume();
    socket.write(`GET ${target} ${HEAD}`, () => leave[how]?.(socket));
  }
  const decisions = () => scene.gateway.decisions().slice(before);
  await expect.poll(() => decisions().length, { timeout: 10_000 }).toBe(REQUESTS);
  for (const { path, decision } of decisions()) {
    expect([path, decision]).toEqual(['/hang', 'allowed']);
  }
});

async function openTls(): Promise<Socket> {
  const { socket } = await scene.gateway.tunnel('api.example.test:443');
  return connectTls({ socket, servername: 'api.example.test', ca: scene.authority });
}
