/** What a case of the escape suite is: an attack in steps, and what must become of it. */
import type { DenialRule } from '../../src/gateway/protocol.ts';

/** Done one after the other by the program in the guest; bytes are base64. */
export type Step =
  /** A new connection through the relay. The steps that follow are about the latest one. */
  | readonly ['relay']
  /** A connection to the gateway's socket itself. */
  | readonly ['gateway']
  | readonly ['send', string]
  /** Byte after byte, until all is sent, the other side says something, or it was waited for. */
  | readonly ['drip', string, pauseMs: number]
  /** So many more connections, each of which says this, and all stay open. */
  | readonly ['crowd', count: number, string]
  /** Reads a head. */
  | readonly ['head']
  /** Reads until these bytes have come. */
  | readonly ['until', string]
  /** Reads until the other side closes. */
  | readonly ['end']
  | readonly ['tls', serverName: string | null, protocols: readonly string[]]
  /** Statements of Python; what they raise is an error of the attack. */
  | readonly ['python', string];

/** Where listeners of the runner are that no guest may reach. */
export type Places = {
  readonly tcp: number;
  readonly udp: number;
  readonly unix: string;
  readonly abstract: string;
  /** The port of the upstream that may be reached. */
  readonly allowed: number;
};

export type Expected = {
  /** The refusal that the guest and the audit name; absent: nothing is refused. */
  readonly rule?: DenialRule;
  /**
   * How the guest hears of it: as an answer (default), as an alert of TLS, by the end of the
   * connection or of HTTP/2's stream.
   */
  readonly told?: 'answer' | 'alert' | 'end' | 'reset';
  /** Requests that the allowed upstream saw, whole or not; default 0. */
  readonly requests?: number | 'any';
  /** Texts that the allowed upstream saw, and that it did not see. */
  readonly sees?: readonly string[];
  readonly misses?: readonly string[];
  /** Names of system errors, one of which the guest met. */
  readonly errors?: readonly string[];
};

export type Case = {
  readonly name: string;
  readonly attack: readonly Step[] | ((places: Places) => readonly Step[]);
  readonly expected: Expected;
};

/** A text is sent as UTF-8. */
export const send = (bytes: string | Uint8Array): Step => [
  'send',
  Buffer.from(bytes).toString('base64'),
];

export const python = (...lines: string[]): Step[] => [['python', lines.join('\n')]];

/** The head of a request with these lines, and its body. */
export function request(line: string, headers: readonly string[], body = ''): string {
  return [`${line} HTTP/1.1`, ...headers, '', body].join('\r\n');
}

/** A request to the proxy, as the only one of its connection. */
export function get(authority: string, path = '/', headers: readonly string[] = []): string {
  const own = [`Host: ${authority}`, 'Connection: close', ...headers];
  return request(`GET http://${authority}${path}`, own);
}

/** A request in an opened connection, as the only one of it. */
export function ask(
  host: string,
  target: string,
  headers: readonly string[] = [],
  { method = 'GET', body = '' } = {},
): string {
  return request(`${method} ${target}`, [`Host: ${host}`, 'Connection: close', ...headers], body);
}

/** Says it to the proxy, and hears the answer. */
export const say = (...bytes: (string | Uint8Array)[]): Step[] => [
  ['relay'],
  ...bytes.map(send),
  ['end'],
];

export const connectTo = (authority: string): string =>
  request(`CONNECT ${authority}`, [`Host: ${authority}`]);

/** Through a CONNECT that is accepted. */
export const through = (authority: string, ...steps: Step[]): Step[] => [
  ['relay'],
  send(connectTo(authority)),
  ['head'],
  ...steps,
];

/** In TLS that the gateway opens. */
export const inside = (host: string, ...bytes: (string | Uint8Array)[]): Step[] =>
  through(`${host}:443`, ['tls', host, ['http/1.1']], ...bytes.map(send), ['end']);
