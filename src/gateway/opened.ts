/** Opens the guest's TLS with a certificate of the run's authority. */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Entry } from './audit.ts';
import type { Authority } from './authority.ts';
import { Denied } from './denied.ts';
import type { Origin } from './origin.ts';
import type { Services } from './services.ts';
import type { OpenTls } from './tunnel.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Below a `*.suffix` the guest may think of any number of names. */
const MAX_SERVERS = 256;
const OPENED = Symbol('opened');

type Opened = { readonly origin: Origin; readonly entry: Entry };

type Opener = {
  readonly server: Server;
  /** Of the connections that are being opened. They all say the same: which is whose is no matter. */
  readonly entries: Entry[];
};

/** `take` gets each connection once it is open; `originOfOpened` says what it was opened for. */
export function makeTlsOpener({ authority }: Services, take: (socket: TLSSocket) => void): OpenTls {
  const openers = new Map<string, Opener>();
  return (socket, origin, entry) => {
    const { host, port } = origin;
    const key = `${host}:${port}`;
    const opener = openers.get(key) ?? makeOpener(origin, authority, take);
    openers.delete(key);
    openers.set(key, opener);
    const [oldest] = openers.keys();
    if (openers.size > MAX_SERVERS && oldest !== undefined) openers.delete(oldest);
    opener.entries.push(entry);
    // Who hangs up before TLS is open has nothing more to hear.
    socket.allowHalfOpen = false;
    opener.server.emit('connection', socket);
  };
}

/**
 * To be asked for each request, whose lines take the place of the connection's own. Undefined: no
 * connection that was opened. Reads through HTTP/2's stand-in for the socket, too.
 */
export function originOfOpened(socket: Socket): Origin | undefined {
  const opened = (socket as Socket & { [OPENED]?: Opened })[OPENED];
  opened?.entry.drop();
  return opened?.origin;
}

function makeOpener(
  origin: Origin,
  authority: Authority | undefined,
  take: (socket: TLSSocket) => void,
): Opener {
  const { host } = origin;
  const entries: Entry[] = [];
  const server = createServer({
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
    SNICallback: (_, done) => {
      const context = authority?.contextFor(host) ?? Promise.reject(new Error('no authority'));
      context.then((made) => done(null, made), done);
    },
  });
  server.on('secureConnection', (socket) => {
    const entry = entries.shift();
    if (entry === undefined) return socket.destroy();
    socket.allowHalfOpen = true;
    socket.once('close', () => entry.close(unused()));
    take(Object.assign(socket, { [OPENED]: { origin, entry } satisfies Opened }));
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException | Denied) => {
    entries.shift()?.close(error instanceof Denied ? error : unfinished(error));
  });
  return { server, entries };
}

/** Some clients say nothing when they do not believe the certificate. */
function unused(): Denied {
  return new Denied('not-tls', 'the guest opened TLS and left without a request');
}

function unfinished({ code = 'unknown' }: NodeJS.ErrnoException): Denied {
  return new Denied('not-tls', `the guest did not finish opening TLS (${code})`);
}
