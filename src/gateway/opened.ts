/** Opens the guest's TLS with a certificate of the run's authority. */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { openEntry } from './audit.ts';
import type { Authority } from './authority.ts';
import { Denied } from './denied.ts';
import type { Origin } from './origin.ts';
import type { Services } from './services.ts';
import type { OpenTls } from './tunnel.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Below a `*.suffix` the guest may think of any number of names. */
const MAX_SERVERS = 256;
const ORIGIN = Symbol('origin');

/** `take` gets each connection once it is open; `originOfOpened` says what it was opened for. */
export function makeTlsOpener(
  { authority, recorder }: Services,
  take: (socket: TLSSocket) => void,
): OpenTls {
  const servers = new Map<string, Server>();
  return (socket, origin) => {
    const { host, port } = origin;
    const key = `${host}:${port}`;
    const server = servers.get(key) ?? makeServer(origin, authority, recorder, take);
    servers.delete(key);
    servers.set(key, server);
    const [oldest] = servers.keys();
    if (servers.size > MAX_SERVERS && oldest !== undefined) servers.delete(oldest);
    server.emit('connection', socket);
  };
}

/** Undefined: no connection that was opened. Reads through HTTP/2's stand-in for the socket, too. */
export function originOfOpened(socket: Socket): Origin | undefined {
  return (socket as Socket & { [ORIGIN]?: Origin })[ORIGIN];
}

function makeServer(
  origin: Origin,
  authority: Authority | undefined,
  recorder: Services['recorder'],
  take: (socket: TLSSocket) => void,
): Server {
  const { host, port, route } = origin;
  const server = createServer({
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
    SNICallback: (_, done) => {
      const context = authority?.contextFor(host) ?? Promise.reject(new Error('no authority'));
      context.then((made) => done(null, made), done);
    },
  });
  server.on('secureConnection', (socket) => take(Object.assign(socket, { [ORIGIN]: origin })));
  server.on('tlsClientError', (error: NodeJS.ErrnoException | Denied) => {
    const entry = openEntry(recorder);
    Object.assign(entry, { method: 'CONNECT', host, port, route: route.host });
    entry.close(error instanceof Denied ? error : unfinished(error));
  });
  return server;
}

function unfinished({ code = 'unknown' }: NodeJS.ErrnoException): Denied {
  return new Denied('not-tls', `the guest did not finish opening TLS (${code})`);
}
