/** Connections to upstreams, kept for the next request: HTTP/2 where it is offered, else HTTP/1.1. */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Target } from './name.ts';
import type { Origin } from './origin.ts';
import { makeSessions } from './session.ts';
import {
  type Sent,
  type SentUpgrade,
  sendHttp1,
  sendHttp2,
  sendUpgrade,
  type UpstreamRequest,
} from './upstream-request.ts';

/**
 * A connection to an upstream. `protocols`: offered by ALPN; none: plain HTTP.
 * @throws {Denied} `private-address` and `upstream-…`; when `signal` aborts, anything.
 */
export type Connect = (
  target: Target,
  protocols: readonly string[],
  signal: AbortSignal,
) => Promise<Socket>;

export type Pool = {
  /** `onGone` is given what ends the wait for a connection. */
  send(origin: Origin, request: UpstreamRequest, onGone: OnGone): Promise<Sent>;
  /** Over HTTP/1.1: HTTP/2 has no `Upgrade`. */
  sendUpgrade(origin: Origin, request: UpstreamRequest): SentUpgrade;
};

const MAX_SOCKETS = { ofOrigin: 1024, total: 2048, freeOfOrigin: 1024 };
const FREE_SOCKET_MS = 30_000;
const MAX_KNOWN = 1_000;

type Protocol = 'h2' | 'http/1.1';

type OnGone = (callback: () => void) => void;

/** The first connection to an origin, which all requests to it wait for. */
type Asking = { readonly protocol: Promise<Protocol>; waiting: number; cancel(): void };

const GONE = new Error('nobody waits for this connection any more');
const FOREVER = new AbortController().signal;

export function makePool(connect: Connect): Pool {
  const sessions = makeSessions();
  /** What each origin spoke when it was asked last. */
  const known = new Map<string, Protocol | Asking>();
  /** The connections by which that was found, until their first request. */
  const fresh = new Map<string, Socket>();

  const ask = async (origin: Origin, signal: AbortSignal): Promise<Protocol> => {
    const key = keyOf(origin);
    const socket = await connect(origin, ['h2', 'http/1.1'], signal);
    if (socket instanceof TLSSocket && socket.alpnProtocol === 'h2') {
      sessions.add(key, socket);
      return 'h2';
    }
    fresh.get(key)?.destroy();
    fresh.set(key, socket);
    return 'http/1.1';
  };
  const protocolOf = (origin: Origin): Protocol | Asking => {
    const key = keyOf(origin);
    const found = known.get(key);
    if (found !== undefined) return found;
    const controller = new AbortController();
    const protocol = ask(origin, controller.signal);
    const forget = () => {
      if (known.get(key) === asking) known.delete(key);
    };
    const cancel = () => {
      forget();
      controller.abort(GONE);
    };
    const asking: Asking = { protocol, waiting: 0, cancel };
    known.set(key, asking);
    protocol.then((spoken) => {
      if (known.get(key) === asking) known.set(key, spoken);
    }, forget);
    const [oldest] = known.keys();
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    return asking;
  };
  const agents = {
    http: makeAgent((target) => connect(target, [], FOREVER)),
    https: makeAgent(async (target) => {
      const first = fresh.get(keyOf(target));
      fresh.delete(keyOf(target));
      return first?.destroyed === false ? first : connect(target, ['http/1.1'], FOREVER);
    }),
  };
  const sendOnce: Pool['send'] = async (origin, request, onGone) => {
    const asked = origin.scheme === 'http' ? 'http/1.1' : protocolOf(origin);
    const protocol = typeof asked === 'string' ? asked : await waitFor(asked, onGone);
    if (protocol === 'http/1.1') return sendHttp1(agents[origin.scheme], origin, request);
    const session = sessions.take(keyOf(origin));
    if (session !== undefined) return sendHttp2(session, origin, request);
    known.delete(keyOf(origin));
    return sendOnce(origin, request, onGone);
  };

  return {
    send: async (origin, request, onGone) => {
      const sendAgain = () => sendOnce(origin, request, onGone);
      const sent = await sendAgain();
      return isRepeatable(request) ? repeating(sent, sendAgain) : sent;
    },
    sendUpgrade: (origin, request) => sendUpgrade(agents[origin.scheme], origin, request),
  };
}

const keyOf = ({ host, port }: Target) => `${host}:${port}`;

/** The last to leave ends it. */
function waitFor(asking: Asking, onGone: OnGone): Promise<Protocol> {
  const { promise, resolve, reject } = Promise.withResolvers<Protocol>();
  asking.waiting += 1;
  asking.protocol.then(resolve, reject);
  onGone(() => {
    reject(GONE);
    asking.waiting -= 1;
    if (asking.waiting === 0) asking.cancel();
  });
  return promise;
}

function makeAgent(connect: (target: Target) => Promise<Socket>): Agent {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS.ofOrigin,
    maxTotalSockets: MAX_SOCKETS.total,
    maxFreeSockets: MAX_SOCKETS.freeOfOrigin,
    timeout: FREE_SOCKET_MS,
  });
  agent.createConnection = (options, callback) => {
    connect({ host: String(options.host), port: Number(options.port) }).then(
      (socket) => callback?.(null, socket),
      // Node's types want a connection beside the error; there is none.
      (error: Error) => callback?.(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}

function isRepeatable({ method, hasBody }: UpstreamRequest): boolean {
  return !hasBody && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
}

/** An upstream may close an idle connection at the moment in which a request is put on it. */
function repeating(first: Sent, again: () => Promise<Sent>): Sent {
  let current = first;
  let aborted = false;
  const answer = first.answer.catch(async (error) => {
    if (aborted || !first.reused()) throw error;
    current = await again();
    current.body.end();
    return current.answer;
  });
  return {
    ...first,
    answer,
    abort: () => {
      aborted = true;
      current.abort();
    },
  };
}
