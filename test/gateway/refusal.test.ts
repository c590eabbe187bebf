/** What the gateway refuses before a byte leaves, by name; and what is not HTTP as it is specified. */
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { openTls } from './proxy-client.ts';

const NAME = 'api.example.test';
const OPENED = 'open.example.test';
let upstream: Upstream;
let gateway: GatewayProcess;

beforeAll(async () => {
  upstream = await startUpstream({ names: [NAME, OPENED] });
  gateway = await startGatewayProcess({
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
    routes: [
      routeTo(NAME, { matches: [{ paths: [{ type: 'prefix', value: '/allowed' }] }] }),
      routeTo(OPENED, { tls: 'open' }),
      routeTo('*.wide.example.test', { ports: [443] }),
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});
afterEach(() => {
  // Whatever is tested here: nothing of it may have come through.
  expect(upstream.requests).toEqual([]);
});

const ruleOf = (answer: string) => /^X-Bottle-Denied: (\S+)\r$/im.exec(answer)?.[1];
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
const get = (target: string, host = NAME) =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
const post = (...lines: string[]) =>
  [`POST http://${NAME}/allowed HTTP/1.1`, `Host: ${NAME}`, ...lines].join('\r\n');

describe('a request', () => {
  test.each([
    ['no route', get('http://other.test/', 'other.test'), 'no-route', 403],
    ['another port', get(`http://${NAME}:8080/`, `${NAME}:8080`), 'port', 403],
    [
      'a port of another route',
      get('http://a.wide.example.test/', 'a.wide.example.test'),
      'port',
      403,
    ],
    ['a path that no match has', get(`http://${NAME}/other`), 'no-match', 403],
    ['an address', get('http://127.0.0.1/', '127.0.0.1'), 'ip-literal', 403],
    ['an address in octal', get('http://0177.1/', '0177.1'), 'ip-literal', 403],
    ['another Host', get(`http://${NAME}/allowed`, OPENED), 'name-mismatch', 403],
    ['another port in Host', get(`http://${NAME}/allowed`, `${NAME}:81`), 'name-mismatch', 403],
    ['a user before the host', get(`http://me@${NAME}/allowed`), 'malformed', 400],
    ['a dot segment', get(`http://${NAME}/allowed/%2e%2e/other`), 'malformed', 400],
    ['a plain path', get('/allowed'), 'malformed', 400],
    ['https to the proxy', get(`https://${NAME}/allowed`), 'malformed', 400],
    ['no Host', `GET http://${NAME}/allowed HTTP/1.1\r\n\r\n`, 'malformed', 400],
    ['two Hosts', post(`Host: ${NAME}`, '', ''), 'malformed', 400],
    ['TRACE', `TRACE http://${NAME}/allowed HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`, 'malformed', 400],
  ])('with %s is refused', async (_, raw, rule, status) => {
    const answer = await gateway.request(raw);
    expect({ rule: ruleOf(answer), status: statusOf(answer) }).toEqual({ rule, status });
    expect(answer).toContain(`bottle-action: denied (${rule}): `);
  });

  test.each([
    ['both lengths', post('Content-Length: 3', 'Transfer-Encoding: chunked', '', '0', '', '')],
    ['both lengths, turned', post('Transfer-Encoding: chunked', 'Content-Length: 3', '', 'abc')],
    ['two lengths', post('Content-Length: 3', 'Content-Length: 4', '', 'abc')],
    ['the same length twice', post('Content-Length: 3', 'Content-Length: 3', '', 'abc')],
    ['a list of lengths', post('Content-Length: 3, 3', '', 'abc')],
    ['a signed length', post('Content-Length: +3', '', 'abc')],
    ['a length in hex', post('Content-Length: 0x3', '', 'abc')],
    ['an unknown coding', post('Transfer-Encoding: xchunked', '', '0', '', '')],
    ['a coding before chunked', post('Transfer-Encoding: gzip, chunked', '', '0', '', '')],
    ['chunked not last', post('Transfer-Encoding: chunked, identity', '', '0', '', '')],
    [
      'chunked twice',
      post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', '0', '', ''),
    ],
    ['a blank before the colon', post('Content-Length : 3', '', 'abc')],
    ['a folded line', post('X-A: b', ' c', '', '')],
    ['a bare line feed', `GET http://${NAME}/allowed HTTP/1.1\nHost: ${NAME}\n\n`],
    ['a line feed in the head', post('X-A: b\nX-C: d', '', '')],
    ['a lone carriage return', post('X-A: b\rX-C: d', '', '')],
    ['a NUL', post('X-A: b\0c', '', '')],
    ['a chunk size too large', post('Transfer-Encoding: chunked', '', `${'f'.repeat(17)}`, '')],
    [
      'a chunk size that is none',
      post('Transfer-Encoding: chunked', '', '0x3', 'abc', '0', '', ''),
    ],
    ['an unknown version', `GET http://${NAME}/allowed HTTP/9.9\r\nHost: ${NAME}\r\n\r\n`],
    ['no HTTP', '\x16\x03\x01\x00\x05hello\r\n\r\n'],
    ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('with %s is malformed', async (_, raw) => {
    const answer = await gateway.request(raw);
    expect(ruleOf(answer)).toBe('malformed');
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  });

  test('with a head over 32 KiB is oversize', async () => {
    const answer = await gateway.request(post(`X-Long: ${'x'.repeat(40_000)}`, '', ''));
    expect({ rule: ruleOf(answer), status: statusOf(answer) }).toEqual({
      rule: 'oversize',
      status: 431,
    });
  });

  test('that takes long over its head is ended', async () => {
    const socket = await gateway.connect();
    const began = Date.now();
    socket.write(`GET http://${NAME}/allowed HTTP/1.1\r\n`);
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 500);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    clearInterval(drip);
    socket.destroy();
    expect(ruleOf(answer)).toBe('timeout');
    expect(statusOf(answer)).toBe(408);
    expect(Date.now() - began).toBeLessThan(13_000);
  });
});

describe('a connection', () => {
  test.each([
    ['nothing that is a handshake', 'GET / HTTP/1.1\r\n\r\n'],
    ['another token', `BOTTLE/1 ${'0'.repeat(64)}\n${get('/bottle/health', '127.0.0.1:7711')}`],
    ['a longer line', `BOTTLE/1 ${'0'.repeat(200)}`],
  ])('with %s is refused', async (_, raw) => {
    const socket = connect(gateway.socket);
    socket.write(raw);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(ruleOf(answer)).toBe('handshake');
  });

  test('that says nothing is ended', async () => {
    const socket = connect(gateway.socket);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(ruleOf(answer)).toBe('handshake');
  });

  test('may say its handshake in any pieces', async () => {
    const socket = connect(gateway.socket);
    for (const byte of `BOTTLE/1 ${gateway.token}\n`) {
      await new Promise((written) => socket.write(byte, written));
    }
    socket.write(get('/bottle/health', '127.0.0.1:7711'));
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(statusOf(answer)).toBe(200);
  });
});

describe('inside an opened connection, a request', () => {
  async function inside(raw: string): Promise<string> {
    const socket = await openTls(gateway, OPENED);
    socket.write(raw);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  test.each([
    ['another Host', get('/', NAME), 'name-mismatch'],
    ['another port', get('/', `${OPENED}:8443`), 'name-mismatch'],
    ['an absolute address', get(`https://${NAME}/`, OPENED), 'malformed'],
    ['CONNECT', `CONNECT ${NAME}:443 HTTP/1.1\r\nHost: ${OPENED}\r\n\r\n`, 'malformed'],
    ['two Hosts', `GET / HTTP/1.1\r\nHost: ${OPENED}\r\nHost: ${NAME}\r\n\r\n`, 'malformed'],
    [
      'both lengths',
      `POST / HTTP/1.1\r\nHost: ${OPENED}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'malformed',
    ],
  ])('with %s is refused', async (_, raw, rule) => {
    expect(ruleOf(await inside(raw))).toBe(rule);
  });
});

describe('the audit', () => {
  test('has one line for each', async () => {
    const name = 'once.test';
    const lines = () => gateway.decisions().filter(({ host }) => host === name);
    await gateway.request(get(`http://${name}/secret?token=hunter2`, name));
    await expect.poll(lines).toHaveLength(1);
    expect(lines()[0]).toMatchObject({
      decision: 'denied',
      rule: 'no-route',
      port: 80,
      method: 'GET',
      status: 403,
    });
    expect(JSON.stringify(gateway.messages)).not.toContain('hunter2');
  });
});
