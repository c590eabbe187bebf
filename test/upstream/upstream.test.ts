/** The upstreams themselves: what they do must be true before anything is judged by them. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { CertificateKind } from './authority.ts';
import { readUntil } from './gateway-process.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { startUpstream, type Upstream, type UpstreamOptions } from './upstream.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options?: UpstreamOptions): Promise<Upstream> {
  const upstream = await startUpstream(options);
  open.push(upstream);
  return upstream;
}

function toTls({ connectTo, name, authority }: Pick<Upstream, 'connectTo' | 'name' | 'authority'>) {
  const entry = connectTo.find(({ port }) => port === 443);
  return { host: '127.0.0.1', port: entry?.toPort ?? 0, servername: name, ca: authority };
}

type Answer = { response: IncomingMessage; body: Buffer; information: number[] };

/** One request on a connection of its own; the body as far as it came, and the error that cut it. */
function ask(upstream: Upstream, options: RequestOptions, body?: string): Promise<Answer> {
  const information: number[] = [];
  return new Promise((resolve, reject) => {
    const headers = { host: upstream.name, ...(options.headers as object) };
    const request = httpsRequest({ agent: false, ...toTls(upstream), ...options, headers });
    request.on('information', ({ statusCode }) => information.push(statusCode));
    request.on('error', reject);
    request.on('response', async (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ response, body: Buffer.concat(chunks), information }));
    });
    request.end(body);
  });
}

