/** Connects to the upstream behind a name: resolves it, checks the addresses, dials one of them. */
import { promises as dns } from 'node:dns';
import { connect as connectSocket, isIP, type OnReadOpts, type Socket } from 'node:net';
import { classifyAddress } from './address.ts';
import { Denied } from './denied.ts';
import type { Target } from './name.ts';
import type { ConnectTo, ProxyServer, UpstreamProxy } from './protocol.ts';
import { addressesOf, askProxy, checkName, proxyFor, readInto } from './proxy.ts';

export type Dialer = {
  /**
   * A connected socket without Nagle's delay, which stays writable after the upstream's end. With
   * `onread` it is paused.
   *
   * @throws {Denied} `private-address`, `upstream-dns`, `upstream-connect` or `upstream-timeout`;
   * when `signal` aborts, its reason.
   */
  dial(target: Target, signal: AbortSignal, onread?: OnReadOpts): Promise<Socket>;
  /** The runner's own proxy, where that target is behind it. */
  proxyFor(target: Target): ProxyServer | undefined;
};

export type Endpoint = { readonly address: string; readonly port: number };

export type DialerParts = {
  readonly connectTo: readonly ConnectTo[];
  readonly proxy?: UpstreamProxy | undefined;
  /** All addresses of a name, in the order to try them. */
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string }[]>;
  /** Begins to connect. */
  readonly connect?: (endpoint: Endpoint, onread?: OnReadOpts) => Socket;
  readonly timeoutMs?: number;
};

const TIMEOUT_MS = 10_000;
/** As RFC 8305 has it: while a server is slow over one address, the next is tried too. */
const STAGGER_MS = 250;
/** A name may have any number of addresses, and each attempt costs a socket. */
const MAX_ATTEMPTS = 8;
const TIMED_OUT = new Error('timed out');

export function makeDialer(parts: DialerParts): Dialer {
  const { lookup = lookupAll, connect = connectTcp, timeoutMs = TIMEOUT_MS } = parts;
  const sentElsewhere = new Map(parts.connectTo.map((entry) => [keyOf(entry), entry]));
  const behind = (target: Target) =>
    sentElsewhere.has(keyOf(target)) ? undefined : proxyFor(parts.proxy, target);
  return {
    proxyFor: behind,
    async dial(target, signal, onread) {
      const begin = (endpoint: Endpoint) => connect(endpoint, onread);
      const limit = limited(signal, timeoutMs);
      try {
        const elsewhere = sentElsewhere.get(keyOf(target));
        if (elsewhere) {
          const endpoint = { address: elsewhere.address, port: elsewhere.toPort };
          return await race([endpoint], begin, limit.signal);
        }
        const proxy = behind(target);
        if (proxy) {
          const socket = await dialProxy(proxy, target, { lookup, connect, limit: limit.signal });
          if (onread) readInto(socket, onread);
          return socket;
        }
        const endpoints = await resolve(target, lookup, limit.signal);
        return checkPeer(await race(endpoints, begin, limit.signal), target);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Denied) throw error;
        const where = keyOf(target);
        throw error === TIMED_OUT
          ? new Denied('upstream-timeout', `${where} did not take the connection in time`)
          : new Denied('upstream-connect', `${where} could not be reached (${codeOf(error)})`);
      } finally {
        limit.release();
      }
    },
  };
}

/**
 * Aborts with `signal`, or with `TIMED_OUT`. `AbortSignal.any` would leave something behind at a
 * signal that outlives it, with each connection.
 */
function limited(
  signal: AbortSignal,
  timeoutMs: number,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const timer = setTimeout(() => controller.abort(TIMED_OUT), timeoutMs);
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}

function keyOf({ host, port }: Target): string {
  return `${host}:${port}`;
}

function lookupAll(host: string): Promise<{ address: string }[]> {
  return dns.lookup(host, { all: true, order: 'verbatim' });
}

function connectTcp({ address, port }: Endpoint, onread?: OnReadOpts): Socket {
  const options = { host: address, port, allowHalfOpen: true, noDelay: true };
  return onread === undefined
    ? connectSocket(options)
    : connectSocket({ ...options, onread }).pause();
}

type ProxyParts = Required<Pick<DialerParts, 'lookup' | 'connect'>> & {
  readonly limit: AbortSignal;
};

async function dialProxy(
  proxy: ProxyServer,
  target: Target,
  { lookup, connect, limit }: ProxyParts,
): Promise<Socket> {
  checkName(target);
  const endpoints = await untilAborted(addressesOf(proxy, lookup), limit).catch((error) => {
    if (error === TIMED_OUT) throw error;
    throw new Denied('upstream-dns', `the runner's proxy could not be resolved (${codeOf(error)})`);
  });
  const socket = await race(endpoints.slice(0, MAX_ATTEMPTS), connect, limit);
  try {
    await untilAborted(askProxy(socket, proxy, target), limit);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Those of its addresses that are public. */
async function resolve(
  { host, port }: Target,
  lookup: NonNullable<DialerParts['lookup']>,
  limit: AbortSignal,
): Promise<Endpoint[]> {
  const found = await untilAborted(lookup(host), limit).catch((error) => {
    const why = error === TIMED_OUT ? 'no answer in time' : codeOf(error);
    throw new Denied('upstream-dns', `the name ${host} could not be resolved (${why})`);
  });
  const [first] = found;
  if (!first) throw new Denied('upstream-dns', `the name ${host} has no address`);
  const addresses = found.map(({ address }) => address);
  const reachable = addresses.filter((address) => classifyAddress(address) === 'public');
  if (reachable.length === 0) {
    const kind = classifyAddress(first.address);
    throw new Denied('private-address', `the name ${host} leads to an address ${kind}`);
  }
  return takeTurns(reachable)
    .slice(0, MAX_ATTEMPTS)
    .map((address) => ({ address, port }));
}

/** The families one after the other, so that one of them being down costs one attempt. */
function takeTurns(addresses: readonly string[]): string[] {
  const [first = ''] = addresses;
  const sameFamily = addresses.filter((address) => isIP(address) === isIP(first));
  const others = addresses.filter((address) => isIP(address) !== isIP(first));
  return addresses.flatMap((_, at) => [
    ...sameFamily.slice(at, at + 1),
    ...others.slice(at, at + 1),
  ]);
}

async function untilAborted<T>(work: Promise<T>, limit: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(limit.reason);
  limit.addEventListener('abort', onAbort);
  if (limit.aborted) onAbort();
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

/** The address was checked before it was dialled; where the socket went has the last word. */
function checkPeer(socket: Socket, { host }: Target): Socket {
  const kind = classifyAddress(socket.remoteAddress ?? '');
  if (kind === 'public') return socket;
  socket.destroy();
  throw new Denied('private-address', `the connection to ${host} went to an address ${kind}`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
