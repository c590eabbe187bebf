/** What is tried from inside the bottle, and what must come of it. Pure. */

/** How a guest program is asked; each answers with a line of its own. */
export type Question = {
  readonly transport: 'tcp4' | 'tcp6' | 'udp4' | 'unix';
  readonly address: string;
  readonly port: number;
  /** Bytes to send, as latin1; empty: it is enough to connect. */
  readonly request: string;
};

/** What a guest program found. */
export type Found =
  | { readonly kind: 'closed'; readonly reason: string }
  /** `answer`: the first 1,024 bytes of it, as latin1. */
  | { readonly kind: 'open'; readonly answer: string };

export type Probe = Question & {
  readonly name: string;
  readonly expected: string;
  readonly holds: (found: Found) => boolean;
};

export type ProbePlaces = {
  /** A port of 127.0.0.1 on the runner where somebody listens. */
  readonly runnerPort: number;
  readonly relayPort: number;
  readonly gatewaySocket: string;
  readonly routes: readonly Reachable[];
};

/** Of a route, what the proof needs. */
type Reachable = { readonly host: string; readonly ports: readonly number[] };

/** The name that DNS gives to nobody (RFC 6761). */
const NO_NAME = 'bottle-probe.invalid';
const NO_HOST = `${NO_NAME}:443`;
/** What a relay says that does not know the token. */
const WRONG_HANDSHAKE = `BOTTLE/1 ${'0'.repeat(64)}\n`;
/** A question for the addresses of `a.root-servers.net`. */
const DNS_QUESTION =
  '\x42\x42\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x0croot-servers\x03net\x00\x00\x01\x00\x01';

/** What the gateway says of the probes that reach it: ours, and none of the agent's. */
export function probeDenials(routes: readonly Reachable[]) {
  const allowed = allowedPlace(routes);
  return [
    { rule: 'no-route', host: NO_NAME },
    { rule: 'handshake', host: '' },
    ...(allowed ? [{ rule: 'not-tls', host: allowed.host } as const] : []),
  ] as const;
}

/** A name that the first route lets through. */
function allowedPlace([first]: readonly Reachable[]) {
  if (first === undefined) return undefined;
  const { host, ports } = first;
  return { host: host.replace('*', NO_NAME.slice(0, NO_NAME.indexOf('.'))), port: ports[0] ?? 443 };
}

export function makeProbes(places: ProbePlaces): Probe[] {
  const { runnerPort, relayPort, gatewaySocket } = places;
  const health = [
    'GET /bottle/health HTTP/1.1',
    `Host: 127.0.0.1:${relayPort}`,
    'Connection: close\r\n\r\n',
  ].join('\r\n');
  const relay = { transport: 'tcp4', address: '127.0.0.1', port: relayPort } as const;
  return [
    unreachable('an address outside', 'tcp4', '1.1.1.1', 443),
    unreachable('an IPv6 address outside', 'tcp6', '2606:4700:4700::1111', 443),
    unreachable('a name server outside', 'udp4', '1.1.1.1', 53, DNS_QUESTION),
    unreachable('the metadata address', 'tcp4', '169.254.169.254', 80),
    unreachable("Azure's metadata address", 'tcp4', '168.63.129.16', 80),
    unreachable("the runner's loopback", 'tcp4', '127.0.0.1', runnerPort),
    // Where the guest's side of smolvm's network would have the runner (smolvm.md §4).
    unreachable('the runner as a neighbour', 'tcp4', '100.96.0.1', runnerPort),
    {
      ...relay,
      name: 'a host that is not allowed',
      request: connectTo(NO_HOST),
      expected: 'denied: no-route',
      holds: (found) => statusOf(found) === 403 && ruleOf(found) === 'no-route',
    },
    ...allowedProbe(places),
    {
      ...relay,
      name: 'the gateway through the relay',
      request: health,
      expected: 'HTTP 200',
      holds: (found) => statusOf(found) === 200 && /\r\n\r\n(?:3\r\n)?ok\n/.test(answerOf(found)),
    },
    {
      ...{ transport: 'unix', address: gatewaySocket, port: 0 },
      name: 'the gateway with a wrong token',
      request: WRONG_HANDSHAKE + health,
      expected: 'denied: handshake',
      holds: (found) => answerOf(found) === '' || ruleOf(found) === 'handshake',
    },
  ];
}

function connectTo(authority: string): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
}

/** What follows is no TLS, so that it ends there: no upstream is asked, which could be down. */
function allowedProbe({ routes, relayPort }: ProbePlaces): Probe[] {
  const allowed = allowedPlace(routes);
  if (allowed === undefined) return [];
  const probe: Probe = {
    ...{ transport: 'tcp4', address: '127.0.0.1', port: relayPort },
    name: 'a host that is allowed',
    request: `${connectTo(`${allowed.host}:${allowed.port}`)}\r\n\r\n`,
    expected: 'HTTP 200',
    holds: (found) => statusOf(found) === 200,
  };
  return [probe];
}

function unreachable(
  name: string,
  transport: Question['transport'],
  address: string,
  port: number,
  request = '',
): Probe {
  const holds = ({ kind }: Found) => kind === 'closed';
  return { name, transport, address, port, request, expected: 'unreachable', holds };
}

/** What was found, for a person. Nothing of the guest's own words but a system error's. */
export function describeFound(found: Found | undefined): string {
  if (found === undefined) return 'not answered by the guest';
  if (found.kind === 'closed') return `unreachable: ${found.reason}`;
  const status = statusOf(found);
  if (status === undefined) return found.answer === '' ? 'reached' : 'reached, and answered';
  const rule = ruleOf(found);
  return rule === undefined ? `HTTP ${status}` : `denied: ${rule}`;
}

function answerOf(found: Found): string {
  return found.kind === 'open' ? found.answer : '';
}

function statusOf(found: Found): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3})\b/.exec(answerOf(found))?.[1];
  return status === undefined ? undefined : Number(status);
}

function ruleOf(found: Found): string | undefined {
  const [head = ''] = answerOf(found).split('\r\n\r\n');
  return /^x-bottle-denied: ([a-z0-9-]{1,32})\r?$/im.exec(head)?.[1];
}

/** One line of a guest program: `<index> open <hex>` or `<index> closed <reason>`. */
const LINE = /^(\d{1,2}) (?:open ((?:[0-9a-f]{2}){0,1024})|closed ([A-Za-z0-9 ]{1,60}))$/;

/** Undefined where a line is none, or of a probe that was not asked. */
export function readLine(
  line: string,
  probes: number,
): { index: number; found: Found } | undefined {
  const [whole, number, hex, reason] = LINE.exec(line) ?? [];
  const index = Number(number);
  if (whole === undefined || index >= probes) return undefined;
  if (reason !== undefined) return { index, found: { kind: 'closed', reason } };
  const answer = Buffer.from(hex ?? '', 'hex').toString('latin1');
  return { index, found: { kind: 'open', answer } };
}
