/** Connects to the upstream behind a name: resolves it, checks the addresses, dials one of them. */
import { promises as dns } from 'node:dns';
import { connect as connectSocket, type Socket } from 'node:net';
import { classifyAddress } from './address.ts';
import { Denied } from './denied.ts';
import type { Target } from './name.ts';
import type { ConnectTo } from './protocol.ts';

export type Dialer = {
  /**
   * A connected socket without Nagle's delay, which stays writable after the upstream's end.
   *
   * @throws {Denied} `private-address`, `upstream-dns`, `upstream-connect` or `upstream-timeout`;
   * when `signal` aborts, its reason.
   */
  dial(target: Target, signal: AbortSignal): Promise<Socket>;
};

export type Endpoint = { readonly address: string; readonly port: number };

export type DialerParts = {
  readonly connectTo: readonly ConnectTo[];
  /** All addresses of a name, in the order to try them. */
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string }[]>;
  /** Begins to connect. */
  readonly connect?: (endpoint: Endpoint) => Socket;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 10_000;
/** As RFC 8305 has it: while a server is slow over one address, the next is tried too. */
const STAGGER_MS = 250;
/** A name may have any number of addresses, and each attempt costs a socket. */
const MAX_ATTEMPTS = 8;

export function makeDialer(parts: DialerParts): Dialer {
  const { lookup = lookupAll, connect = connectTcp, timeoutMs = TIMEOUT_MS } = parts;
  const sentElsewhere = new Map(parts.connectTo.map((entry) => [keyOf(entry), entry]));
  return {
    async dial(target, signal) {
      const time = AbortSignal.timeout(timeoutMs);
      const limit = AbortSignal.any([signal, time]);
      try {
        const elsewhere = sentElsewhere.get(keyOf(target));
        if (elsewhere) {
          const endpoint = { address: elsewhere.address, port: elsewhere.toPort };
          return await race([endpoint], connect, limit);
        }
        const endpoints = await resolve(target, lookup, limit);
        return checkPeer(await race(endpoints, connect, limit), target);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Denied) throw error;
        const where = `${target.host}:${target.port}`;
        throw time.aborted
          ? new Denied('upstream-timeout', `${where} did not take the connection in time`)
          : new Denied('upstream-connect', `${where} could not be reached (${codeOf(error)})`);
      }
    },
  };
}

function keyOf({ host, port }: Target): string {
  return `${host}:${port}`;
}

function lookupAll(host: string): Promise<{ address: string }[]> {
  return dns.lookup(host, { all: true, order: 'verbatim' });
}

function connectTcp({ address, port }: Endpoint): Socket {
  return connectSocket({ host: address, port, allowHalfOpen: true, noDelay: true });
}

/** Those of its addresses that are public. */
async function resolve(
  { host, port }: Target,
  lookup: NonNullable<DialerParts['lookup']>,
  limit: AbortSignal,
): Promise<Endpoint[]> {
  const found = await untilAborted(lookup(host), limit).catch((error) => {
    const why = limit.aborted ? 'no answer in time' : codeOf(error);
    throw new Denied('upstream-dns', `the name ${host} could not be resolved (${why})`);
  });
  const kinds = found.map(({ address }) => ({ address, kind: classifyAddress(address) }));
  const endpoints = kinds.filter(({ kind }) => kind === 'public');
  const [first] = kinds;
  if (!first) throw new Denied('upstream-dns', `the name ${host} has no address`);
  if (endpoints.length === 0) {
    throw new Denied('private-address', `the name ${host} leads to an address ${first.kind}`);
  }
  return endpoints.slice(0, MAX_ATTEMPTS).map(({ address }) => ({ address, port }));
}

async function untilAborted<T>(work: Promise<T>, limit: AbortSignal): Promise<T> {
  limit.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(limit.reason);
  limit.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    limit.removeEventListener('abort', onAbort);
  }
}

/** The first to connect; each is begun when the one before fails or has had its time. */
function race(
  endpoints: readonly Endpoint[],
  connect: NonNullable<DialerParts['connect']>,
  limit: AbortSignal,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const trying = new Set<Socket>();
  const waiting = [...endpoints];
  let stagger: NodeJS.Timeout | undefined;

  function tryNext(): void {
    clearTimeout(stagger);
    const endpoint = waiting.shift();
    if (!endpoint) return;
    const socket = connect(endpoint);
    trying.add(socket);
    stagger = setTimeout(tryNext, STAGGER_MS);
    socket.once('connect', () => {
      trying.delete(socket);
      finish();
      resolve(socket);
    });
    // Stays for good: a socket that lost may still fail.
    socket.on('error', (error) => {
      if (!trying.delete(socket)) return;
      if (waiting.length > 0) return tryNext();
      if (trying.size > 0) return;
      finish();
      reject(error);
    });
  }

  function onAbort(): void {
    finish();
    reject(limit.reason);
  }

  function finish(): void {
    clearTimeout(stagger);
    waiting.length = 0;
    limit.removeEventListener('abort', onAbort);
    for (const socket of trying) socket.destroy();
    trying.clear();
  }

  limit.addEventListener('abort', onAbort);
  if (limit.aborted) onAbort();
  else tryNext();
  return promise;
}

/** What was dialled was checked; this is for whatever stands between, as a proxy of the system. */
function checkPeer(socket: Socket, { host }: Target): Socket {
  const kind = classifyAddress(socket.remoteAddress ?? '');
  if (kind === 'public') return socket;
  socket.destroy();
  throw new Denied('private-address', `the connection to ${host} went to an address ${kind}`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
