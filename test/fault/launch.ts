/** The gateway process with its streams in the test's hand, and with another program around it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { GatewayConfig, GatewayMessage } from '../../src/gateway/protocol.ts';

export const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
export const ENTRY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));

export type Launched = {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly config: GatewayConfig;
  /** Its exit code; null: a signal ended it. */
  readonly exit: Promise<number | null>;
  /** What it wrote to stdout, once `listenTo` was called. */
  messages(): GatewayMessage[];
  stderr(): string;
  /** Begins to read what it says; settles with its first word. */
  listenTo(): Promise<GatewayMessage>;
  /** A connection on which the handshake was said. */
  connect(): Promise<Socket>;
};

/** Ended when the test is. `input`: what it gets on stdin; absent: its configuration. */
export function launchGateway({
  config = {},
  wrapper = [],
  input,
}: {
  readonly config?: Partial<GatewayConfig>;
  /** A command line that runs the one that is put behind it. */
  readonly wrapper?: readonly string[];
  readonly input?: string | Uint8Array;
} = {}): Launched {
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
  const [program = NODE, ...rest] = [...wrapper, NODE, ENTRY];
  const child = spawn(program, rest, { env: {}, stdio: ['pipe', 'pipe', 'pipe'] });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  child.stdin.on('error', () => {});
  child.stdin.write(input ?? `${JSON.stringify(full)}\n`);
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
    rmSync(directory, { recursive: true, force: true });
  });
  const messages = (): GatewayMessage[] =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    child,
    config: full,
    exit,
    messages,
    stderr: () => stderr,
    listenTo: () =>
      new Promise((resolve, reject) => {
        child.once('close', () => reject(new Error(`it ended without a word: ${stderr}`)));
        child.stdout.setEncoding('utf8').on('data', (text) => {
          stdout += text;
          const [first] = messages();
          if (first) resolve(first);
        });
      }),
    async connect() {
      const socket = connect({ path: full.socket, allowHalfOpen: true });
      socket.on('error', () => {});
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      socket.write(`BOTTLE/1 ${full.token}\n`);
      return socket;
    },
  };
}
