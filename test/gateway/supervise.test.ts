/** An agent sees its routes and asks for more, with the SDK's own client and with hostile bytes. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/gateway/message.ts';
import type { GatewayRoute, SuperviseRequest } from '../../src/gateway/protocol.ts';
import { makeSupervise } from '../../src/gateway/supervise.ts';

const SECRET = 'secret-0123456789abcdef';
const dlp = { outbound: [], inbound: [], onMatch: 'block' } as const;
const ROUTES: GatewayRoute[] = [
  { host: '*.a.example', ports: [443, 80], tls: 'tunnel', matches: [], dlp, source: 'test' },
  {
    host: 'b.example',
    ports: [8443],
    tls: 'open',
    matches: [{ methods: ['GET'], paths: [{ type: 'prefix', value: '/v1' }] }],
    dlp,
    auth: { scheme: 'Bearer', header: 'authorization', name: 'B_TOKEN', value: SECRET },
    source: 'test',
  },
];
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

let sent: SuperviseRequest[];
let server: Server;
let url: URL;
let failures: unknown[];

async function serve(routes: readonly GatewayRoute[]): Promise<void> {
  const supervise = makeSupervise(routes, (request) => sent.push(request));
  server = createServer((request, response) => {
    supervise(request, response).catch((error) => {
      failures.push(error);
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/mcp`);
}

beforeEach(async () => {
  sent = [];
  failures = [];
  await serve(ROUTES);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  // The SDK's own types do not hold under exactOptionalPropertyTypes.
  await client.connect(new StreamableHTTPClientTransport(url) as Parameters<Client['connect']>[0]);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const call = (name: string, input: Record<string, unknown> = {}) =>
  withClient(async (client) => {
    const result = await client.callTool({ name, arguments: input });
    const [content] = result.content as { type: string; text: string }[];
    return { isError: result.isError === true, text: content?.text ?? '' };
  });

async function post(body: string | Uint8Array<ArrayBuffer>, headers: object = HEADERS) {
  const response = await fetch(url, { method: 'POST', body, headers: { ...headers } });
  const text = await response.text();
  return { status: response.status, text };
}

const rpc = (method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });

describe('the tools', () => {
  test('are four', async () => {
    const { tools } = await withClient((client) => client.listTools());
    expect(tools.map(({ name }) => name)).toEqual([
      'list_egress_routes',
      'request_egress',
      'request_capability',
      'report_status',
    ]);
  });

  test('list the routes without secrets or their names', async () => {
    const { text } = await call('list_egress_routes');
    expect(JSON.parse(text)).toEqual({
      routes: [
        { host: '*.a.example', ports: [443, 80] },
        {
          host: 'b.example',
          ports: [8443],
          only: [{ methods: ['GET'], paths: [{ type: 'prefix', value: '/v1' }] }],
          credential: 'added by the gateway',
        },
      ],
    });
    expect(text).not.toContain(SECRET);
    expect(sent).toEqual([]);
  });

  test('list no more routes than an agent can read', async () => {
    server.close();
    const [route] = ROUTES as [GatewayRoute];
    await serve(Array.from({ length: 10_000 }, (_, at) => ({ ...route, host: `h${at}.example` })));
    const { routes, omitted } = JSON.parse((await call('list_egress_routes')).text);
    expect(routes).toHaveLength(200);
    expect(omitted).toBe(9_800);
  });

  test.each([
    [
      'request_egress',
      { host: 'c.example', reason: 'the tests' },
      { host: 'c.example', port: '443', methods: '', paths: '', reason: 'the tests' },
    ],
    [
      'request_egress',
      { host: 'c.example', port: 80, methods: ['GET', 'POST'], paths: ['/a', '/b'], reason: 'x' },
      { host: 'c.example', port: '80', methods: 'GET\nPOST', paths: '/a\n/b', reason: 'x' },
    ],
    [
      'request_capability',
      { capability: 'docker', reason: 'to build' },
      { capability: 'docker', reason: 'to build' },
    ],
  ] as const)('%s is denied and recorded', async (tool, input, fields) => {
    const { text, isError } = await call(tool, input);
    expect(text).toMatch(/^denied, recorded: .*go on without/);
    expect(isError).toBe(false);
    expect(sent).toEqual([{ type: 'supervise', time: expect.any(String), tool, fields }]);
    expect(parseMessage(JSON.stringify(sent[0]))).toEqual(sent[0]);
  });

  test('report_status is recorded', async () => {
    const fields = { status: 'blocked', message: 'no compiler' };
    expect((await call('report_status', fields)).text).toMatch(/^recorded: /);
    expect(sent).toEqual([
      { type: 'supervise', time: expect.any(String), tool: 'report_status', fields },
    ]);
  });
});

describe('too much', () => {
  test('of a text is cut, and is a message still', async () => {
    await call('request_capability', {
      capability: '😀'.repeat(9_000),
      reason: `a${'😀'.repeat(3_000)}`,
    });
    const [request] = sent as [SuperviseRequest];
    expect(Object.values(request.fields).map((field) => field.length)).toEqual([4096, 4096]);
    expect(parseMessage(JSON.stringify(request))).toEqual(request);
    expect(request.fields.reason?.isWellFormed()).toBe(true);
  });

  test('of requests are answered and not recorded', async () => {
    const fields = { capability: 'more', reason: 'why not' };
    const body = rpc('tools/call', { name: 'request_capability', arguments: fields });
    for (let count = 0; count < 205; count += 1) await post(body);
    expect(sent).toHaveLength(200);
    expect((await call('request_capability', fields)).text).toMatch(
      /^denied, not recorded any more/,
    );
    expect((await call('report_status', { status: 'a', message: 'b' })).text).toMatch(
      /^not recorded/,
    );
    expect(sent).toHaveLength(200);
  });

  test('of a body is refused', async () => {
    expect(await post(`"${'a'.repeat(256 * 1024)}"`)).toMatchObject({ status: 413 });
    expect((await post(`"${'a'.repeat(256 * 1024 - 2)}"`)).status).toBe(400);
    expect(failures).toEqual([]);
  });

  test('of a body without a length is refused before it ends', async () => {
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write('POST /mcp HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let count = 0; count < 5; count += 1) socket.write(`10000\r\n${'a'.repeat(65_536)}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });
});

describe('what is no call', () => {
  test.each([
    ['a host that is missing', 'request_egress', { reason: 'x' }],
    ['a host that is empty', 'request_egress', { host: '', reason: 'x' }],
    ['a host that is a list', 'request_egress', { host: ['a'], reason: 'x' }],
    ['a port that is text', 'request_egress', { host: 'a', port: '443', reason: 'x' }],
    ['a port out of range', 'request_egress', { host: 'a', port: 65_536, reason: 'x' }],
    ['a port in parts', 'request_egress', { host: 'a', port: 0.5, reason: 'x' }],
    ['methods that are no list', 'request_egress', { host: 'a', methods: 'GET', reason: 'x' }],
    ['too many paths', 'request_egress', { host: 'a', paths: Array(101).fill('/'), reason: 'x' }],
    ['no reason', 'request_capability', { capability: 'a' }],
    ['a message that is null', 'report_status', { status: 'a', message: null }],
    ['a tool that is not there', 'exec', {}],
    ['a tool of every object', 'constructor', {}],
  ])('%s', async (_, tool, input) => {
    const { isError, text } = await call(tool, input).catch((error) => ({
      isError: true,
      text: String(error),
    }));
    expect(isError).toBe(true);
    expect(text).toMatch(/-32602/);
    expect(sent).toEqual([]);
  });

  test.each([
    ['no JSON', '{', 400, /-32700/],
    ['nothing', '', 400, /-32700/],
    ['a number', '1', 400, /-32700/],
    ['null', 'null', 400, /-32700/],
    ['a batch', `[${rpc('ping')}]`, 400, /-32600/],
    ['another version', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, /-32700/],
    ['a method that is not there', rpc('shutdown'), 200, /-32601/],
    ['parameters that are a list', rpc('tools/call', []), 400, /-32700/],
    ['a prototype', '{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{"a":1}}', 400, /-32700/],
    ['a deep one', '['.repeat(100_000), 400, /-32700/],
    ['an answer to nothing', '{"jsonrpc":"2.0","id":1,"result":{}}', 202, /^$/],
    [
      'a cancellation',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
      202,
      /^$/,
    ],
  ])('%s', async (_, body, status, text) => {
    expect(await post(body)).toEqual({ status, text: expect.stringMatching(text) });
    expect(failures).toEqual([]);
  });

  test.each(['GET', 'DELETE', 'PUT', 'OPTIONS'])('%s', async (method) => {
    const response = await fetch(url, { method, headers: HEADERS });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('other types of content', async () => {
    const body = rpc('ping');
    expect((await post(body, { ...HEADERS, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(body, { ...HEADERS, accept: 'text/html' })).status).toBe(406);
    expect((await post(body, { ...HEADERS, 'mcp-protocol-version': '\xff' })).status).toBe(400);
  });

  test('who hangs up is none of our affair', async () => {
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.write('POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{');
    await once(server, 'request');
    socket.destroy();
    expect((await post(rpc('ping'))).status).toBe(200);
  });

  test('whatever JSON comes, there is an answer', async () => {
    const calls = fc.record({
      jsonrpc: fc.constantFrom('2.0', '1.0'),
      id: fc.oneof(fc.integer(), fc.string(), fc.constant(null)),
      method: fc.constantFrom('tools/call', 'tools/list', 'initialize', 'ping', '__proto__'),
      params: fc.oneof(
        fc.jsonValue(),
        fc.record({
          name: fc.constantFrom('request_egress', 'toString'),
          arguments: fc.jsonValue(),
        }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), calls), async (value) => {
        expect([200, 202, 400]).toContain((await post(JSON.stringify(value))).status);
      }),
      { numRuns: 150 },
    );
    expect(failures).toEqual([]);
  });
});
