/** Requests as no client should say them, and some that may be said although few do. */
import type { DenialRule } from '../../src/gateway/protocol.ts';
import { HOST, type Place } from './judge.ts';

export type Case = {
  readonly name: string;
  /** `@/` is the origin: with the host outside, without it inside. */
  readonly raw: string;
  /** Number of requests that may reach the upstream, why none does, or that the guest gave it up. */
  readonly expected: DenialRule | number | 'nothing';
  /** Absent: both. */
  readonly place?: Place;
  /** The guest ends its side after that, as it would never be a whole request. */
  readonly ends?: true;
};

export function bytesFor({ raw }: Case, place: Place): Buffer {
  const origin = place === 'outside' ? `http://${HOST}/` : '/';
  return Buffer.from(raw.replaceAll('@/', origin), 'latin1');
}

/** A head with these lines between `Host` and the end, and what follows it. */
function ask(line: string, fields: readonly string[] = [], body = ''): string {
  const lines = [line, `Host: ${HOST}`, 'Connection: close', ...fields];
  return `${lines.map((text) => `${text}\r\n`).join('')}\r\n${body}`;
}

const get = (...fields: string[]) => ask('GET @/x HTTP/1.1', fields);
const post = (fields: readonly string[], body = '') => ask('POST @/x HTTP/1.1', fields, body);
const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
const trailed = (field: string) => chunked(`5\r\nhello\r\n0\r\n${field}\r\n\r\n`);
/** Instead of `Host`. */
const hosts = (...fields: string[]) =>
  ask('GET @/x HTTP/1.1').replace(
    `Host: ${HOST}\r\n`,
    fields.map((text) => `${text}\r\n`).join(''),
  );

/** An absolute target whose host is that of `Host`, too. */
const to = (host: string) =>
  ask(`GET http://${host}/x HTTP/1.1`).replace(`Host: ${HOST}`, `Host: ${host}`);

/** What a smuggler would have an upstream read as a request of its own. */
const INNER = `DELETE /inner HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

type Row = readonly [name: string, raw: string, expected?: Case['expected'], more?: Partial<Case>];

const PASSING: readonly Row[] = [
  ['a plain request', get(), 1],
  ['empty lines before it', `\r\n\r\n${get()}`, 1],
  ['HTTP/1.0', ask('GET @/x HTTP/1.0'), 1],
  ['a method that few know', ask('PROPFIND @/x HTTP/1.1'), 1],
  ['a name in capitals and an odd order of fields', get('x-B: 1', 'X-a: 2', 'x-B: 3'), 1],
  ['a value with bytes over ASCII', get('X: caf\xe9'), 1],
  ['an empty value, and blanks around one', get('X:', 'Y: \t y \t'), 1],
  ['a body of known length', post(['Content-Length: 5'], 'hello'), 1],
  ['a body in chunks', chunked('5\r\nhello\r\n0\r\n\r\n'), 1],
  ['chunks with extensions', chunked('5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n'), 1],
  ['a size of a chunk in capitals and with zeros', chunked('00A\r\n0123456789\r\n0\r\n\r\n'), 1],
  ['a trailer', chunked('5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n'), 1],
  ['a Host as a trailer, which goes no further', trailed('Host: other.example.test'), 1],
  ['a credential as a trailer, too', trailed('Authorization: Bearer x'), 1],
  ['Chunked in capitals', post(['transfer-encoding: CHUNKED'], '0\r\n\r\n'), 1],
  ['a length of zero', post(['Content-Length: 0']), 1],
  ['a GET with a body', get('Content-Length: 5').concat('hello'), 1],
  ['a body that looks like a request', post([`Content-Length: ${INNER.length}`], INNER), 1],
  ['a field that Connection names', get('X-Own: 1').replace('close', 'close, x-own'), 1],
  [
    'a length that Connection names',
    post(['Content-Length: 5'], 'hello').replace('close', 'close, content-length'),
    1,
  ],
  ['two requests at once', get().replace('Connection: close\r\n', '') + get(), 2],
  ['a host in capitals, with a dot and its port', hosts(`Host: ${HOST.toUpperCase()}.`), 1],
  ['an expectation', post(['Content-Length: 2', 'Expect: 100-continue'], 'ok'), 1],
  ['an upgrade to HTTP/2, which is not taken', get('Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'), 1],
  ['two spaces around the target', ask('GET  @/x  HTTP/1.1'), 1],
  ['chunks in HTTP/1.0', ask('POST @/x HTTP/1.0', ['Transfer-Encoding: chunked'], '0\r\n\r\n'), 1],
  ['a query with odd characters', ask('GET @/x?a=[]{}|^`"<>\'%zz HTTP/1.1'), 1],
];

