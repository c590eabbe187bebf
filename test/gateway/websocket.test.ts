/** WebSockets through the gateway: judged as requests, then frames both ways. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RawData } from 'ws';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { openWebSocket } from './proxy-client.ts';

const NAMES = ['ws.example.test', 'model.example.test', 'narrow.example.test'] as const;
let upstream: Upstream;
let gateway: GatewayProcess;

beforeEach(async () => {
  upstream = await startUpstream({ names: NAMES });
  gateway = await startGatewayProcess({
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    routes: [
      routeTo('ws.example.test', {
        tls: 'open',
        auth: { scheme: 'Bearer', header: 'authorization', name: 'WS_TOKEN', value: 'real-value' },
      }),
      routeTo('model.example.test', { tls: 'open', meter: 'openai' }),
      routeTo('narrow.example.test', {
        tls: 'open',
        matches: [{ paths: [{ type: 'exact', value: '/allowed' }] }],
      }),
    ],
  });
});
afterEach(async () => {
  await gateway.stop();
  await upstream.close();
});

async function status(host: string, path = '/'): Promise<number | undefined> {
  const socket = await openWebSocket(gateway, host, { path });
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  return response.statusCode;
}

describe('a WebSocket', () => {
  test('carries text, binary and large messages, and gets the credential', async () => {
    const socket = await openWebSocket(gateway, 'ws.example.test');
    await once(socket, 'open');
    const large = Buffer.alloc(300_000, 'x');
    for (const sent of [Buffer.from('hello'), large]) {
      socket.send(sent);
      const [data, isBinary] = (await once(socket, 'message')) as [RawData, boolean];
      expect(isBinary).toBe(true);
      expect(Buffer.compare(data as Buffer, sent)).toBe(0);
    }
    socket.send('text');
    const [, isBinary] = await once(socket, 'message');
    expect(isBinary).toBe(false);
    socket.send('bye');
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([4001, 'as you wish']);
    expect(await gateway.waitFor(({ type }) => type === 'decision')).toMatchObject({
      decision: 'allowed',
      method: 'GET',
      status: 101,
      credential: 'WS_TOKEN',
    });
    expect(gateway.decisions()).toHaveLength(1);
  });

  test('is refused as a request is', async () => {
    expect(await status('narrow.example.test', '/other')).toBe(403);
    const open = await openWebSocket(gateway, 'narrow.example.test', { path: '/allowed' });
    await once(open, 'open');
    open.terminate();
    expect(gateway.decisions()[0]).toMatchObject({ rule: 'no-match', path: '/other' });
  });

  test('is refused where tokens are counted', async () => {
    expect(await status('model.example.test')).toBe(403);
    expect(upstream.frames).toEqual([]);
  });

  test('ends with the guest', async () => {
    const socket = await openWebSocket(gateway, 'ws.example.test');
    await once(socket, 'open');
    socket.terminate();
    await gateway.waitFor(({ type }) => type === 'decision');
    await expect.poll(() => upstream.connections()).toBe(0);
  });
});
