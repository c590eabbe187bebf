/** Starts the gateway process, shakes hands with it, listens to what it says, and stops it. */
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath, ProcessExit } from '../host/host.ts';
import { type EgressFacts, type EgressLog, type OurRequest, openEgressLog } from './egress-log.ts';
import { parseMessage } from './message.ts';
import type { GatewayConfig, GatewayLimit, GatewayMessage, GatewayUsage } from './protocol.ts';

const READY_TIMEOUT_MS = 10_000;
/** MiB. Young memory would grow to four times that, late and in steps, and make nothing faster. */
export const NODE_OPTIONS = ['--max-semi-space-size=8'];
/** To say what it has not said yet, and go. */
const STOP_TIMEOUT_MS = 2_000;
/** Half of them may look up names at once, each for as long as nobody answers. */
const THREADS = 32;
/** `sockaddr_un.sun_path` is 104 bytes on macOS and 108 on Linux, with its closing NUL. */
const MAX_SOCKET_PATH = 103;
const MAX_LINE = 256 * 1024;

export type GatewayRequest = {
  readonly config: GatewayConfig;
  /** The file that becomes `egress.jsonl`. */
  readonly log: HostPath;
};

export type GatewayEvents = {
  /** The gateway, once up, ended without having been stopped. */
  readonly onDeath: (error: BottleError) => void;
  readonly onLimit: (limit: GatewayLimit) => void;
  readonly onUsage?: (usage: GatewayUsage) => void;
};

export type Gateway = {
  readonly routes: number;
  /** PEM of the authority that signs what it opens; empty when it opens nothing. */
  readonly certificate: string;
  /** What it let through and what not, so far; of `ours`, one each is left out. */
  egress(ours?: readonly OurRequest[]): EgressFacts;
  /** Ends it and waits until it is gone. Safe to call again. */
  stop(): Promise<void>;
};

/** @throws {BottleError} `gateway-failed` when it does not come up within 10 s. */
export async function startGateway(
  host: Host,
  { config, log }: GatewayRequest,
  events: GatewayEvents,
): Promise<Gateway> {
  const { socket } = config;
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) throw socketPathTooLong(socket);
  const egress = await openEgressLog(log);
  const closing = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<string>();
  const said = diagnostics();
  let state: 'starting' | 'up' | 'stopped' = 'starting';

  const child = await host.spawn([host.nodePath, ...NODE_OPTIONS, host.gatewayEntry], {
    env: { UV_THREADPOOL_SIZE: String(THREADS) },
    graceMs: 0,
    stdin: configThenSilence(config, closing.promise),
    onStdout: messageLines((message) => hear(message, { egress, ready, events })),
    onStderr: said.add,
  });
  const ended = child.exit.then(describe, messageOf).then((how) => {
    if (state === 'stopped') return;
    const error = gatewayFailed(`it ended with ${how} ${said.text()}`.trim());
    ready.reject(error);
    if (state === 'up') events.onDeath(error);
  });
  const stop = async () => {
    state = 'stopped';
    closing.resolve();
    const late = setTimeout(child.kill, STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(late);
    await egress.close();
  };
  try {
    const certificate = await inTime(ready.promise);
    state = 'up';
    return { routes: config.routes.length, certificate, egress: egress.facts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Listeners = {
  readonly egress: EgressLog;
  readonly ready: PromiseWithResolvers<string>;
  readonly events: GatewayEvents;
};

/** A promise holds the gateway back while the disk is busy. */
function hear(message: GatewayMessage, { egress, ready, events }: Listeners): void | Promise<void> {
  if (message.type === 'ready') return ready.resolve(message.certificate);
  if (message.type === 'failed') return ready.reject(gatewayFailed(message.message));
  if (message.type === 'limit') events.onLimit(message);
  if (message.type === 'usage') events.onUsage?.(message);
  return egress.add(message);
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = gatewayFailed(`no handshake within ${READY_TIMEOUT_MS / 1000} s`);
  const timer = setTimeout(() => late.reject(error), READY_TIMEOUT_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The configuration, then an open stdin: its end is what tells the gateway that we are gone. */
async function* configThenSilence(config: GatewayConfig, closing: Promise<void>) {
  yield Buffer.from(`${JSON.stringify(config)}\n`);
  await closing;
}

/** What is no message, or is too long for one, ends the child: its handler's error is its exit's. */
function messageLines(onMessage: (message: GatewayMessage) => void | Promise<void>) {
  const decoder = new TextDecoder();
  let rest = '';
  return async (chunk: Uint8Array) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new Error(`a message of more than ${MAX_LINE} characters`);
    for (const line of lines) await onMessage(parseMessage(line));
  };
}

/** The last of what it said on stderr. */
function diagnostics() {
  let text = '';
  return {
    add: (chunk: Uint8Array) => {
      text = (text + Buffer.from(chunk).toString()).slice(-2000);
    },
    text: () => text,
  };
}

function describe(exit: ProcessExit): string {
  return exit.signal === null ? `exit code ${exit.exitCode}` : `signal ${exit.signal}`;
}

function gatewayFailed(detail: string): BottleError {
  return new BottleError({
    outcome: 'gateway-failed',
    what: 'The gateway process did not stay up',
    where: detail,
    fix: 'Without it the bottle has no way out, so the run was ended. Run again; if it repeats, report it with this message.',
  });
}

function socketPathTooLong(socket: HostPath): BottleError {
  return new BottleError({
    outcome: 'gateway-failed',
    what: 'The path of the gateway socket is too long for a unix socket',
    where: `${socket}, ${Buffer.byteLength(socket)} bytes of at most ${MAX_SOCKET_PATH}`,
    fix: 'Move the runner to a shorter directory, so that RUNNER_TEMP is shorter.',
  });
}
