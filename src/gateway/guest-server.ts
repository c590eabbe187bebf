/** Reads what the guest sends as HTTP: strictly, bounded in size and time, in both versions. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { deniedBy } from './answer.ts';
import { Denied } from './denied.ts';
import { type Guest, guestOfHttp1, guestOfHttp2 } from './guest.ts';
import type { Raw } from './local.ts';

export type GuestHandlers = {
  /** `raw`: as Node has them; HTTP/1.1 only. */
  request(guest: Guest, socket: Socket, raw?: Raw): void;
  connect(request: IncomingMessage, socket: Socket, head: Buffer): void;
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** What came was no HTTP that we take. */
  refused(socket: Socket, denied: Denied): void;
};

const MAX_HEADER_BYTES = 32 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_MS = 1_000;
/** A connection without a request. */
const KEEP_ALIVE_MS = 2 * 60_000;
/** A model may think for a quarter of an hour before its next byte. */
const SILENCE_MS = 16 * 60_000;
const MAX_STREAMS = 100;
/** In a head that is no HTTP; in a body, the guest cancels its upload. */
const HUNG_UP = 'HPE_INVALID_EOF_STATE';
const WINDOW = 1024 * 1024;

/** Takes connections that something else accepted: hand them over with `emit('connection')`. */
export function makeHttp1Server(handlers: GuestHandlers): Server {
  const refused = new WeakSet<Duplex>();
  const reading = new WeakMap<Duplex, { request: IncomingMessage; fault: Fault }>();
  /** What goes wrong in here ends the connection that it goes wrong for, and no other. */
  const guarded = (socket: Duplex, act: () => void) => {
    try {
      act();
    } catch (error) {
      refused.add(socket);
      handlers.refused(socket as Socket, deniedBy(error));
    }
  };
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    guarded(request.socket, () => {
      // Node reads 0.9 and 2.0 here as if they were 1.1.
      if (request.httpVersionMajor !== 1) {
        throw new Denied('malformed', 'this version of HTTP is not spoken here');
      }
      const fault = makeFault();
      reading.set(request.socket, { request, fault });
      const guest = guestOfHttp1(request, response, fault.on);
      handlers.request(guest, request.socket, { request, response });
    });
  const server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node answers by itself where `Host` is missing; ours is an answer with a name.
    requireHostHeader: false,
  });
  // All of them count: Node drops what is over the limit without a word.
  server.maxHeadersCount = 0;
  server.timeout = SILENCE_MS;
  server.on('request', handle).on('checkContinue', handle).on('checkExpectation', handle);
  server.on('connect', (request, socket, head) =>
    guarded(socket, () => handlers.connect(request, socket as Socket, head)),
  );
  server.on('upgrade', (request, socket, head) =>
    guarded(socket, () => handlers.upgrade(request, socket as Socket, head)),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // What is refused once may break further rules while it ends, and still hears the first refusal.
    if (refused.has(socket)) return;
    refused.add(socket);
    const denied = deniedByParser(error);
    const current = reading.get(socket);
    const isInBody = current?.request.complete === false;
    if (denied === undefined || (isInBody && error.code === HUNG_UP)) socket.destroy();
    else if (isInBody) current.fault.raise(denied);
    else handlers.refused(socket as Socket, denied);
  });
  // It never listens itself, and this is what starts its check of slow heads.
  server.emit('listening');
  return server;
}

export function makeHttp2Server(handlers: GuestHandlers): Http2Server {
  const server = createHttp2Server({
    maxHeaderListPairs: 1_000,
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      initialWindowSize: WINDOW,
      maxHeaderListSize: MAX_HEADER_BYTES,
    },
  });
  server.setTimeout(SILENCE_MS);
  server.on('stream', (stream, headers, _flags, raw: string[]) => {
    const socket = stream.session?.socket as Socket;
    handlers.request(guestOfHttp2(stream, headers, raw), socket);
  });
  server.on('sessionError', () => {});
  server.on('session', (session) => session.on('error', () => {}));
  return server;
}

type Fault = { raise(denied: Denied): void; readonly on: Guest['onBroken'] };

/** Whoever listens last hears of it, also of what was raised before. */
function makeFault(): Fault {
  let raised: Denied | undefined;
  let tell: (denied: Denied) => void = () => {};
  return {
    raise: (denied) => {
      raised = denied;
      tell(denied);
    },
    on: (callback) => {
      tell = callback;
      if (raised !== undefined) callback(raised);
    },
  };
}

/** Undefined: the connection broke, which is no request. */
function deniedByParser({ code = '' }: NodeJS.ErrnoException): Denied | undefined {
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return new Denied(
      'oversize',
      `the head of the request is larger than ${MAX_HEADER_BYTES} bytes`,
    );
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const seconds = HEADERS_TIMEOUT_MS / 1000;
    return new Denied('timeout', `the head of the request was not there within ${seconds} s`);
  }
  if (!code.startsWith('HPE_')) return undefined;
  return new Denied('malformed', `this is not HTTP as it is specified (${code})`);
}
