/** A WebSocket of the guest: an upgrade that is judged as a request, then frames both ways. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import { Denied } from './denied.ts';
import type { BodyScan } from './dlp/scan.ts';
import { type Admitted, addFindings, download } from './forward.ts';
import { closeFrame, scanFrames } from './frame.ts';
import { type Guest, guestOfHttp1 } from './guest.ts';
import { endToEnd, type Pairs, without } from './header.ts';
import { splice } from './splice.ts';

const UPGRADE: Pairs = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
];
/** Without an agreement on it, nothing is compressed. */
const EXTENSIONS = new Set(['sec-websocket-extensions']);

export type Upgrading = { readonly guest: Guest; forward(admitted: Admitted): Promise<void> };

/** Node gives an upgrade without a way to answer it; `head`: what came behind it already. */
export function upgradeOf(request: IncomingMessage, socket: Socket, head: Buffer): Upgrading {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  if (head.length > 0) socket.unshift(head);
  const guest = guestOfHttp1(request, response);
  let switched = false;
  return {
    guest: {
      ...guest,
      answered: () => switched || guest.answered(),
      abort: () => socket.destroySoon(),
    },
    forward: (admitted) =>
      forwardUpgrade(admitted, socket, () => {
        switched = true;
        response.detachSocket(socket);
      }),
  };
}

async function forwardUpgrade(
  admitted: Admitted,
  socket: Socket,
  release: () => void,
): Promise<void> {
  const { services, origin, request, guest, entry } = admitted;
  if (request.method !== 'GET' || !asksForWebSocket(guest)) {
    throw new Denied('malformed', 'the only upgrade is that to a WebSocket');
  }
  if (origin.route.meter !== undefined) {
    // Its clients turn to the event stream, the tokens of which can be counted.
    throw new Denied('no-match', 'a route that is metered takes no WebSocket');
  }
  const scans = scansFor(admitted);
  const headers = scans === undefined ? request.headers : without(request.headers, EXTENSIONS);
  const sent = services.pool.sendUpgrade(origin, { ...request, headers: [...headers, ...UPGRADE] });
  socket.once('close', sent.abort);
  const answer = await sent.answer;
  if (!('socket' in answer)) return download(admitted, answer);

  socket.off('close', sent.abort);
  entry.status = 101;
  release();
  const seen = services.inspector.inboundHeaders(origin.route, answer.headers);
  socket.write(switching(seen), 'latin1');
  await splice({
    guest: socket,
    upstream: answer.socket,
    ...scans,
    count: (up, down) => {
      entry.bytesUp += up;
      entry.bytesDown += down;
      services.meter.count(origin.route, up, down);
    },
    farewell: (error) => (error instanceof Denied ? closeFrame(error) : ''),
  });
}

type Scans = { readonly up: Transform; readonly down: Transform };

/** Undefined: nothing on this route looks into frames. */
function scansFor({ services, origin, entry }: Admitted): Scans | undefined {
  const { inspector } = services;
  const looks = (direction: 'outbound' | 'inbound') =>
    inspector.frames(origin.route, direction) !== undefined;
  if (!looks('outbound') && !looks('inbound')) return undefined;
  const found = (scan: BodyScan) => addFindings(entry, scan);
  const scan = (direction: 'outbound' | 'inbound') => () =>
    inspector.frames(origin.route, direction) ?? BLIND;
  return {
    up: scanFrames({ masked: true, scan: scan('outbound'), found }),
    down: scanFrames({ masked: false, scan: scan('inbound'), found }),
  };
}

/** For the direction in which nothing is looked for. */
const BLIND: BodyScan = {
  push: async (chunk) => chunk,
  end: async () => new Uint8Array(),
  findings: () => [],
};

function asksForWebSocket({ headers }: Guest): boolean {
  return headers.some(([name, value]) => {
    return name.toLowerCase() === 'upgrade' && value.toLowerCase() === 'websocket';
  });
}

function switching(headers: Pairs): string {
  const fields = [...endToEnd(headers), ...UPGRADE];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
}
