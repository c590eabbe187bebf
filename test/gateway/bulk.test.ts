/** What goes through a tunnel in bulk comes out as it went in, whoever of the two is the slower one. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeBulk } from '../../src/gateway/bulk.ts';
import { listen } from '../upstream/upstream.ts';

const close: (() => void)[] = [];
afterEach(() => {
  for (const one of close.splice(0)) one();
});

/** Two connections joined in bulk; the far ends of both. */
async function joined() {
  const bulk = makeBulk();
  const [source, from] = await pair((port) =>
    connect({ port, host: '127.0.0.1', onread: bulk.onread }).pause(),
  );
  const [to, sink] = await pair((port) => connect(port, '127.0.0.1'));
  return { bulk, source, from, to, sink };
}

async function pair(dial: (port: number) => Socket): Promise<[Socket, Socket]> {
  const server = createServer();
  const client = dial(await listen(server));
  const [accepted] = (await once(server, 'connection')) as [Socket];
  if (client.connecting) await once(client, 'connect');
  close.push(() => {
    for (const socket of [client, accepted]) socket.destroy();
    server.close();
  });
  return [accepted, client];
}

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test.each([
  ['at once', 0],
  ['now and then', 1],
])('all arrives at a reader that reads %s', async (_, pause) => {
  const { bulk, source, from, to, sink } = await joined();
  const sent = randomBytes(20_000_000);
  let counted = 0;
  bulk.flow(from, to, ({ length }) => {
    counted += length;
  });
  source.end(sent);
  const received: Buffer[] = [];
  sink.on('data', (chunk) => {
    received.push(chunk);
    if (pause === 0) return;
    sink.pause();
    setTimeout(() => sink.resume(), pause);
  });
  await once(sink, 'end');
  expect(digest(Buffer.concat(received))).toBe(digest(sent));
  expect(counted).toBe(sent.length);
});

test('who does not read holds the source back', async () => {
  const { bulk, source, from, to, sink } = await joined();
  bulk.flow(from, to, () => {});
  const chunk = Buffer.alloc(1_000_000);
  // The kernel keeps some megabytes between them; we keep a buffer's worth.
  while (source.write(chunk) || source.writableLength < 50_000_000) source.write(chunk);
  await expect.poll(() => to.writableLength).toBeGreaterThan(0);
  expect(to.writableLength).toBeLessThanOrEqual(256 * 1024);
  sink.destroy();
});

test('what came before it flows is not lost', async () => {
  const { bulk, source, from, to, sink } = await joined();
  source.write('early ');
  bulk.flow(from, to, () => {});
  source.end('late');
  let text = '';
  for await (const chunk of sink) text += chunk;
  expect(text).toBe('early late');
});