const REQUEST_LINES: readonly Row[] = [
  ['a method in small letters', ask('get @/x HTTP/1.1')],
  ['no method', ask(' @/x HTTP/1.1')],
  ['a method that nobody knows', ask('BREW @/x HTTP/1.1')],
  ['a method with a colon', ask('GET: @/x HTTP/1.1')],
  ['TRACE', ask('TRACE @/x HTTP/1.1')],
  ['a tab before the target', ask('GET\t@/x HTTP/1.1')],
  ['a space in the target', ask('GET @/x y HTTP/1.1')],
  ['no version', 'GET @/x\r\n\r\n'],
  ['no version, but fields', ask('GET @/x')],
  ['no target', ask('GET HTTP/1.1')],
  ['version 0.9', ask('GET @/x HTTP/0.9')],
  ['version 1.2', ask('GET @/x HTTP/1.2')],
  ['version 2.0', ask('GET @/x HTTP/2.0')],
  ['version 1.10', ask('GET @/x HTTP/1.10')],
  ['a method and a version of RTSP', ask('ANNOUNCE @/x RTSP/1.0')],
  ['a method and a version of ICE', ask('SOURCE @/x ICE/1.0')],
  ['version 11', ask('GET @/x HTTP/11')],
  ['another protocol', ask('GET @/x ICY/1.1')],
  ['a version in small letters', ask('GET @/x http/1.1')],
  ['a space behind the version', ask('GET @/x HTTP/1.1 ')],
  ['a space before the method', ` ${get()}`],
  ['a NUL in the target', ask('GET @/x\0y HTTP/1.1')],
  ['a control character in the target', ask('GET @/x\x01y HTTP/1.1')],
  ['a DEL in the target', ask('GET @/x\x7fy HTTP/1.1')],
  ['a byte over ASCII in the target', ask('GET @/\xe9 HTTP/1.1')],
  ['a backslash in the target', ask('GET @/x\\y HTTP/1.1')],
  ['a fragment', ask('GET @/x#y HTTP/1.1')],
  ['an escaped slash before dots', ask('GET @/x/..%2f..%2fy HTTP/1.1')],
  ['dots', ask('GET @/x/../y HTTP/1.1')],
  ['escaped dots', ask('GET @/x/%2e%2E/y HTTP/1.1')],
  ['an escaped NUL', ask('GET @/x%00 HTTP/1.1')],
  ['an escaped line', ask('GET @/x%0d%0aY:1 HTTP/1.1')],
  ['a broken escape', ask('GET @/x%zz HTTP/1.1')],
  ['only a CR between lines', get().replaceAll('\r\n', '\r'), 'malformed', { ends: true }],
  ['only an LF between lines', get().replaceAll('\r\n', '\n'), 'malformed', { ends: true }],
  ['an LF behind the request line', get().replace('\r\n', '\n'), 'malformed', { ends: true }],
  ['a CR in the request line', ask('GET @/x\rX:1 HTTP/1.1')],
  ['a target that is a star', ask('GET * HTTP/1.1')],
  ['an OPTIONS of a star', ask('OPTIONS * HTTP/1.1')],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a target that is a host', ask('GET raw.example.test/x HTTP/1.1')],
  ['bytes that are no text', '\x00\x01\x02\xff\xfe\r\n\r\n'],
  [
    'TLS where none was asked for',
    '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03',
    'malformed',
    { ends: true },
  ],
  ['a request without an end', 'GET @/x HTTP/1.1\r\nHost: raw', 'malformed', { ends: true }],
];

const TARGETS: readonly Row[] = [
  ['a scheme of another kind', ask('GET ftp://raw.example.test/x HTTP/1.1')],
  ['a scheme with one slash', ask('GET http:/raw.example.test/x HTTP/1.1')],
  ['no scheme', ask('GET //raw.example.test/x HTTP/1.1')],
  ['a user before the host', ask('GET http://raw.example.test@other.example.test/x HTTP/1.1')],
  ['https without CONNECT', ask('GET https://raw.example.test/x HTTP/1.1')],
  ['an empty host', ask('GET http:///x HTTP/1.1')],
  ['an empty port', ask('GET http://raw.example.test:/x HTTP/1.1')],
  ['a port too high', ask('GET http://raw.example.test:65616/x HTTP/1.1')],
  ['a host that ends early', ask('GET http://raw.example.test\\@other.example.test/ HTTP/1.1')],
  ['a host with an escape', ask('GET http://raw.example%2etest/x HTTP/1.1')],
  ['a path alone', ask('GET /x HTTP/1.1')],
  ['an address', ask('GET http://127.0.0.1/x HTTP/1.1'), 'ip-literal'],
  ['a host without a route', to('other.example.test'), 'no-route'],
  ['a port without a route', to('raw.example.test:8080'), 'port'],
  ['another host than Host says', hosts('Host: other.example.test'), 'name-mismatch'],
  ['a scheme and a host in capitals', ask('GET HTTP://RAW.Example.TEST/x HTTP/1.1'), 1],
  ['its own port', ask('GET http://raw.example.test:80/x HTTP/1.1'), 1],
  ['no path but a query', ask('GET http://raw.example.test?a HTTP/1.1'), 1],
];

