/** Nothing is said to an upstream that cannot show a certificate of its name. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { secure } from '../../src/gateway/upstream-tls.ts';
import { type CertificateKind, type TestAuthority, testAuthority } from '../upstream/authority.ts';

const TARGET = { host: 'a.example.test', port: 443 };
const closing: (() => void)[] = [];
let authority: TestAuthority;

beforeAll(async () => {
  authority = await testAuthority();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function connectTo(server: Server): Promise<Socket> {
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  const socket = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1' });
  await once(socket, 'connect');
  closing.push(() => socket.destroy());
  return socket;
}

async function serve(
  kind: CertificateKind = 'good',
  options: TlsOptions = {},
  names = [TARGET.host],
): Promise<{ socket: Socket; heard: string[] }> {
  const heard: string[] = [];
  const server = createTlsServer(
    { ...(await authority.issue(names, kind)), ...options },
    (peer) => {
      peer.on('error', () => {});
      peer.on('data', (chunk) => heard.push(String(chunk)));
    },
  );
  server.on('tlsClientError', () => {});
  return { socket: await connectTo(server), heard };
}

const open = (socket: Socket, alpn: string[] = [], trusted = authority.certificate) =>
  secure(socket, TARGET, trusted, alpn);

describe('opens', () => {
  test('with a certificate of the run’s own authorities', async () => {
    const { socket } = await serve();
    const secured = await open(socket);
    expect(secured.authorized).toBe(true);
    expect(secured.getProtocol()).toBe('TLSv1.3');
    expect(secured.alpnProtocol).toBe(false);
  });

  test('over TLS 1.2, and with a name below a wildcard', async () => {
    const { socket } = await serve('good', { maxVersion: 'TLSv1.2' }, ['*.example.test']);
    expect((await open(socket)).getProtocol()).toBe('TLSv1.2');
  });

  test.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
  ])('with the protocol of %j that the upstream prefers', async (offered, spoken) => {
    const { socket } = await serve('good', { ALPNProtocols: ['h2', 'http/1.1'] });
    expect((await open(socket, offered)).alpnProtocol).toBe(spoken);
  });
});

describe('refuses', () => {
  test.each([
    ['expired', 'its certificate has expired'],
    ['not-yet-valid', 'its certificate is not valid yet'],
    ['wrong-name', 'its certificate is for another name'],
    ['self-signed', 'its certificate is of an unknown issuer: itself'],
  ] as const)('what is %s', async (kind, reason) => {
    const { socket, heard } = await serve(kind);
    await expect(open(socket)).rejects.toMatchObject({
      rule: 'upstream-tls',
      message: `TLS to a.example.test failed: ${reason}`,
    });
    expect(socket.destroyed).toBe(true);
    expect(heard).toEqual([]);
  });

  test('an authority that only others trust', async () => {
    const { socket } = await serve();
    await expect(open(socket, [], '')).rejects.toMatchObject({
      rule: 'upstream-tls',
      message: expect.stringMatching(/unknown issuer$/),
    });
  });

  test.each([
    [
      'TLS 1.1',
      { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      [],
    ],
    ['no common protocol', { ALPNProtocols: ['spdy/1'] }, ['h2']],
  ] as const)('%s', async (_, options, alpn) => {
    const { socket } = await serve('good', options as TlsOptions);
    await expect(open(socket, [...alpn])).rejects.toMatchObject({
      rule: 'upstream-tls',
      message: expect.stringMatching(/no protocol or cipher that both know \(ERR_SSL_\w+\)$/),
    });
  });

  test('a server that speaks no TLS', async () => {
    const server = createServer((peer) => peer.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(open(await connectTo(server))).rejects.toMatchObject({ rule: 'upstream-tls' });
  });

  test.each([
    ['ends', (peer: Socket) => peer.end()],
    ['resets', (peer: Socket) => peer.resetAndDestroy()],
  ])('a server that %s', async (_, hangUp) => {
    const server = createServer((peer) => peer.once('data', () => hangUp(peer)));
    await expect(open(await connectTo(server))).rejects.toMatchObject({ rule: 'upstream-reset' });
  });

  test('to go on when the socket is closed from our side', async () => {
    const socket = await connectTo(createServer(() => {}));
    const opening = open(socket);
    socket.destroy();
    await expect(opening).rejects.toMatchObject({ rule: 'upstream-reset' });
  });

  test('to wait for a server that is silent', async () => {
    const socket = await connectTo(createServer(() => {}));
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const opening = open(socket);
      vi.advanceTimersByTime(10_000);
      await expect(opening).rejects.toMatchObject({ rule: 'upstream-timeout' });
    } finally {
      vi.useRealTimers();
    }
    expect(socket.destroyed).toBe(true);
  });
});
