/** Upstreams behind the runner's own proxy: it is asked for names, and what it says has a name too. */
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../src/gateway/protocol.ts';
import { checkName, proxyFor } from '../../src/gateway/proxy.ts';
import { makeDialer } from '../../src/gateway/upstream.ts';
import {
  type GatewayProcess,
  readUntil,
  routeTo,
  startGatewayProcess,
} from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';
import { ask, openTls } from './proxy-client.ts';

const OPENED = 'opened.example.test';
const TUNNEL = 'tunnel.example.test';
const LOCAL = 'registry.internal';
const NAMES = [OPENED, TUNNEL, LOCAL] as const;

let upstream: Upstream;
let proxy: ConnectProxy;
let gateway: GatewayProcess;
afterEach(async () => {
  await gateway?.stop();
  await proxy?.close();
  await upstream?.close();
});

async function start(
  options: Parameters<typeof startConnectProxy>[1] = {},
  config: Partial<GatewayConfig> = {},
  protocol: 'h2' | 'http/1.1' = 'http/1.1',
): Promise<void> {
  upstream = await startUpstream({ names: NAMES, protocol });
  proxy = await startConnectProxy(upstream, options);
  gateway = await startGatewayProcess({
    routes: [routeTo(OPENED, { tls: 'open' }), routeTo(TUNNEL), routeTo(LOCAL)],
    extraAuthorities: upstream.authority,
    proxy: proxy.proxy,
    ...config,
  });
}

const get = (host: string) =>
  gateway.request(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

describe('through the proxy goes', () => {
  test.each(['http/1.1', 'h2'] as const)('what is opened, over %s', async (protocol) => {
    await start({ authorization: 'Basic dTpw' }, {}, protocol);
    const tls = await openTls(gateway, OPENED);
    expect((await ask(tls, { path: '/a', headers: { host: OPENED } })).status).toBe(200);
    tls.destroy();
    expect(proxy.asked).toEqual([[`${OPENED}:443`, 'Basic dTpw']]);
    expect(upstream.requests.map(({ headers }) => headers)).not.toContainEqual(
      expect.objectContaining({ 'proxy-authorization': expect.anything() }),
    );
  });

  test('a tunnel, with all of its bytes', async () => {
    await start();
    const { socket } = await gateway.tunnel(`${TUNNEL}:443`);
    const tls = connectTls({ socket, servername: TUNNEL, ca: upstream.authority });
    const body = 'x'.repeat(3_000_000);
    const head = `POST /echo HTTP/1.1\r\nHost: ${TUNNEL}\r\nConnection: close\r\n`;
    tls.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    const text = await readUntil(tls, () => false);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(upstream.requests[0]?.bytes).toBe(body.length);
    expect(proxy.asked).toEqual([[`${TUNNEL}:443`, '']]);
  });

  test('plain http', async () => {
    await start();
    expect(await get(TUNNEL)).toMatch(/^HTTP\/1\.1 200 /);
    expect(proxy.asked).toEqual([[`${TUNNEL}:80`, '']]);
  });

  test('nothing that the workflow sends elsewhere, or that needs none', async () => {
    await start({}, { connectTo: [] });
    await gateway.stop();
    const { connectTo } = upstream;
    const except = { ...proxy.proxy, except: ['localhost'] };
    gateway = await startGatewayProcess({ routes: [routeTo(TUNNEL)], connectTo, proxy: except });
    expect(await get(TUNNEL)).toMatch(/^HTTP\/1\.1 200 /);
    expect(proxy.asked).toEqual([]);
  });
});

describe('what goes wrong has its name:', () => {
  test.each([
    ['HTTP/1.1 403 Forbidden\r\n\r\n', 'status 403'],
    ['HTTP/1.1 407 Proxy Authentication Required\r\nX: y\r\n\r\n', 'status 407'],
    ['220 mail.example ESMTP\r\n\r\n', 'no answer in HTTP'],
    [`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`, 'no answer in HTTP'],
    ['HTTP/1.1 200 OK\r\n', 'the connection ended before'],
  ])('%j', async (answer, why) => {
    await start({ answer });
    const told = await get(TUNNEL);
    expect(told).toMatch(/^HTTP\/1\.1 502 [\s\S]*X-Bottle-Denied: upstream-connect\r\n/);
    expect(told).toContain(why);
  });

  test('a proxy that is not there', async () => {
    const https = { host: '127.0.0.1', port: 1, authorization: '' };
    await start({}, { proxy: { http: https, https, except: [] } });
    expect(await get(TUNNEL)).toContain('X-Bottle-Denied: upstream-connect');
  });

  test('one that says nothing', async () => {
    upstream = await startUpstream({ names: NAMES });
    proxy = await startConnectProxy(upstream, { answer: null });
    gateway = await startGatewayProcess();
    const dialer = makeDialer({ connectTo: [], proxy: proxy.proxy, timeoutMs: 100 });
    const never = new AbortController().signal;
    await expect(dialer.dial({ host: TUNNEL, port: 443 }, never)).rejects.toMatchObject({
      rule: 'upstream-timeout',
    });
  });

  test('a guest that leaves while it is waited for', async () => {
    await start({ answer: null });
    const socket = await gateway.connect();
    socket.write(`GET http://${TUNNEL}/ HTTP/1.1\r\nHost: ${TUNNEL}\r\n\r\n`);
    await expect.poll(() => proxy.asked.length).toBe(1);
    socket.destroy();
    await gateway.waitFor((said) => said.type === 'decision' && said.host === TUNNEL);
  });

  test('a name of the proxy’s own network', async () => {
    await start();
    expect(await get(LOCAL)).toContain('X-Bottle-Denied: private-address');
    expect(proxy.asked).toEqual([]);
  });
});

describe('names', () => {
  test.each(['localhost', 'a.localhost', 'metadata.google.internal', 'nas', 'printer.local'])(
    '%s is refused',
    (host) => expect(() => checkName({ host, port: 443 })).toThrow(/proxy's own network/),
  );

  test.each(['api.example.com', 'internal.example.com', 'local.dev'])('%s is not', (host) => {
    expect(() => checkName({ host, port: 443 })).not.toThrow();
  });

  const server = { host: 'proxy', port: 3128, authorization: '' };
  test.each([
    ['a.example.com', 443, ['example.com'], false],
    ['a.example.com', 443, ['.example.com'], false],
    ['a.example.com', 443, ['*.example.com'], false],
    ['example.com', 443, ['example.com'], false],
    ['badexample.com', 443, ['example.com'], true],
    ['a.example.com', 443, ['*'], false],
    ['a.example.com', 443, ['example.com:8443'], true],
    ['a.example.com', 8443, ['example.com:8443'], false],
    ['a.example.com', 443, ['10.0.0.0/8', '', '.', 'b.example.com'], true],
  ] as const)('%s:%i without %j', (host, port, except, isBehind) => {
    const found = proxyFor({ https: server, except }, { host, port });
    expect(found).toBe(isBehind ? server : undefined);
  });

  test('port 80 has a proxy of its own', () => {
    const proxies = { http: { ...server, port: 1 }, https: { ...server, port: 2 }, except: [] };
    expect(proxyFor(proxies, { host: 'a.example', port: 80 })?.port).toBe(1);
    expect(proxyFor(proxies, { host: 'a.example', port: 8080 })?.port).toBe(2);
    expect(proxyFor(undefined, { host: 'a.example', port: 80 })).toBe(undefined);
  });
});
