/** A gateway before an upstream that is strict: says bytes to the one, and what reached the other. */
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { expect } from 'vitest';
import type { GatewayDecision } from '../../src/gateway/protocol.ts';
import {
  type GatewayProcess,
  readUntil,
  routeTo,
  startGatewayProcess,
} from '../upstream/gateway-process.ts';
import { type RawUpstream, startRawUpstream } from '../upstream/raw-upstream.ts';
import { type ReadRequest, readRequests } from './strict-reader.ts';

export const HOST = 'raw.example.test';

/** Plain HTTP through the proxy; or inside TLS that the gateway has opened. */
export const PLACES = ['outside', 'inside'] as const;
export type Place = (typeof PLACES)[number];

/** The last one to a request; that to a CONNECT which is let through is none. */
const ANSWER = /HTTP\/1\.1 [2-5]\d\d (?!Connection Established)/g;

/** Of a guest that has said it all. */
const PATIENCE_MS = 200;

export type Judged = {
  /** All that the gateway answered. */
  readonly answer: string;
  /** What reached the upstream, as a strict reader reads it. */
  readonly arrived: readonly ReadRequest[];
  /** One for each request that the gateway took note of. */
  readonly decisions: readonly GatewayDecision[];
};

export type Judge = {
  readonly gateway: GatewayProcess;
  /**
   * `end`: the guest ends its side when nothing comes back, as it will not say any more.
   * @throws When the upstream got anything that another reader could read in another way, or that is
   * not what the gateway says that it let through.
   */
  judge(place: Place, raw: Buffer, end: boolean): Promise<Judged>;
  close(): Promise<void>;
};

export async function openJudge(): Promise<Judge> {
  const upstream = await startRawUpstream(HOST, (socket, sofar) => {
    // Whatever follows on this connection stays to be seen.
    const status = statusFor(sofar);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`);
    }
  });
  const gateway = await startGatewayProcess({
    routes: [routeTo(HOST, { tls: 'open' })],
    connectTo: upstream.connectTo,
    extraAuthorities: upstream.authority,
  });
  return {
    gateway,
    judge: async (place, raw, end) => {
      const [connections, before] = [upstream.received.length, gateway.messages.length];
      const answer = await say(gateway, place, raw, end);
      const decisions = () => decisionsSince(gateway, before);
      // A decision is told at the end of its exchange, which may be after the answer's.
      const answers = answer.match(ANSWER)?.length ?? 0;
      await expect.poll(() => decisions().length).toBeGreaterThanOrEqual(Math.max(answers, 1));
      const arrived = readAll(upstream, connections);
      checkSame(arrived, decisions());
      return { answer, arrived, decisions: decisions() };
    },
    close: async () => {
      await upstream.close();
      await gateway.stop();
    },
  };
}

/** Undefined: there is more to come. */
function statusFor(bytes: Buffer): string | undefined {
  try {
    const { requests, rest } = readRequests(bytes);
    return requests.length === 1 && rest === '' ? '200 OK' : undefined;
  } catch {
    return '400 Bad Request';
  }
}

function readAll({ received }: RawUpstream, from: number): ReadRequest[] {
  return received.slice(from).flatMap((bytes) => readRequests(bytes).requests);
}

function decisionsSince(gateway: GatewayProcess, from: number): GatewayDecision[] {
  return gateway.messages.slice(from).filter((message) => message.type === 'decision');
}

/** Each that arrived was let through as what it is. */
function checkSame(arrived: readonly ReadRequest[], decisions: readonly GatewayDecision[]): void {
  const allowed = decisions.filter(({ decision }) => decision !== 'denied');
  const decided = allowed.map(({ method, host, path }) => [method, host, readEscapes(path)]);
  for (const { method, host, target } of arrived) {
    const [path = ''] = target.split('?');
    const seen = [method, host.replace(/:\d+$/, ''), readEscapes(path).slice(0, MAX_PATH)];
    expect(decided).toContainEqual(seen);
  }
}

/** Of the audit. */
const MAX_PATH = 512;

function readEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (hex) => String.fromCharCode(Number(`0x${hex.slice(1)}`)));
}

async function say(gateway: GatewayProcess, place: Place, raw: Buffer, end: boolean) {
  const socket = place === 'outside' ? await gateway.connect() : await openTls(gateway);
  socket.write(raw);
  const timer = setTimeout(() => end && socket.end(), PATIENCE_MS);
  return readUntil(socket, () => false).finally(() => clearTimeout(timer));
}

async function openTls(gateway: GatewayProcess) {
  const { socket } = await gateway.tunnel(`${HOST}:443`);
  const trust = { servername: HOST, ca: gateway.certificate };
  // A socket takes it, though its type does not say so: an end is that of one direction.
  const options = { socket, allowHalfOpen: true, ...trust } as ConnectionOptions;
  return connectTls(options).on('error', () => {});
}
