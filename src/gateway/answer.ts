/** What the guest is told when it is refused: a status, the rule's name, one sentence. */
import { messageOf } from '../errors.ts';
import { Denied } from './denied.ts';
import type { Pairs } from './header.ts';
import type { DenialRule } from './protocol.ts';

export type Refusal = {
  readonly status: number;
  readonly headers: Pairs;
  readonly body: string;
};

const STATUS: Partial<Record<DenialRule, number>> = {
  malformed: 400,
  timeout: 408,
  oversize: 431,
  busy: 503,
  'upstream-dns': 502,
  'upstream-connect': 502,
  'upstream-tls': 502,
  'upstream-reset': 502,
  'upstream-refused': 502,
  'upstream-timeout': 504,
  internal: 500,
};

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export function refusalOf(denied: Denied): Refusal {
  const body = `bottle-action: denied (${denied.rule}): ${denied.message}\n`;
  return {
    status: STATUS[denied.rule] ?? 403,
    headers: [
      ['X-Bottle-Denied', denied.rule],
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  };
}

/** The same as bytes, for a connection that no HTTP server holds (any more). */
export function refusalBytes(denied: Denied): string {
  const { status, headers, body } = refusalOf(denied);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${REASON[status]}\r\n${lines}Connection: close\r\n\r\n${body}`;
}

/** Whatever was thrown while a request was on its way, as a refusal. */
export function deniedBy(error: unknown): Denied {
  if (error instanceof Denied) return error;
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ETIMEDOUT') return new Denied('upstream-timeout', 'the upstream fell silent');
  // Node refuses to write what would break a header or a request line.
  if (UNWRITABLE.has(code)) return new Denied('malformed', 'a header or the path cannot be sent');
  if (code === '') return faultOf(error);
  const detail = `the connection to the upstream broke: ${code}`;
  return new Denied('upstream-reset', detail, { cause: error });
}

/** What has neither our name nor a code of Node's is a mistake in here; its stack is nobody's affair. */
export function faultOf(error: unknown): Denied {
  return new Denied('internal', `the gateway itself is at fault: ${messageOf(error)}`, {
    cause: error,
  });
}

const UNWRITABLE = new Set([
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_HTTP2_INVALID_PSEUDOHEADER',
  'ERR_HTTP2_INVALID_CONNECTION_HEADERS',
  'ERR_HTTP2_HEADER_SINGLE_VALUE',
  'ERR_HTTP2_INVALID_HEADER_VALUE',
]);
