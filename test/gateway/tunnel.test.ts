/** Tunnels: TLS that says the name of its CONNECT goes through unread, and nothing else does. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';

const HOST = 'tunnel.example.test';
const OTHER = 'other.example.test';
const GONE = 'gone.example.test';
const SMALL = 'small.example.test';
const OPENED = 'opened.example.test';
let upstream: Upstream;
let gateway: GatewayProcess;

beforeAll(async () => {
  upstream = await startUpstream({ names: [HOST, OTHER, SMALL] });
  gateway = await startGatewayProcess({
    connectTo: [
      ...upstream.connectTo,
      // Nobody listens on the port of tcpmux.
      { host: GONE, port: 443, address: '127.0.0.1', toPort: 1 },
    ],
    routes: [
      routeTo(HOST),
      routeTo(OTHER),
      routeTo(GONE),
      routeTo(SMALL, { maxBytes: 100_000 }),
      routeTo('localhost'),
      routeTo(OPENED, { tls: 'open' }),
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

async function tunnelTo(host: string): Promise<Socket> {
  const { head, socket } = await gateway.tunnel(`${host}:443`);
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  return socket;
}

/** What came back until the end. */
async function drain(socket: Socket): Promise<string> {
  let text = '';
  try {
    for await (const chunk of socket) text += chunk.toString('latin1');
  } catch {
    // A reset is an end, too.
  }
  return text;
}

async function tlsOver(socket: Socket, servername: string) {
  const tls = connectTls({ socket, servername, ca: upstream.authority });
  tls.on('error', () => {});
  await once(tls, 'secureConnect');
  return tls;
}

/** What Node's client says first, with an `encrypted_client_hello` as Chromium invents one. */
async function helloWithGrease(servername: string): Promise<Buffer> {
  const wire = new Duplex({ read() {}, write() {} });
  const said = new Promise<Buffer>((resolve) => {
    wire._write = (chunk: Buffer) => resolve(Buffer.from(chunk));
  });
  const client = connectTls({ socket: wire, servername });
  client.on('error', () => {});
  const hello = await said;
  client.destroy();
  const grease = Buffer.from([0xfe, 0x0d, 0, 4, 0, 0, 0, 0]);
  const session = 5 + 4 + 2 + 32;
  const ciphers = session + 1 + hello.readUInt8(session);
  const compressions = ciphers + 2 + hello.readUInt16BE(ciphers);
  const extensions = compressions + 1 + hello.readUInt8(compressions);
  for (const at of [3, 7, extensions])
    hello.writeUInt16BE(hello.readUInt16BE(at) + grease.length, at);
  return Buffer.concat([hello, grease]);
}

const lastRule = () => gateway.decisions().at(-1)?.rule;

