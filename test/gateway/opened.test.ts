/** Connections that the gateway opens: what goes through is what was sent, with the credential. */
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp1 } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerByPath } from '../upstream/answer.ts';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import type { RecordedRequest } from '../upstream/record.ts';
import { type Respond, startUpstream, type Upstream } from '../upstream/upstream.ts';
import { agentOver, ask, openHttp2, openTls, receive } from './proxy-client.ts';

const HOST = 'open.example.test';
const GIT = 'git.example.test';
const MODEL = 'model.example.test';
const PLAIN = 'plain.example.test';
const SECRET = 'the-real-credential';

/** Beside the usual answers: `/early-answer` answers before the body is there, and reads on. */
const respond: Respond = (request, response, arrived) => {
  if (request.url !== '/early-answer') return answerByPath(request, response, arrived);
  response.writeHead(413, { 'Content-Length': 5 }).end('large');
};

describe.each(['http/1.1', 'h2'] as const)('to an upstream that speaks %s', (protocol) => {
  let upstream: Upstream;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    upstream = await startUpstream({ names: [HOST, GIT, MODEL, PLAIN], protocol, respond });
    const auth = {
      scheme: 'Bearer',
      header: 'authorization',
      name: 'TOKEN',
      value: SECRET,
    } as const;
    gateway = await startGatewayProcess({
      connectTo: upstream.connectTo,
      extraAuthorities: upstream.authority,
      routes: [
        routeTo(HOST, { tls: 'open', auth }),
        routeTo(GIT, { tls: 'open', auth: { ...auth, scheme: 'Basic' } }),
        routeTo(MODEL, {
          tls: 'open',
          meter: 'gemini',
          auth: { ...auth, scheme: 'header', header: 'x-goog-api-key' },
        }),
        routeTo(PLAIN, { tls: 'open' }),
      ],
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.close();
  });

  const last = () => upstream.requests.at(-1) as RecordedRequest;
  const decision = () => gateway.decisions().at(-1);

  test('the upstream is asked in its own protocol', async () => {
    const socket = await openTls(gateway, HOST);
    await ask(socket, { path: '/echo?q=1', headers: { Host: HOST } });
    expect(last()).toMatchObject({
      httpVersion: protocol === 'h2' ? '2.0' : '1.1',
      target: '/echo?q=1',
      serverName: HOST,
    });
  });

  test.each([
    [HOST, 'authorization', `Bearer ${SECRET}`],
    [GIT, 'authorization', `Basic ${Buffer.from(`x-access-token:${SECRET}`).toString('base64')}`],
    [MODEL, 'x-goog-api-key', SECRET],
  ])('%s gets its own credential and none of the guest', async (host, header, value) => {
    const socket = await openTls(gateway, host);
    await ask(socket, {
      path: '/echo?key=mine&a=b&access_token=mine',
      headers: {
        Host: host,
        AuthoriZation: 'Bearer theirs',
        'Proxy-Authorization': 'theirs',
        'X-Api-Key': 'theirs',
        'Api-Key': 'theirs',
        'X-Goog-Api-Key': 'theirs',
        'X-Else': 'kept',
      },
    });
    const { headers, target } = last();
    expect(headers).toMatchObject({ [header]: value, 'x-else': 'kept' });
    expect(JSON.stringify(headers)).not.toContain('theirs');
    expect(target).toBe(host === MODEL ? '/echo?a=b' : '/echo?key=mine&a=b');
    await expect.poll(() => decision()).toMatchObject({ credential: 'TOKEN', host });
    expect(JSON.stringify(gateway.messages)).not.toContain(SECRET);
  });

  test('a host without a credential of its own gets what the guest sends', async () => {
    const socket = await openTls(gateway, PLAIN);
    await ask(socket, { path: '/echo', headers: { Host: PLAIN, Authorization: 'Bearer mine' } });
    expect(last().headers).toMatchObject({ authorization: 'Bearer mine' });
  });

  test('no credential goes over plain HTTP', async () => {
    await gateway.request(
      `GET http://${HOST}/echo HTTP/1.1\r\nHost: ${HOST}\r\nAuthorization: x\r\nConnection: close\r\n\r\n`,
    );
    expect(last()).toMatchObject({ scheme: 'http', headers: { host: HOST } });
    expect(last().headers).not.toHaveProperty('authorization');
  });

  test('fields of one connection stay on it', async () => {
    const socket = await openTls(gateway, HOST);
    await ask(socket, {
      path: '/echo',
      headers: {
        Host: HOST,
        Connection: 'keep-alive, X-Hop',
        'X-Hop': '1',
        'Keep-Alive': 'timeout=5',
        'Proxy-Connection': 'keep-alive',
        Upgrade: 'h2c',
        TE: 'gzip',
        'X-Kept': '1',
      },
    });
    expect(last().headers).toHaveProperty('x-kept');
    for (const name of ['x-hop', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'via']) {
      expect(last().headers).not.toHaveProperty(name);
    }
    expect(JSON.stringify(last().headers)).not.toContain('forwarded');
  });

  test('bodies and trailers arrive as they were sent', async () => {
    const body = Buffer.alloc(1_000_000, 'body ');
    const socket = await openTls(gateway, HOST);
    const sent = await ask(socket, {
      method: 'POST',
      path: '/echo',
      headers: { Host: HOST, 'Content-Length': body.length },
      body,
    });
    expect(JSON.parse(sent.body)).toMatchObject({ bytes: body.length, complete: true });
    expect(last().headers['content-length']).toBe(String(body.length));

    const outgoing = requestHttp1({
      agent: agentOver(socket),
      method: 'PUT',
      path: '/echo',
      headers: { Host: HOST, Trailer: 'X-Sum', 'Transfer-Encoding': 'chunked' },
    });
    outgoing.write('one');
    outgoing.addTrailers({ 'X-Sum': '3' });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    await receive(response);
    expect(last()).toMatchObject({ bytes: 3, complete: true });
    expect(last().rawTrailers.map((text) => text.toLowerCase())).toEqual(['x-sum', '3']);
  });

  test('answers arrive as they were sent', async () => {
    const socket = await openTls(gateway, HOST);
    const headers = { Host: HOST };
    const chunked = await ask(socket, { path: '/chunked/200000', headers });
    expect(chunked.body).toHaveLength(200_000);
    expect(chunked.trailers).toEqual({ 'x-total': '200000' });
    const head = await ask(socket, { method: 'HEAD', path: '/bytes/77', headers });
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '77' } });
    expect(await ask(socket, { path: '/status/204', headers })).toMatchObject({ status: 204 });
    expect(await ask(socket, { path: '/status/304', headers })).toMatchObject({ status: 304 });
    expect(await ask(socket, { path: '/early', headers })).toMatchObject({ status: 200 });
    expect((await ask(socket, { path: '/sse/3', headers })).body).toContain('event 1');
    const redirect = await ask(socket, { path: '/redirect?to=https://else.test/', headers });
    expect(redirect).toMatchObject({ status: 302, headers: { location: 'https://else.test/' } });
  });

  test('an event comes through before the next is sent', async () => {
    const socket = await openTls(gateway, HOST);
    const outgoing = requestHttp1({
      agent: agentOver(socket),
      path: '/hang',
      headers: { Host: HOST },
    }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const [chunk] = await once(response, 'data');
    expect(String(chunk)).toBe('first\n');
    const open = upstream.connections();
    socket.destroy();
    await expect.poll(() => decision()).toMatchObject({ path: '/hang', decision: 'allowed' });
    if (protocol === 'http/1.1') await expect.poll(() => upstream.connections()).toBeLessThan(open);
  });

  test('100 Continue is the upstream’s to say', async () => {
    const socket = await openTls(gateway, HOST);
    const headers = { Host: HOST, Expect: '100-continue', 'Content-Length': 2 };
    const outgoing = requestHttp1({
      agent: agentOver(socket),
      method: 'POST',
      path: '/echo',
      headers,
    });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('ok');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(JSON.parse((await receive(response)).body)).toMatchObject({ bytes: 2 });
  });

  test('an answer may come before the body was sent', async () => {
    const socket = await openTls(gateway, HOST);
    const headers = { Host: HOST, 'Transfer-Encoding': 'chunked' };
    const outgoing = requestHttp1({
      agent: agentOver(socket),
      method: 'POST',
      path: '/early-answer',
      headers,
    });
    outgoing.on('error', () => {});
    outgoing.write('the beginning');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await receive(response)).toMatchObject({ status: 413, body: 'large' });
    outgoing.destroy();
  });

  test.each([
    ['/reset/head', { status: 502, rule: 'upstream-reset' }],
    ['/bytes/5', { status: 200, rule: 'route' }],
  ])('%s is told', async (path, { status, rule }) => {
    const socket = await openTls(gateway, HOST);
    const answer = await ask(socket, { path, headers: { Host: HOST } });
    expect(answer.status).toBe(status);
    await expect.poll(() => decision()).toMatchObject({ path, rule, status });
  });

  test('an answer that breaks off is no answer', async () => {
    const socket = await openTls(gateway, HOST);
    const answer = ask(socket, { path: '/reset/body', headers: { Host: HOST } });
    await expect(answer).rejects.toThrow(/aborted/);
    await expect.poll(() => decision()).toMatchObject({ path: '/reset/body', decision: 'failed' });
  });

  test('a guest that speaks HTTP/2 gets the same', async () => {
    const session = await openHttp2(gateway, HOST);
    const get = async (path: string, body?: Buffer) => {
      const stream = session.request({
        ':path': path,
        ':method': body ? 'POST' : 'GET',
        authorization: 'mine',
      });
      let trailers = {};
      stream.on('trailers', (fields) => {
        trailers = fields;
      });
      stream.end(body);
      const [headers] = await once(stream, 'response');
      let text = '';
      for await (const chunk of stream.setEncoding('latin1')) text += chunk;
      return { status: headers[':status'], headers, text, trailers };
    };
    const body = Buffer.alloc(500_000, 'x');
    const [echo, chunked, empty, refused] = await Promise.all([
      get('/echo', body),
      get('/chunked/100000'),
      get('/status/204'),
      get('/..%2f/'),
    ]);
    expect(JSON.parse(echo.text)).toMatchObject({
      bytes: body.length,
      // What an upstream sends back of it the guest does not read.
      headers: { authorization: `Bearer ${'*'.repeat(SECRET.length)}` },
    });
    expect(JSON.stringify(upstream.requests)).toContain(`Bearer ${SECRET}`);
    expect(chunked.text).toHaveLength(100_000);
    expect(chunked.trailers).toMatchObject({ 'x-total': '100000' });
    expect(empty).toMatchObject({ status: 204, text: '' });
    expect(refused).toMatchObject({ status: 400, headers: { 'x-bottle-denied': 'malformed' } });
    session.close();
  });

  test('a hundred at once over one connection', async () => {
    const session = await openHttp2(gateway, HOST);
    const sizes = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const stream = session.request({ ':path': `/bytes/${i * 1000}` });
        let size = 0;
        for await (const chunk of stream) size += chunk.length;
        return size;
      }),
    );
    expect(sizes).toEqual(Array.from({ length: 100 }, (_, i) => i * 1000));
    session.close();
  });

  test('leaves nothing on stderr', () => {
    expect(gateway.stderr()).toBe('');
  });
});