describe('an upstream', () => {
  test('records the head in its order and the digest of the body', async () => {
    const upstream = await start();
    const headers = { 'X-First': '1', 'x-SECOND': '2', 'Content-Length': 5 };
    const { body } = await ask(upstream, { method: 'POST', path: '/echo?a=b', headers }, 'hello');
    const sha256 = createHash('sha256').update('hello').digest('hex');
    const expected = {
      scheme: 'https',
      serverName: 'api.example.test',
      method: 'POST',
      target: '/echo?a=b',
      bytes: 5,
      sha256,
      complete: true,
    };
    expect(upstream.requests[0]).toMatchObject(expected);
    expect(JSON.parse(body.toString())).toMatchObject(expected);
    expect(upstream.requests[0]?.rawHeaders.slice(0, 6)).toEqual([
      'host',
      'api.example.test',
      'X-First',
      '1',
      'x-SECOND',
      '2',
    ]);
  });

  test('speaks plain HTTP under the same name', async () => {
    const upstream = await start();
    const port = upstream.connectTo.find((entry) => entry.port === 80)?.toPort;
    const request = httpRequest({ port, host: '127.0.0.1', path: '/a' }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(upstream.requests[0]).toMatchObject({ scheme: 'http', serverName: '' });
  });

  test('records the trailers of a chunked body', async () => {
    const upstream = await start();
    const socket = connect(toTls(upstream));
    socket.write(
      'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n' +
        'Connection: close\r\n\r\n3\r\nabc\r\n0\r\nX-End: yes\r\n\r\n',
    );
    await readUntil(socket, () => false);
    expect(upstream.requests[0]).toMatchObject({ bytes: 3, rawTrailers: ['X-End', 'yes'] });
  });

  test('sends chunks and a trailer', async () => {
    const { response, body } = await ask(await start(), { path: '/chunked/200000' });
    expect(response.headers['transfer-encoding']).toBe('chunked');
    expect(body).toHaveLength(200_000);
    expect(response.trailers).toEqual({ 'x-total': '200000' });
  });

  test('sends early hints, and a continue to who waits for it', async () => {
    const upstream = await start();
    expect((await ask(upstream, { path: '/early' })).information).toEqual([103]);
    const waiting = { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 1 } };
    expect((await ask(upstream, { path: '/echo', ...waiting }, 'x')).information).toEqual([100]);
    const refused = await ask(upstream, { path: '/expectation-failed', ...waiting }, 'x');
    expect(refused.response.statusCode).toBe(417);
    expect(refused.information).toEqual([]);
  });

  test.each([204, 304, 500])('answers %d', async (status) => {
    const { response, body } = await ask(await start(), { path: `/status/${status}` });
    expect(response.statusCode).toBe(status);
    expect(body).toHaveLength(0);
  });

  test('sends events, a redirect, two cookies, a packed text, a slow one', async () => {
    const upstream = await start();
    const events = await ask(upstream, { path: '/sse/3' });
    expect(events.body.toString()).toBe('data: event 3\n\ndata: event 2\n\ndata: event 1\n\n');
    const to = 'https://other.example.test/x';
    const { response } = await ask(upstream, { path: `/redirect?to=${encodeURIComponent(to)}` });
    expect(response.headers.location).toBe(to);
    const cookies = await ask(upstream, { path: '/cookies' });
    expect(cookies.response.headers['set-cookie']).toHaveLength(2);
    const packed = await ask(upstream, { path: '/gzip' });
    expect(packed.response.headers['content-encoding']).toBe('gzip');
    expect(packed.body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect((await ask(upstream, { path: '/slow?ms=1&bytes=5' })).body.toString()).toBe('.....');
  });

  test('resets where it is told to', async () => {
    const upstream = await start();
    await expect(ask(upstream, { path: '/reset/head' })).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
    await expect(ask(upstream, { path: '/reset/sized' })).rejects.toThrow('aborted');
    await expect(ask(upstream, { path: '/reset/unsized' })).rejects.toThrow('aborted');
    await expect.poll(() => upstream.connections()).toBe(0);
  });

  test('says nothing where it is told to, and closes all the same', async () => {
    const upstream = await start();
    const gone = ask(upstream, { path: '/silence' });
    await expect.poll(() => upstream.requests.length).toBe(1);
    await upstream.close();
    open.length = 0;
    await expect(gone).rejects.toThrow();
  });

  test('echoes what comes over a WebSocket', async () => {
    const upstream = await start();
    const createConnection = () => connect(toTls(upstream));
    const client = new WebSocket('wss://api.example.test/ws', { createConnection });
    await once(client, 'open');
    client.send('hello');
    const [data, isBinary] = await once(client, 'message');
    expect([String(data), isBinary]).toEqual(['hello', false]);
    client.send('bye');
    const [code] = await once(client, 'close');
    expect(code).toBe(4001);
    expect(upstream.frames).toEqual(['hello', 'bye']);
  });

  test('speaks HTTP/2 to those who offer it, and HTTP/1.1 to others', async () => {
    const upstream = await start({ protocol: 'h2' });
    const { port, ca, servername } = toTls(upstream);
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca, servername });
    const stream = session.request({ ':path': '/echo', ':method': 'POST' });
    stream.end('two');
    let body = '';
    for await (const chunk of stream) body += chunk;
    session.close();
    expect(JSON.parse(body)).toMatchObject({ httpVersion: '2.0', bytes: 3, method: 'POST' });
    await ask(upstream, { path: '/echo' });
    expect(upstream.requests[1]).toMatchObject({ httpVersion: '1.1' });
  });
});

describe('a certificate that is', () => {
  test.each<[CertificateKind, string]>([
    ['expired', 'CERT_HAS_EXPIRED'],
    ['not-yet-valid', 'CERT_NOT_YET_VALID'],
    ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('%s has that one fault', async (certificate, code) => {
    const upstream = await start({ certificate });
    await expect(ask(upstream, { path: '/' })).rejects.toMatchObject({ code });
    expect(upstream.requests).toEqual([]);
  });
});

test('a raw upstream keeps the bytes of each connection', async () => {
  const upstream = await startRawUpstream('raw.example.test', (socket, sofar) => {
    if (sofar.includes('\r\n\r\n')) socket.end('not HTTP at all');
  });
  open.push(upstream);
  const socket = connect(toTls(upstream));
  socket.write('GET / HTTP/1.1\r\nA:  b \r\n\r\n');
  expect(await readUntil(socket, () => false)).toBe('not HTTP at all');
  expect(upstream.received.map(String)).toEqual(['GET / HTTP/1.1\r\nA:  b \r\n\r\n']);
});