describe('a tunnel', () => {
  test('carries both ways, and is one line in the audit', async () => {
    const before = gateway.decisions().length;
    const tls = await tlsOver(await tunnelTo(HOST), HOST);
    tls.write(`GET /bytes/300000 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect((await drain(tls)).length).toBeGreaterThan(300_000);
    tls.destroy();
    await expect.poll(() => gateway.decisions().length).toBe(before + 1);
    const [decision] = gateway.decisions().slice(-1);
    expect(decision).toMatchObject({
      decision: 'allowed',
      method: 'CONNECT',
      host: HOST,
      port: 443,
      path: '',
      status: 0,
      route: HOST,
    });
    expect(decision?.bytesUp).toBeGreaterThan(300);
    expect(decision?.bytesDown).toBeGreaterThan(300_000);
    expect(upstream.requests.at(-1)).toMatchObject({ serverName: HOST });
  });

  test.each([
    ['another name', OTHER, 'name-mismatch'],
    ['no name', '', 'no-sni'],
  ])('with %s in its TLS is ended before anything is dialled', async (_, servername, rule) => {
    const open = upstream.connections();
    const socket = await tunnelTo(HOST);
    const tls = connectTls({ socket, servername, ca: upstream.authority });
    await expect(once(tls, 'secureConnect')).rejects.toThrow(/alert|access denied/i);
    await expect.poll(lastRule).toBe(rule);
    expect(upstream.connections()).toBe(open);
  });

  test('that hides a name is ended; an opened connection has nothing to hide', async () => {
    const socket = await tunnelTo(HOST);
    socket.write(await helloWithGrease(HOST));
    expect(await drain(socket)).toMatch(/^\x15/);
    await expect.poll(lastRule).toBe('encrypted-hello');

    const opened = await tunnelTo(OPENED);
    opened.write(await helloWithGrease(OPENED));
    const [answer] = await once(opened.resume(), 'data');
    expect(answer[0]).toBe(22);
    opened.destroy();
  });

  test.each([
    ['HTTP', `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
    ['SSH', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['zeros', '\0'.repeat(100)],
  ])('of %s is refused', async (_, bytes) => {
    const socket = await tunnelTo(HOST);
    socket.write(bytes);
    expect(await drain(socket)).toContain('X-Bottle-Denied: not-tls');
    await expect.poll(lastRule).toBe('not-tls');
  });

  test.each([
    ['nowhere.example.test:443', 'no-route', 403],
    [`${HOST}:22`, 'port', 403],
    ['127.0.0.1:443', 'ip-literal', 403],
    ['[::1]:443', 'ip-literal', 403],
    ['2130706433:443', 'ip-literal', 403],
    [HOST, 'malformed', 400],
    [`me@${HOST}:443`, 'malformed', 400],
  ])('to %s is refused', async (authority, rule, status) => {
    const { head } = await gateway.tunnel(authority);
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(head).toContain(`X-Bottle-Denied: ${rule}`);
  });

  test('may be named in any case and with a dot at its end', async () => {
    const { head, socket } = await gateway.tunnel(`${HOST.toUpperCase()}.:443`);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    (await tlsOver(socket, HOST)).destroy();
  });

  test.each([
    ['nobody listens', GONE, 'upstream-connect'],
    ['the name is private', 'localhost', 'private-address'],
  ])('ends when %s', async (_, host, rule) => {
    const socket = await tunnelTo(host);
    const tls = connectTls({ socket, servername: host });
    await expect(once(tls, 'secureConnect')).rejects.toThrow();
    // The tunnel of the test before may be told of later than this one.
    const rules = () => gateway.decisions().filter((one) => one.host === host);
    await expect.poll(() => rules().at(-1)?.rule).toBe(rule);
  });

  test('ends at the limit of its route', async () => {
    const tls = await tlsOver(await tunnelTo(SMALL), SMALL);
    tls.write(`GET /bytes/900000 HTTP/1.1\r\nHost: ${SMALL}\r\n\r\n`);
    expect((await drain(tls)).length).toBeLessThan(400_000);
    await expect.poll(lastRule).toBe('limit-bytes');
    expect((await gateway.tunnel(`${SMALL}:443`)).head).toContain('X-Bottle-Denied: limit-bytes');
  });

  test('ends with the guest', async () => {
    const tls = await tlsOver(await tunnelTo(HOST), HOST);
    tls.write(`GET /hang HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await once(tls, 'data');
    tls.destroy();
    await expect.poll(() => upstream.connections()).toBe(0);
  });
});

describe('the gateway', () => {
  test('refuses more connections than it can hold, and recovers', async () => {
    const crowd = await Promise.all(Array.from({ length: 1024 }, () => gateway.connect()));
    const health =
      'GET /bottle/health HTTP/1.1\r\nHost: localhost:7711\r\nConnection: close\r\n\r\n';
    expect(await gateway.request(health)).toContain('X-Bottle-Denied: busy');
    for (const socket of crowd) socket.destroy();
    await expect.poll(() => gateway.request(health)).toContain('200 OK');
    expect(gateway.stderr()).toBe('');
  });
});
