/** The bottle's way out: in the guest, connections to a port of 127.0.0.1 go on to the gateway. */
import { BottleError } from '../errors.ts';
import type { ExecOptions, ExecResult, GuestPath, Machine } from '../machine/machine.ts';
import { printableEnd } from '../printable.ts';
import { LISTENING, NO_PROGRAM, startArgv, TOKEN_VARIABLE } from './start.ts';

/** Where the relay listens in the guest. */
export const RELAY_PORT = 7711;
/** Where the gateway's socket is in the guest. */
export const GATEWAY_SOCKET: GuestPath = '/run/bottle/gateway.sock';

/** For a relay to listen: an interpreter's start, on a machine that is busy with others. */
const START_MS = 20_000;
/** More than this before the relay listens is none of its own words. */
const LONGEST_START_BYTES = 64 * 1024;

export type RelayOptions = ExecOptions & {
  /** What the gateway wants to hear first on each connection; 64 hexadecimal digits. */
  readonly token: string;
  readonly startMs?: number;
};

/** The variables by which programs find the relay. Java's are made where its certificates are. */
export function proxyEnvironment(): Readonly<Record<string, string>> {
  const proxy = `http://127.0.0.1:${RELAY_PORT}`;
  const direct = 'localhost,127.0.0.1,::1';
  return {
    ...{ http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: direct },
    ...{ HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: direct },
    // For the `fetch` and the `https` of Node 24 and later.
    NODE_USE_ENV_PROXY: '1',
  };
}

/**
 * Runs `argv` in the guest with a relay beside it, which the end of the command ends. The command
 * finds `BOTTLE_RELAY` in its environment: the program that relays (`python3`, `perl`, `node`,
 * `socat`). The token is in no argv, and in no environment that the command can read.
 *
 * @throws {BottleError} `provision-failed` when no relay came to listen; the command did not run
 */
export async function execBehindRelay(
  machine: Machine,
  argv: readonly string[],
  options: RelayOptions,
): Promise<ExecResult> {
  const { token, startMs = START_MS, ...own } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), startMs);
  const start = watchStart(() => clearTimeout(timer));
  try {
    const result = await machine.exec(startArgv(RELAY_PORT, GATEWAY_SOCKET, argv), {
      ...own,
      secretEnv: { ...own.secretEnv, [TOKEN_VARIABLE]: token },
      signal: own.signal ? AbortSignal.any([own.signal, late.signal]) : late.signal,
      onStderr: (chunk) => {
        const rest = start.push(chunk);
        if (start.overflowed()) late.abort();
        if (rest.length > 0) return own.onStderr?.(rest);
      },
    });
    if (start.listening()) return result;
    if (late.signal.aborted) throw notListening(`nothing after ${startMs} ms`, start.text());
    if (result.aborted || result.timedOut) return result;
    throw result.exitCode === NO_PROGRAM
      ? noProgram()
      : notListening(`exit code ${result.exitCode}`, start.text());
  } finally {
    clearTimeout(timer);
  }
}

/** Keeps back what stderr has before the relay listens: the agent has not written any of it. */
function watchStart(onListening: () => void) {
  let held = Buffer.alloc(0);
  let listening = false;
  return {
    push(chunk: Uint8Array): Uint8Array {
      if (listening) return chunk;
      held = Buffer.concat([held, chunk]);
      const at = held.indexOf(LISTENING);
      if (at === -1) return Buffer.alloc(0);
      listening = true;
      onListening();
      return held.subarray(at + LISTENING.length);
    },
    listening: () => listening,
    overflowed: () => !listening && held.length > LONGEST_START_BYTES,
    text: () => printableEnd(held.toString()),
  };
}

function noProgram(): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: 'The image has no program that can carry the traffic of the guest to the gateway',
    where: 'python3, perl, node and socat on the PATH of the guest',
    fix:
      'Add one of them to the image: `apt-get install -y socat` in its Dockerfile, ' +
      '`apk add socat` on Alpine.',
  });
}

function notListening(how: string, said: string): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `No relay to the gateway came to listen in the guest: ${said || 'it gave no reason'}`,
    where: `port ${RELAY_PORT} of 127.0.0.1 in the guest, ${how}`,
    fix:
      'See that nothing else in the image listens there, and that its python3, perl, node or ' +
      'socat runs.',
  });
}
