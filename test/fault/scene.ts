/** A gateway before an upstream that breaks and one that does not, and what the guest is told. */
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'vitest';
import type { ConnectTo, DenialRule, GatewayConfig } from '../../src/gateway/protocol.ts';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';

/** The name of the upstream that breaks, in all tests. */
export const BROKEN = 'broken.example.test';

/** How the guest's request gets there: plain HTTP, TLS that is opened, TLS that stays closed. */
export type Way = 'plain' | 'open' | 'tunnel';

/** What the guest has in the end. `text`: all that came on its connection. */
export type Told = {
  readonly text: string;
  /** 0: no head of an answer came. */
  readonly status: number;
  readonly denied: string;
  /** What its own TLS or TCP says of the end; empty: it was a clean one. */
  readonly error: string;
};

export type Scene = {
  readonly gateway: GatewayProcess;
  /** The one that holds. */
  readonly upstream: Upstream;
  /** Sends `head` (and what more is in it) to `BROKEN` and reads until its connection is closed. */
  ask(way: Way, head?: string): Promise<Told>;
  /** A connection to `BROKEN`, ready for a request. */
  reach(way: Way): Promise<Socket>;
  /** `BROKEN` has one line in the audit, by one of these rules, and the next request is served. */
  expectOneLine(...rules: readonly (DenialRule | 'route')[]): Promise<void>;
  expectServed(): Promise<void>;
  close(): Promise<void>;
};

const PATIENCE_MS = 30_000;

/** A matcher that waits until it holds, on a busy machine too. */
export const eventually = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 10_000 });

export async function openScene(
  broken: { readonly connectTo: readonly ConnectTo[] },
  way: Way,
  config: Partial<GatewayConfig> = {},
): Promise<Scene> {
  const upstream = await startUpstream();
  const gateway = await startGatewayProcess({
    routes: [routeTo(BROKEN, { tls: way === 'open' ? 'open' : 'tunnel' }), routeTo(upstream.name)],
    connectTo: [...broken.connectTo, ...upstream.connectTo],
    extraAuthorities: upstream.authority,
    ...config,
  });
  const reach = async (by: Way) => {
    if (by === 'plain') return gateway.connect();
    const { head, socket } = await gateway.tunnel(`${BROKEN}:443`);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    const ca = by === 'open' ? gateway.certificate : upstream.authority;
    const tls = connectTls({ socket, servername: BROKEN, ca });
    tls.on('error', () => {});
    // `once` would take an error of the connection for its own.
    await new Promise<void>((resolve) => {
      for (const event of ['secureConnect', 'close']) tls.once(event, () => resolve());
    });
    return tls;
  };
  const expectServed = () => expectNext(gateway, upstream);
  return {
    gateway,
    upstream,
    reach,
    async ask(by, head = requestTo(by)) {
      const socket = await reach(by);
      if (socket.writable) socket.write(head, 'latin1');
      const text = await readToEnd(socket);
      return { ...toldBy(text), error: codeOf(socket.errored) };
    },
    async expectOneLine(...rules) {
      const ofBroken = () => gateway.decisions().filter(({ host }) => host === BROKEN);
      await gateway.waitFor((said) => said.type === 'decision' && said.host === BROKEN);
      // Its line comes after all that was to be said before.
      await expectServed();
      const [line, ...more] = ofBroken();
      expect(more).toEqual([]);
      expect(rules).toContain(line?.rule);
      expect(line?.decision).toBe(decisionBy(line?.rule ?? 'route'));
      expect(gateway.stderr()).toBe('');
    },
    expectServed,
    async close() {
      await gateway.stop();
      await upstream.close();
    },
  };
}

export function requestTo(way: Way, path = '/', more = ''): string {
  const target = way === 'plain' ? `http://${BROKEN}${path}` : path;
  return `GET ${target} HTTP/1.1\r\nHost: ${BROKEN}\r\nConnection: close\r\n${more}\r\n`;
}

/** A request to the upstream that holds, through a connection of its own. */
export async function expectNext(gateway: GatewayProcess, { name }: Upstream): Promise<void> {
  const before = gateway.decisions().filter(({ host }) => host === name).length;
  const head = `GET http://${name}/next HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
  const told = toldBy(await gateway.request(head));
  expect(told).toMatchObject({ status: 200, denied: '' });
  const now = () => gateway.decisions().filter(({ host }) => host === name).length;
  await eventually(now).toBeGreaterThan(before);
}

/** All that comes until the connection is closed or reset. */
export function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`still open after ${PATIENCE_MS} ms: ${JSON.stringify(text.slice(-500))}`));
    }, PATIENCE_MS);
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    socket
      .on('error', () => {})
      .once('end', done)
      .once('close', done);
    if (socket.destroyed) done();
  });
}

export function toldBy(text: string): Omit<Told, 'error'> {
  const [head = ''] = text.split('\r\n\r\n');
  return {
    text,
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0),
    denied: /^x-bottle-denied: *(\S+)/im.exec(head)?.[1] ?? '',
  };
}

function codeOf(error: NodeJS.ErrnoException | null): string {
  return error?.code ?? error?.message ?? '';
}

function decisionBy(rule: DenialRule | 'route'): 'allowed' | 'denied' | 'failed' {
  if (rule === 'route') return 'allowed';
  return rule.startsWith('upstream-') ? 'failed' : 'denied';
}
