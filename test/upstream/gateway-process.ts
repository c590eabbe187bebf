/** The gateway as a process of its own, as the action starts it, and the ways to talk to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type {
  GatewayConfig,
  GatewayDecision,
  GatewayMessage,
  GatewayRoute,
} from '../../src/gateway/protocol.ts';
import { NODE_OPTIONS } from '../../src/gateway/start.ts';
import { listen } from './upstream.ts';

export type GatewayProcess = {
  readonly pid: number;
  readonly socket: string;
  readonly token: string;
  /** PEM of the run's authority; empty when no route is opened. */
  readonly certificate: string;
  readonly messages: readonly GatewayMessage[];
  decisions(): GatewayDecision[];
  /** The first message that fits, said already or within 10 s. */
  waitFor(fits: (message: GatewayMessage) => boolean): Promise<GatewayMessage>;
  /** A connection on which the handshake was said. */
  connect(): Promise<Socket>;
  /** Says `raw` on a new connection and gives all that comes back until the gateway closes it. */
  request(raw: string | Uint8Array): Promise<string>;
  /** What `CONNECT authority` gives: the answer's head, and the connection as it is after it. */
  tunnel(authority: string): Promise<{ head: string; socket: Socket }>;
  /** A port of this machine from which connections go to the gateway, as the guest's relay does it. */
  relay(): Promise<{ readonly port: number; close(): Promise<void> }>;
  /** What it wrote to stderr, which should be nothing. */
  stderr(): string;
  /** Ends its stdin; settles when it is gone, with its exit code. */
  stop(): Promise<number | null>;
};

const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const ENTRY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));
const PATIENCE_MS = 10_000;

/** A route that lets everything pass but for what `fields` say; a tunnel unless they open it. */
export function routeTo(host: string, fields: Partial<GatewayRoute> = {}): GatewayRoute {
  return {
    host,
    ports: [443, 80],
    tls: 'tunnel',
    matches: [],
    dlp: { outbound: [], inbound: [], onMatch: 'block' },
    source: 'a test',
    ...fields,
  };
}

/** `program`: what Node runs, with Node's own options before it. */
export async function startGatewayProcess(
  config: Partial<GatewayConfig> = {},
  program: readonly string[] = [...NODE_OPTIONS, ENTRY],
): Promise<GatewayProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'));
  const full: GatewayConfig = {
    version: 1,
    socket: join(directory, 'g.sock'),
    token: randomBytes(32).toString('hex'),
    mode: 'enforce',
    routes: [],
    limits: { tokens: null, requests: null, bytes: null },
    secrets: [],
    extraAuthorities: '',
    connectTo: [],
    ...config,
  };
  const child = spawn(NODE, program, { env: {}, stdio: 'pipe' });
  const exit = once(child, 'exit');
  const heard = listenTo(child);
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(full)}\n`);
  const stop = async () => {
    child.stdin.end();
    const [code] = await exit;
    rmSync(directory, { recursive: true, force: true });
    return code as number | null;
  };
  try {
    const first = await heard.waitFor(({ type }) => type === 'ready' || type === 'failed');
    if (first.type !== 'ready') throw new Error(`the gateway failed: ${JSON.stringify(first)}`);
    const { socket, token } = full;
    const { pid = -1 } = child;
    const talk = talkTo(socket, token);
    return { pid, socket, token, certificate: first.certificate, ...heard, ...talk, stop };
  } catch (error) {
    // What did not come up may not hear that its stdin ended either.
    child.kill('SIGKILL');
    await stop();
    throw error;
  }
}

type Heard = Pick<GatewayProcess, 'messages' | 'decisions' | 'waitFor' | 'stderr'>;

function listenTo(child: ChildProcess): Heard {
  const messages: GatewayMessage[] = [];
  const waiting = new Set<() => void>();
  const failing = new Set<(error: Error) => void>();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  if (child.stdout) {
    createInterface(child.stdout).on('line', (line) => {
      messages.push(JSON.parse(line));
      for (const look of waiting) look();
    });
  }
  const describe = (what: string) =>
    new Error(`${what}; it said ${JSON.stringify(messages.slice(-20), null, 1)} ${stderr}`);
  child.once('close', (code) => {
    for (const fail of failing) fail(describe(`the gateway ended with ${code}`));
  });
  return {
    messages,
    decisions: () => messages.filter((message) => message.type === 'decision'),
    stderr: () => stderr,
    waitFor(fits) {
      const found = Promise.withResolvers<GatewayMessage>();
      const look = () => {
        const message = messages.find(fits);
        if (message) found.resolve(message);
      };
      const fail = found.reject;
      const late = () => fail(describe('no such message within 10 s'));
      const timer = setTimeout(late, PATIENCE_MS);
      waiting.add(look);
      failing.add(fail);
      look();
      return found.promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(look);
        failing.delete(fail);
      });
    },
  };
}

type Talk = Pick<GatewayProcess, 'connect' | 'request' | 'tunnel' | 'relay'>;

function talkTo(path: string, token: string): Talk {
  const shake = async () => {
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write(`BOTTLE/1 ${token}\n`);
    return socket;
  };
  return {
    connect: shake,
    async request(raw) {
      const socket = await shake();
      socket.write(raw);
      return readUntil(socket, () => false);
    },
    async tunnel(authority) {
      const socket = await shake();
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      const head = await readUntil(socket, (text) => text.includes('\r\n\r\n'));
      return { head, socket };
    },
    relay: () => startRelay(shake),
  };
}

/** All until `done` says so, or until the other side closes; leaves the connection paused. */
export function readUntil(socket: Socket, done: (text: string) => boolean): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', read).off('end', closed).off('close', closed);
      resolve(text);
    };
    const closed = () => {
      socket.destroy();
      finish();
    };
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (done(text)) finish();
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end within 10 s of ${JSON.stringify(text.slice(-2000))}`));
    }, PATIENCE_MS);
    socket.on('data', read).on('end', closed).on('close', closed);
  });
}

async function startRelay(shake: () => Promise<Socket>) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, async (client) => {
    sockets.add(client);
    client.on('error', () => {});
    const gateway = await shake().catch(() => undefined);
    if (gateway === undefined) return client.destroy();
    for (const [from, to] of [[client, gateway] as const, [gateway, client] as const]) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
      from.pipe(to);
    }
  });
  const port = await listen(server);
  return {
    port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
