/** WebSockets through the gateway by a client that knows no more of a proxy than CONNECT. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import { readUntil } from '../upstream/gateway-process.ts';
import { openScene, type Scene, WAYS } from './scene.ts';

describe.each(WAYS)('%s:', (way) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(way);
  });
  afterAll(() => scene?.close());

  async function dial(path: string, options: ClientOptions = {}): Promise<WebSocket> {
    const socket = connect(scene.port, '127.0.0.1');
    socket.write('CONNECT api.example.test:443 HTTP/1.1\r\nHost: api.example.test:443\r\n\r\n');
    const head = await readUntil(socket, (text) => text.includes('\r\n\r\n'));
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    const tls = connectTls({ socket, servername: 'api.example.test', ca: scene.authority });
    const createConnection = () => tls;
    return new WebSocket(`wss://api.example.test${path}`, { ...options, createConnection });
  }

  test.each([
    ['as they are', false],
    ['compressed, where both agree', true],
  ])('messages come back, %s', async (_, perMessageDeflate) => {
    const client = await dial('/ws', { perMessageDeflate });
    await once(client, 'open');
    for (const message of ['hello', 'ü€😀', 'x'.repeat(1_000_000)]) {
      client.send(message);
      const [data, isBinary] = await once(client, 'message');
      expect(String(data) === message && !isBinary).toBe(true);
    }
    const bytes = Buffer.from([0, 255, 1, 254]);
    client.send(bytes);
    expect(await once(client, 'message')).toEqual([bytes, true]);
    client.ping('are you there');
    expect(String(await once(client, 'pong'))).toBe('are you there');
    client.close();
    await once(client, 'close');
  });

  test('hundreds of messages keep their order', async () => {
    const client = await dial('/ws');
    await once(client, 'open');
    const sent = Array.from({ length: 500 }, (_, index) => `${index} ${'.'.repeat(index)}`);
    const back: string[] = [];
    const all = new Promise<void>((resolve) => {
      client.on('message', (data) => back.push(String(data)) === sent.length && resolve());
    });
    for (const message of sent) client.send(message);
    await all;
    expect(back).toEqual(sent);
    client.terminate();
  });

  test('a code and a reason for the end go both ways', async () => {
    const left = await dial('/ws');
    await once(left, 'open');
    left.send('bye');
    const [code, reason] = await once(left, 'close');
    expect([code, String(reason)]).toEqual([4001, 'as you wish']);
  });

  test('an upstream that is gone ends the connection', async () => {
    const client = await dial('/ws');
    await once(client, 'open');
    scene.upstream.cut();
    const [code] = await once(client, 'close');
    expect(code).toBe(1006);
  });
});
