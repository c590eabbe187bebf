/** A CONNECT of the guest: a name that may be reached, TLS that says the same name, and then bytes. */
import type { Socket } from 'node:net';
import { deniedBy, refusalBytes, refusalOf } from './answer.ts';
import { type Entry, openEntry } from './audit.ts';
import { readBeginning } from './beginning.ts';
import { makeBulk } from './bulk.ts';
import { readClientHello } from './client-hello.ts';
import { Denied } from './denied.ts';
import { DlpDenied } from './dlp/scan.ts';
import { sayFarewell } from './farewell.ts';
import { parseAuthority } from './name.ts';
import { type Origin, originOf } from './origin.ts';
import type { Services } from './services.ts';
import { splice } from './splice.ts';

const HELLO_TIMEOUT_MS = 10_000;
/** RFC 8446, 6: a fatal `access_denied`, so that the guest's TLS does not wait for more. */
const ACCESS_DENIED = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);

/** Takes over a connection that begins with a ClientHello for that origin, and its line. */
export type OpenTls = (socket: Socket, origin: Origin, entry: Entry) => void;

/** `authority`: what the CONNECT names. Never throws. */
export async function tunnel(
  services: Services,
  socket: Socket,
  authority: string,
  openTls: OpenTls,
): Promise<void> {
  const entry = openEntry(services.recorder);
  entry.method = 'CONNECT';
  let accepted = false;
  try {
    await services.ready();
    const origin = judge(services, authority, entry);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    accepted = true;
    await checkHello(socket, origin);
    if (origin.route.tls === 'open') return openTls(socket, origin, entry);
    await carry(services, socket, origin, entry);
    entry.close();
  } catch (error) {
    if (error instanceof DlpDenied) entry.findings = error.findings;
    const denied = deniedBy(error);
    if (!accepted) entry.status = refusalOf(denied).status;
    sayFarewell(socket, accepted ? refusalInside(denied) : refusalBytes(denied));
    entry.close(denied);
  }
}

function judge(services: Services, authority: string, entry: Entry): Origin {
  const target = parseAuthority(authority, undefined);
  Object.assign(entry, target);
  const route = services.routes.find(target);
  entry.route = route.host;
  services.inspector.name(route, target.host);
  // In an opened connection each request is judged.
  if (route.tls === 'tunnel') services.meter.admit(route);
  return originOf('https', target, route);
}

/** @throws {Denied} `not-tls`, `no-sni`, `encrypted-hello`, `name-mismatch` or `timeout` */
async function checkHello(socket: Socket, { host, route }: Origin): Promise<void> {
  const hello = await readBeginning(socket, {
    timeoutMs: HELLO_TIMEOUT_MS,
    parse: (bytes) => {
      const reading = readClientHello(bytes);
      return reading.kind === 'more' ? undefined : { value: reading, used: 0 };
    },
    refusal: (why) => new Denied('timeout', `no TLS began after CONNECT: ${why}`),
  });
  if (hello.kind !== 'hello') {
    throw new Denied('not-tls', `only TLS may go through CONNECT to ${host}`);
  }
  // Who opens TLS knows the name in any case, and browsers send a hello that only looks encrypted.
  if (hello.encryptedHello && route.tls === 'tunnel') {
    throw new Denied('encrypted-hello', `TLS to ${host} hides the name that it asks for`);
  }
  if (hello.serverName === undefined) {
    throw new Denied('no-sni', `TLS to ${host} does not say the name that it asks for`);
  }
  if (parseAuthority(hello.serverName, 0).host !== host) {
    throw new Denied('name-mismatch', `TLS in the tunnel to ${host} asks for another name`);
  }
}

async function carry(
  { dial, meter }: Services,
  guest: Socket,
  origin: Origin,
  entry: Entry,
): Promise<void> {
  const hungUp = new AbortController();
  guest.once('close', () => hungUp.abort());
  const bulk = makeBulk();
  const upstream = await dial(origin, hungUp.signal, bulk.onread);
  await splice({
    guest,
    upstream,
    bulk,
    count: (up, down) => {
      entry.bytesUp += up;
      entry.bytesDown += down;
      meter.count(origin.route, up, down);
    },
  });
}

/** Who spoke no TLS understands plain HTTP, at best. */
function refusalInside(denied: Denied): string | Buffer {
  return denied.rule === 'not-tls' ? refusalBytes(denied) : ACCESS_DENIED;
}
