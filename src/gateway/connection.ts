/** One connection of the relay: its handshake, then whatever HTTP the guest speaks on it. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Asked } from './admit.ts';
import { deniedBy, refusalBytes, refusalOf } from './answer.ts';
import { type Entry, openEntry } from './audit.ts';
import { Denied } from './denied.ts';
import { exchange } from './exchange.ts';
import { sayFarewell } from './farewell.ts';
import type { Guest } from './guest.ts';
import { type GuestHandlers, makeHttp1Server, makeHttp2Server } from './guest-server.ts';
import { takeHandshake } from './handshake.ts';
import { isLocal, serveLocal } from './local.ts';
import { parseAbsolute, parseAuthority, type Target } from './name.ts';
import { makeTlsOpener, originOfOpened } from './opened.ts';
import { originOf } from './origin.ts';
import type { Services } from './services.ts';
import { tunnel } from './tunnel.ts';
import { upgradeOf } from './upgrade.ts';

const MAX_CONNECTIONS = 1024;

/** What takes each connection that comes in at the socket. */
export function makeDoor(services: Services): (socket: Socket) => void {
  const outside = makeHttp1Server(handlersOutside(services));
  let open = 0;
  return (socket) => {
    // The guest may reset at any moment; whoever reads the connection sees that it closed.
    socket.on('error', () => {});
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
    enter(services, socket, open).then(
      () => outside.emit('connection', socket),
      (error) => turnAway(services, socket, deniedBy(error)),
    );
  };
}

async function enter(services: Services, socket: Socket, open: number): Promise<void> {
  if (open > MAX_CONNECTIONS) throw new Denied('busy', `${MAX_CONNECTIONS} connections are open`);
  await takeHandshake(socket, services.token);
}

function turnAway({ recorder }: Services, socket: Socket, denied: Denied): void {
  const entry = openEntry(recorder);
  entry.status = refusalOf(denied).status;
  entry.close(denied);
  sayFarewell(socket, refusalBytes(denied));
}

/** Before any CONNECT: a proxy, and the services of the bottle itself. */
function handlersOutside(services: Services): GuestHandlers {
  const inside = handlersInside(services);
  const [http1, http2] = [makeHttp1Server(inside), makeHttp2Server(inside)];
  const openTls = makeTlsOpener(services, (socket: TLSSocket) => {
    (socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
  });
  return {
    request: (guest, _socket, raw) => {
      if (raw !== undefined && isLocal(guest)) return serveLocal(services, guest, raw);
      exchange(services, guest, askOutside(services));
    },
    connect: (request, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      tunnel(services, socket, request.url ?? '', openTls);
    },
    upgrade: (request, socket, head) => {
      const { guest, forward } = upgradeOf(request, socket, head);
      exchange(services, guest, askOutside(services), forward);
    },
    refused: (socket, denied) => turnAway(services, socket, denied),
  };
}

/** In a connection that was opened, the name of which is known and fixed. */
function handlersInside(services: Services): GuestHandlers {
  const refused = (socket: Socket, denied: Denied) => {
    originOfOpened(socket);
    turnAway(services, socket, denied);
  };
  return {
    request: (guest, socket) => exchange(services, guest, askInside(socket)),
    connect: (_, socket) => {
      refused(socket, new Denied('malformed', 'CONNECT has no place inside CONNECT'));
    },
    upgrade: (request, socket, head) => {
      const { guest, forward } = upgradeOf(request, socket, head);
      exchange(services, guest, askInside(socket), forward);
    },
    refused,
  };
}

function askOutside({ routes, inspector }: Services): (guest: Guest, entry: Entry) => Asked {
  return (guest, entry) => {
    const { scheme, target, pathAndQuery } = parseAbsolute(guest.target);
    Object.assign(entry, target);
    if (scheme === 'https') {
      throw new Denied('malformed', 'https goes through CONNECT, not through an absolute address');
    }
    checkHost(guest, target, 80);
    const route = routes.find(target);
    entry.route = route.host;
    inspector.name(route, target.host);
    return { origin: originOf('http', target, route), pathAndQuery };
  };
}

function askInside(socket: Socket): (guest: Guest, entry: Entry) => Asked {
  const origin = originOfOpened(socket);
  return (guest, entry) => {
    if (origin === undefined) throw new Denied('malformed', 'the connection was not opened');
    Object.assign(entry, { host: origin.host, port: origin.port, route: origin.route.host });
    checkHost(guest, origin, 443);
    return { origin, pathAndQuery: guest.target };
  };
}

/** @throws {Denied} `malformed` or `name-mismatch` */
function checkHost({ authorities }: Guest, { host, port }: Target, defaultPort: number): void {
  const [authority] = authorities;
  if (authorities.length !== 1 || authority === undefined) {
    throw new Denied('malformed', 'a request has one Host field');
  }
  if (authority === host && port === defaultPort) return;
  const named = parseAuthority(authority, defaultPort);
  if (named.host !== host || named.port !== port) {
    throw new Denied('name-mismatch', `the Host field names another server than ${host}:${port}`);
  }
}
