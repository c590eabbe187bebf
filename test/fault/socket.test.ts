/** A guest that floods the gateway, and one that has no file descriptors left: it recovers. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { GatewayDecision } from '../../src/gateway/protocol.ts';
import { routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { type Launched, launchGateway } from './launch.ts';
import { eventually, expectNext, readToEnd, toldBy } from './scene.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function startUp(): Promise<Upstream> {
  const upstream = await startUpstream();
  open.push(upstream);
  return upstream;
}

describe('a guest that opens 1,500 connections', () => {
  async function flood(say: string) {
    const upstream = await startUp();
    const gateway = await startGatewayProcess({
      routes: [routeTo(upstream.name)],
      connectTo: upstream.connectTo,
    });
    open.push({ close: async () => void (await gateway.stop()) });
    const sockets: Socket[] = [];
    const told: Promise<string>[] = [];
    // When the backlog is full, a further one does not come through at all.
    let connected = 0;
    for (let count = 0; count < 1_500; count += 1) {
      const socket = connect({ path: gateway.socket, allowHalfOpen: true }).on('error', () => {});
      sockets.push(socket);
      socket.on('connect', () => {
        connected += 1;
      });
      socket.write(say.replace('TOKEN', gateway.token));
      told.push(readToEnd(socket));
    }
    return { upstream, gateway, sockets, told, connected: () => connected };
  }

  test('and says nothing: beyond 1,024 it is busy for them, the rest are late', async () => {
    const { upstream, gateway, told, connected } = await flood('');
    const rules = (await Promise.all(told)).map((text) => toldBy(text).denied);
    const number = (rule: string) => rules.filter((other) => other === rule).length;
    expect([...new Set(rules)].filter((rule) => rule !== '').sort()).toEqual(['busy', 'handshake']);
    expect([number('busy'), number('handshake')]).toEqual([connected() - 1_024, 1_024]);
    await expectNext(gateway, upstream);
    const lines = gateway.decisions().filter(({ decision }) => decision === 'denied');
    expect(lines).toHaveLength(connected());
  });

  test('with a handshake each, and leaves: the next is served', async () => {
    const { upstream, gateway, sockets, told, connected } = await flood('BOTTLE/1 TOKEN\n');
    const busy = () => gateway.decisions().filter(({ rule }) => rule === 'busy').length;
    await eventually(() => connected() - busy()).toBe(1_024);
    for (const socket of sockets) socket.destroy();
    await Promise.all(told);
    await eventually(() => tryNext(gateway.connect, upstream)).toBe(200);
  });

  test('and holds a slow answer on each: all are answered', async () => {
    const upstream = await startUp();
    const gateway = await startGatewayProcess({
      routes: [routeTo(upstream.name)],
      connectTo: upstream.connectTo,
    });
    open.push({ close: async () => void (await gateway.stop()) });
    const asking = Array.from({ length: 1_000 }, async () => {
      const socket = await gateway.connect();
      socket.write(requestFor(upstream, '/slow?ms=100&bytes=5'));
      return toldBy(await readToEnd(socket)).status;
    });
    expect(new Set(await Promise.all(asking))).toEqual(new Set([200]));
  });
});

const requestFor = ({ name }: Upstream, path: string) =>
  `GET http://${name}${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;

/** The status of one request on a connection of its own. */
async function tryNext(connectIt: () => Promise<Socket>, upstream: Upstream): Promise<number> {
  const socket = await connectIt();
  if (socket.destroyed) return 0;
  socket.write(requestFor(upstream, '/next'));
  return toldBy(await readToEnd(socket)).status;
}

describe('a gateway with 64 file descriptors', () => {
  const missing = existsSync('/usr/bin/prlimit') ? '' : 'needs prlimit: apt-get install util-linux';

  async function launch(upstream: Upstream, tls: 'open' | 'tunnel'): Promise<Launched> {
    const gateway = launchGateway({
      wrapper: ['/usr/bin/prlimit', '--nofile=64:64'],
      config: {
        routes: [routeTo(upstream.name, { tls })],
        connectTo: upstream.connectTo,
        extraAuthorities: upstream.authority,
      },
    });
    expect(await gateway.listenTo()).toMatchObject({ type: 'ready' });
    return gateway;
  }

  test('outlives 200 connections, and serves once they are gone', async ({ skip }) => {
    skip(missing !== '', missing);
    const upstream = await startUp();
    const gateway = await launch(upstream, 'tunnel');
    const sockets = await Promise.all(Array.from({ length: 200 }, () => gateway.connect()));
    for (const socket of sockets) socket.destroy();
    await eventually(() => tryNext(gateway.connect, upstream)).toBe(200);
    expect(gateway.stderr()).toBe('');
  });

  test('has none left for the upstream: the guest is told, in one line', async ({ skip }) => {
    skip(missing !== '', missing);
    const upstream = await startUp();
    const gateway = await launch(upstream, 'tunnel');
    const asking = Array.from({ length: 60 }, async () => {
      const socket = await gateway.connect();
      if (socket.writable) socket.write(requestFor(upstream, '/slow?ms=50&bytes=5'));
      return toldBy(await readToEnd(socket));
    });
    const told = await Promise.all(asking);
    const counts = new Map<string, number>();
    for (const { status, denied } of told) {
      const kind = `${status} ${denied}`;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    expect(
      [...counts.keys()].filter((kind) => !/^(200 |502 upstream-connect|0 )$/.test(kind)),
    ).toEqual([]);
    await eventually(() => tryNext(gateway.connect, upstream)).toBe(200);
    const failed = decisions(gateway).filter(({ rule }) => rule === 'upstream-connect');
    expect(failed).toHaveLength(counts.get('502 upstream-connect') ?? 0);
    expect(failed.length).toBeGreaterThan(0);
    expect(gateway.stderr()).toBe('');
  });

  test('has none left while it opens TLS: it recovers', async ({ skip }) => {
    skip(missing !== '', missing);
    const upstream = await startUp();
    const gateway = await launch(upstream, 'open');
    const sockets = await Promise.all(Array.from({ length: 200 }, () => gateway.connect()));
    const authority = `${upstream.name}:443`;
    const connectLine = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
    for (const socket of sockets) if (socket.writable) socket.write(connectLine);
    for (const socket of sockets.slice(0, 5)) {
      if (!socket.destroyed) await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
    }
    for (const socket of sockets) socket.destroy();
    await eventually(() => tryNext(gateway.connect, upstream)).toBe(200);
    expect(gateway.stderr()).toBe('');
  });
});

function decisions(gateway: Launched): GatewayDecision[] {
  return gateway.messages().filter((message) => message.type === 'decision');
}
