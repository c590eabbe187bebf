/** Requests that the inspector or the meter stops on their way: what the guest and the audit hear. */
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp1 } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerByPath } from '../upstream/answer.ts';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { type Respond, startUpstream, type Upstream } from '../upstream/upstream.ts';
import { agentOver, ask, openHttp2, openTls, openWebSocket, receive } from './proxy-client.ts';

const BLOCK = 'block.example.test';
const REDACT = 'redact.example.test';
const MODEL = 'model.example.test';
const SMALL = 'small.example.test';
const GRAPH = 'graph.example.test';
const CANARY = 'canary-Zk3v9QpL7wXn2RtB';

const answer = JSON.stringify({
  type: 'message',
  usage: { input_tokens: 60, output_tokens: 50 },
});
const respond: Respond = (request, response, arrived) => {
  if (request.url === '/v1/silent') return;
  if (request.url !== '/v1/messages') return answerByPath(request, response, arrived);
  arrived.then(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer));
};

let upstream: Upstream;
let gateway: GatewayProcess;

beforeAll(async () => {
  upstream = await startUpstream({ names: [BLOCK, REDACT, MODEL, SMALL, GRAPH], respond });
  const dlp = { outbound: ['known_secrets'], inbound: [], onMatch: 'block' } as const;
  gateway = await startGatewayProcess({
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    secrets: [{ name: 'CANARY', value: CANARY }],
    limits: { tokens: 100, requests: null, bytes: null },
    routes: [
      routeTo(BLOCK, { tls: 'open', dlp }),
      routeTo(REDACT, { tls: 'open', dlp: { ...dlp, onMatch: 'redact' } }),
      routeTo(MODEL, { tls: 'open', meter: 'anthropic' }),
      routeTo(SMALL, { tls: 'open', maxBytes: 50_000 }),
      routeTo(GRAPH, { tls: 'open', graphqlMutations: ['addStar'] }),
      routeTo('*.wide.example.test'),
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const last = () => gateway.decisions().at(-1);
const post = async (host: string, path: string, body: string | Buffer) =>
  ask(await openTls(gateway, host), {
    method: 'POST',
    path,
    headers: { Host: host, 'Content-Length': Buffer.byteLength(body) },
    body,
  });

describe('a secret', () => {
  test.each([
    ['path', `/echo/${CANARY}`, {}],
    ['query', `/echo?q=${CANARY}`, {}],
    ['header', '/echo', { 'X-Note': CANARY }],
  ])('in the %s goes nowhere', async (where, path, headers) => {
    const before = upstream.requests.length;
    const socket = await openTls(gateway, BLOCK);
    const refused = await ask(socket, { path, headers: { Host: BLOCK, ...headers } });
    expect(refused).toMatchObject({ status: 403, headers: { 'x-bottle-denied': 'dlp' } });
    await expect.poll(last).toMatchObject({
      rule: 'dlp',
      status: 403,
      findings: [{ label: 'CANARY', where, action: 'blocked' }],
    });
    expect(upstream.requests).toHaveLength(before);
    expect(JSON.stringify(gateway.messages)).not.toContain(CANARY);
  });

  test('is not in the audit, be it written in a host, a path or a method', async () => {
    const name = `${CANARY.toLowerCase()}.example.test`;
    const before = gateway.decisions().length;
    await gateway.request(
      `GET http://${name}/${CANARY} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`,
    );
    await gateway.tunnel(`${name}:443`);
    await post(MODEL, `/${Buffer.from(CANARY).toString('hex')}`, '');
    await expect.poll(() => gateway.decisions().length).toBe(before + 3);
    const said = JSON.stringify(gateway.messages).toLowerCase();
    expect(said).not.toContain(CANARY.toLowerCase());
    expect(said).not.toContain(Buffer.from(CANARY).toString('hex'));
    expect(said).toContain('"host":"***');
  });

  test.each([
    [
      'a tunnel',
      'CONNECT',
      (name: string) => `CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
    ],
    [
      'plain HTTP',
      'GET',
      (name: string) => `GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
    ],
  ])('in a name for %s is refused before anyone is asked for the name', async (_, method, ask) => {
    const name = `${Buffer.from(CANARY).toString('hex')}.wide.example.test`;
    const before = gateway.decisions().length;
    expect(await gateway.request(ask(name))).toContain('X-Bottle-Denied: dlp');
    await expect
      .poll(() => gateway.decisions().slice(before))
      .toMatchObject([
        {
          method,
          rule: 'dlp',
          route: '*.wide.example.test',
          findings: [{ label: 'CANARY', where: 'host', action: 'blocked' }],
        },
      ]);
  });

  test('told to supervise goes no further', async () => {
    const call = {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'report_status', arguments: { status: 'done', message: `für ${CANARY}` } },
    };
    const body = JSON.stringify(call);
    await gateway.request(
      `POST /mcp HTTP/1.1\r\nHost: localhost:7711\r\nConnection: close\r\n` +
        'Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const said = await gateway.waitFor(({ type }) => type === 'supervise');
    expect(said).toMatchObject({ fields: { message: `für ${'*'.repeat(CANARY.length)}` } });
  });

  test('in the middle of a body ends the request, and its end never arrives', async () => {
    const body = `${'x'.repeat(200_000)}${CANARY}${'y'.repeat(200_000)}`;
    const refused = await post(BLOCK, '/echo', body);
    expect(refused).toMatchObject({ status: 403, headers: { 'x-bottle-denied': 'dlp' } });
    await expect.poll(last).toMatchObject({ rule: 'dlp', findings: [{ where: 'body' }] });
    expect(upstream.requests.at(-1)).toMatchObject({ complete: false });
  });

  test('in a body of HTTP/2 ends the stream alone', async () => {
    const session = await openHttp2(gateway, BLOCK);
    const stream = session.request({ ':path': '/echo', ':method': 'POST' });
    stream.end(CANARY);
    const [headers] = await once(stream, 'response');
    expect(headers).toMatchObject({ ':status': 403, 'x-bottle-denied': 'dlp' });
    const next = session.request({ ':path': '/bytes/1' });
    expect((await once(next, 'response'))[0]).toMatchObject({ ':status': 200 });
    session.destroy();
  });

  test('in a trailer ends the request', async () => {
    const socket = await openTls(gateway, BLOCK);
    const outgoing = requestHttp1({
      agent: agentOver(socket),
      method: 'POST',
      path: '/echo',
      headers: { Host: BLOCK, Trailer: 'X-Note', 'Transfer-Encoding': 'chunked' },
    });
    outgoing.write('body');
    outgoing.addTrailers({ 'X-Note': CANARY });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect((await receive(response)).status).toBe(403);
  });

  test('is redacted in its length where the route says so', async () => {
    const body = `before ${CANARY} after`;
    expect((await post(REDACT, '/echo', body)).status).toBe(200);
    expect(upstream.requests.at(-1)).toMatchObject({
      bytes: body.length,
      headers: { 'content-length': String(body.length) },
    });
    await expect.poll(last).toMatchObject({
      decision: 'allowed',
      findings: [{ label: 'CANARY', where: 'body', action: 'redacted' }],
    });
  });

  test('in a frame closes the WebSocket, also in fragments', async () => {
    const socket = await openWebSocket(gateway, BLOCK);
    await once(socket, 'open');
    socket.send('harmless');
    expect(String((await once(socket, 'message'))[0])).toBe('harmless');
    socket.send(CANARY.slice(0, 10), { fin: false });
    socket.send(CANARY.slice(10), { fin: true });
    const [code, reason] = await once(socket, 'close');
    expect([code, String(reason)]).toEqual([1008, 'bottle-action: denied (dlp)']);
    expect(upstream.frames).not.toContain(CANARY);
    await expect.poll(last).toMatchObject({ rule: 'dlp', status: 101 });
  });
});

describe('a limit', () => {
  test('of tokens also counts who hangs up before the answer begins', async () => {
    const socket = await openTls(gateway, MODEL);
    const head = `POST /v1/silent HTTP/1.1\r\nHost: ${MODEL}\r\nContent-Length: 40\r\n\r\n`;
    socket.write(head + 'x'.repeat(40));
    await expect
      .poll(() => upstream.requests.at(-1))
      .toMatchObject({ target: '/v1/silent', bytes: 40 });
    socket.destroy();
    await gateway.waitFor((message) => message.type === 'usage' && message.tokens.input === 10);
  });

  test('of tokens is answered as the vendor answers, once it is reached', async () => {
    expect((await post(MODEL, '/v1/messages', '{}')).body).toBe(answer);
    await gateway.waitFor((message) => message.type === 'usage' && message.tokens.input >= 60);
    const refused = await post(MODEL, '/v1/messages', '{}');
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(JSON.parse(refused.body)).toMatchObject({ type: 'error' });
    await expect.poll(last).toMatchObject({ rule: 'limit-tokens', status: refused.status });
  });

  test('of bytes cuts an answer, and refuses what comes after it', async () => {
    const socket = await openTls(gateway, SMALL);
    const cut = ask(socket, { path: '/bytes/900000', headers: { Host: SMALL } });
    await expect(cut).rejects.toThrow();
    await expect.poll(last).toMatchObject({ rule: 'limit-bytes' });
    const refused = await post(SMALL, '/echo', 'x');
    expect(refused).toMatchObject({ status: 403, headers: { 'x-bottle-denied': 'limit-bytes' } });
  });
});

describe('GraphQL', () => {
  test('passes with what the route lists, and is refused with anything else', async () => {
    const listed = JSON.stringify({ query: 'mutation { addStar { x } }' });
    expect((await post(GRAPH, '/graphql', listed)).status).toBe(200);
    expect(upstream.requests.at(-1)).toMatchObject({ bytes: listed.length, complete: true });
    const other = JSON.stringify({ query: 'mutation { a: deleteRef { x } }' });
    const refused = await post(GRAPH, '/graphql', other);
    expect(refused).toMatchObject({ status: 403, headers: { 'x-bottle-denied': 'graphql' } });
    expect((await post(GRAPH, '/echo', other)).status).toBe(200);
  });
});

test('nothing of it shows on stderr', () => expect(gateway.stderr()).toBe(''));
