/** Starts the gateway process, shakes hands with it, and stops it. */
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath, ProcessExit } from '../host/host.ts';
import type { GatewayDecision, GatewayMessage } from './protocol.ts';

const READY_TIMEOUT_MS = 10_000;
/** `sockaddr_un.sun_path` is 104 bytes on macOS and 108 on Linux, with its closing NUL. */
const MAX_SOCKET_PATH = 103;
const MAX_DECISIONS = 10_000;
const MAX_LINE = 64 * 1024;

export type Gateway = {
  readonly socket: HostPath;
  /** What was decided so far, oldest first; at most 10,000. */
  readonly decisions: readonly GatewayDecision[];
  /** Ends it and waits until it is gone. Safe to call again. */
  stop(): Promise<void>;
};

/**
 * `onDeath` is told when the gateway, once up, ends without having been stopped.
 * @throws {BottleError} `gateway-failed` when it does not come up within 10 s.
 */
export async function startGateway(
  host: Host,
  socket: HostPath,
  onDeath: (error: BottleError) => void,
): Promise<Gateway> {
  if (Buffer.byteLength(socket) > MAX_SOCKET_PATH) throw socketPathTooLong(socket);
  const decisions: GatewayDecision[] = [];
  const closing = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  let up = false;
  let stopped = false;
  let diagnostics = '';

  const onMessage = (message: GatewayMessage) => {
    if (message.type === 'ready') ready.resolve();
    else if (message.type === 'failed') ready.reject(gatewayFailed(message.message));
    else if (decisions.length < MAX_DECISIONS) decisions.push(message);
  };
  const child = await host.spawn([host.nodePath, host.gatewayEntry], {
    env: {},
    stdin: configThenSilence({ version: 1, socket }, closing.promise),
    onStdout: messageLines(onMessage),
    onStderr: (chunk) => {
      diagnostics = (diagnostics + Buffer.from(chunk).toString()).slice(-2000);
    },
  });
  const ended = child.exit.then(describe, messageOf).then((how) => {
    if (stopped) return;
    const error = gatewayFailed(`it ended with ${how} ${diagnostics}`.trim());
    ready.reject(error);
    if (up) onDeath(error);
  });
  const stop = async () => {
    stopped = true;
    closing.resolve();
    child.kill();
    await ended;
  };

  const timer = setTimeout(
    () => ready.reject(gatewayFailed(`no handshake within ${READY_TIMEOUT_MS / 1000} s`)),
    READY_TIMEOUT_MS,
  );
  try {
    await ready.promise;
    up = true;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { socket, decisions, stop };
}

/** The configuration, then an open stdin: its end is what tells the gateway that we are gone. */
async function* configThenSilence(config: object, closing: Promise<void>) {
  yield Buffer.from(`${JSON.stringify(config)}\n`);
  await closing;
}

/** What is no message, or is too long for one, ends the child: its handler's error is its exit's. */
function messageLines(onMessage: (message: GatewayMessage) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new Error(`a message of more than ${MAX_LINE} characters`);
    for (const line of lines) onMessage(JSON.parse(line) as GatewayMessage);
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