const CONNECTS: readonly Row[] = [
  ['no port', ask('CONNECT raw.example.test HTTP/1.1')],
  ['port 0', ask('CONNECT raw.example.test:0 HTTP/1.1')],
  ['a port too high', ask('CONNECT raw.example.test:65979 HTTP/1.1')],
  ['a port that is a word', ask('CONNECT raw.example.test:https HTTP/1.1')],
  ['a port in octal', ask('CONNECT raw.example.test:0443 HTTP/1.1')],
  ['a path', ask('CONNECT raw.example.test:443/x HTTP/1.1')],
  ['a scheme', ask('CONNECT https://raw.example.test:443 HTTP/1.1')],
  ['a user', ask('CONNECT a@raw.example.test:443 HTTP/1.1')],
  ['two ports', ask('CONNECT raw.example.test:443:443 HTTP/1.1')],
  ['an address', ask('CONNECT 127.0.0.1:443 HTTP/1.1'), 'ip-literal'],
  ['an address in one number', ask('CONNECT 2130706433:443 HTTP/1.1'), 'ip-literal'],
  ['an address in brackets', ask('CONNECT [::1]:443 HTTP/1.1'), 'ip-literal'],
  ['a port without a route', ask('CONNECT raw.example.test:22 HTTP/1.1'), 'port'],
  ['no TLS behind it', `${ask('CONNECT raw.example.test:443 HTTP/1.1')}${get()}`, 'not-tls'],
];

const FIELDS: readonly Row[] = [
  ['a space before the colon', get('X : 1')],
  ['a tab before the colon', get('X\t: 1')],
  ['no name', get(': 1')],
  ['a space in a name', get('X Y: 1')],
  ['brackets in a name', get('X(Y): 1')],
  ['a NUL in a name', get('X\0Y: 1')],
  ['a byte over ASCII in a name', get('X\xe9: 1')],
  ['a line without a colon', get('nothing')],
  ['a value that goes on in the next line', get('X: 1', ' 2')],
  ['a value that goes on with a tab', get('X: 1', '\t2')],
  ['a first line that goes on', get().replace('Host', ' X: 1\r\nHost')],
  ['a NUL in a value', get('X: a\0b')],
  ['a control character in a value', get('X: a\x01b')],
  ['a DEL in a value', get('X: a\x7fb')],
  ['a CR in a value', get('X: a\rY: b')],
  ['an LF in a value', get('X: a\nY: b')],
  ['a CR at the end of a value', get('X: a\r')],
  ['no Host', hosts()],
  ['an empty Host', hosts('Host:')],
  ['Host twice', hosts(`Host: ${HOST}`, `Host: ${HOST}`)],
  ['two Hosts', hosts(`Host: ${HOST}`, 'Host: other.example.test')],
  ['a list of Hosts', hosts(`Host: ${HOST}, other.example.test`)],
  ['a Host with a path', hosts(`Host: ${HOST}/y`)],
  ['a Host with a user', hosts(`Host: a@${HOST}`)],
  ['a Host with a port that is none', hosts(`Host: ${HOST}:80x`)],
  ['a Host with another port', hosts(`Host: ${HOST}:8080`), 'name-mismatch'],
  ['a Host that is an address', hosts('Host: 127.0.0.1'), 'ip-literal'],
  ['a Host that is another', hosts('Host: other.example.test'), 'name-mismatch'],
  ['a space before the colon of Host', hosts(`Host : ${HOST}`)],
  ['a field of 40 KiB', get(`X: ${'x'.repeat(40_000)}`), 'oversize'],
  ['a target of 40 KiB', ask(`GET @/${'x'.repeat(40_000)} HTTP/1.1`), 'oversize'],
  ['3,000 fields', get(...Array<string>(3_000).fill('X-Field: some value')), 'oversize'],
];

const FRAMING: readonly Row[] = [
  ['a length and chunks', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['chunks and a length', post(['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n')],
  ['two lengths', post(['Content-Length: 5', 'Content-Length: 6'], 'hello!')],
  ['the same length twice', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
  ['a list of lengths', post(['Content-Length: 5, 5'], 'hello')],
  ['a length with a zero before it', post(['Content-Length: 05'], 'hello')],
  ['a length with a sign', post(['Content-Length: +5'], 'hello')],
  ['a length below zero', post(['Content-Length: -5'], 'hello')],
  ['a length in hexadecimal', post(['Content-Length: 0x5'], 'hello')],
  ['a length with a point', post(['Content-Length: 5.0'], 'hello')],
  ['a length with a space in it', post(['Content-Length: 1 0'], '0123456789')],
  ['an empty length', post(['Content-Length:'], 'hello')],
  ['a length over 64 bits', post(['Content-Length: 18446744073709551621'], 'hello')],
  ['a length in digits of another script', post(['Content-Length: \xef\xbc\x95'], 'hello')],
  ['a space before the colon of a length', post(['Content-Length : 5'], 'hello')],
  ['a length that goes on in the next line', post(['Content-Length:', ' 5'], 'hello')],
  ['chunks in quotes', post(['Transfer-Encoding: "chunked"'], '0\r\n\r\n')],
  ['a coding that only sounds like chunks', post(['Transfer-Encoding: xchunked'], '0\r\n\r\n')],
  ['chunks that are not last', post(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')],
  ['a coding before chunks', post(['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n')],
  ['chunks twice', post(['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n')],
  ['two fields of chunks', post(Array(2).fill('Transfer-Encoding: chunked'), '0\r\n\r\n')],
  ['identity', post(['Transfer-Encoding: identity'], 'hello')],
  ['an empty coding', post(['Transfer-Encoding:'], 'hello')],
  ['a coding behind a control character', post(['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n')],
  ['a space before the colon of a coding', post(['Transfer-Encoding : chunked'], '0\r\n\r\n')],
  ['a coding that goes on in the next line', post(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n')],
  ['chunks with a parameter', post(['Transfer-Encoding: chunked;q=1'], '0\r\n\r\n')],
  [
    'an upgrade with a body',
    post(['Upgrade: websocket', 'Content-Length: 5'], 'hello').replace('close', 'upgrade'),
  ],
  ['an upgrade to what is no WebSocket', get('Upgrade: ssh').replace('close', 'upgrade')],
];

const CHUNKS: readonly Row[] = [
  ['0x before a size', chunked('0x5\r\nhello\r\n0\r\n\r\n')],
  ['a sign before a size', chunked('+5\r\nhello\r\n0\r\n\r\n')],
  ['a size below zero', chunked('-5\r\nhello\r\n0\r\n\r\n')],
  ['a space before a size', chunked(' 5\r\nhello\r\n0\r\n\r\n')],
  ['a space behind a size', chunked('5 \r\nhello\r\n0\r\n\r\n')],
  ['no size', chunked('\r\nhello\r\n0\r\n\r\n')],
  ['a size that is no number', chunked('5g\r\nhello\r\n0\r\n\r\n')],
  ['a size over 64 bits', chunked('10000000000000005\r\nhello\r\n0\r\n\r\n')],
  ['an LF behind a size', chunked('5\nhello\r\n0\r\n\r\n')],
  ['a CR behind a size', chunked('5\rhello\r\n0\r\n\r\n')],
  ['an LF behind a chunk', chunked('5\r\nhello\n0\r\n\r\n')],
  ['nothing behind a chunk', chunked('5\r\nhello0\r\n\r\n')],
  ['more in a chunk than its size', chunked('5\r\nhello!\r\n0\r\n\r\n')],
  ['an LF in an extension', chunked('5;a\nb\r\nhello\r\n0\r\n\r\n')],
  ['an extension of 64 KiB', chunked(`5;${'a'.repeat(65_536)}\r\nhello\r\n0\r\n\r\n`), 'oversize'],
  ['a trailer without a colon', chunked('5\r\nhello\r\n0\r\nnothing\r\n\r\n')],
  ['a trailer with a space before its colon', chunked('5\r\nhello\r\n0\r\nX : 1\r\n\r\n')],
  ['a length as a trailer', chunked('5\r\nhello\r\n0\r\nContent-Length: 1\r\n\r\n')],
  ['a coding as a trailer', chunked('5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n')],
  ['no last chunk', chunked('5\r\nhello\r\n'), 'nothing', { ends: true }],
  ['a body that ends early', post(['Content-Length: 50'], 'hello'), 'nothing', { ends: true }],
];

const cases = (rows: readonly Row[], place?: Place): Case[] =>
  rows.map(([name, raw, expected = 'malformed', more]) => ({
    ...{ name, raw, expected },
    ...(place && { place }),
    ...more,
  }));

export const CASES: Readonly<Record<string, readonly Case[]>> = {
  'what may pass': cases(PASSING),
  'request lines': cases(REQUEST_LINES),
  'absolute targets': cases(TARGETS, 'outside'),
  CONNECT: cases(CONNECTS, 'outside'),
  fields: cases(FIELDS),
  framing: cases(FRAMING),
  chunks: cases(CHUNKS),
};
