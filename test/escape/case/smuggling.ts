/** Requests that two readers would cut at different places, and what is no HTTP at all. */
import { ask, type Case, connectTo, get, inside, request, say, send } from '../attack.ts';
import { EVIL, OPEN, PATHS, TUNNEL } from '../ground.ts';

const HIDDEN = `GET /hidden HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n`;

const post = (headers: readonly string[], body: string) =>
  inside(OPEN, ask(OPEN, '/', headers, { method: 'POST', body }));

const LENGTHS: readonly (readonly [what: string, headers: readonly string[], body: string])[] = [
  [
    'a length before chunks',
    ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    `0\r\n\r\n${HIDDEN}`,
  ],
  [
    'a length behind chunks',
    ['Transfer-Encoding: chunked', 'Content-Length: 4'],
    `0\r\n\r\n${HIDDEN}`,
  ],
  ['two lengths', ['Content-Length: 0', `Content-Length: ${HIDDEN.length}`], HIDDEN],
  ['the same length twice', ['Content-Length: 1', 'Content-Length: 1'], 'x'],
  ['a list of lengths', ['Content-Length: 0, 5'], 'hello'],
  ['a length with a plus', ['Content-Length: +5'], 'hello'],
  ['a length with a zero before it', ['Content-Length: 05'], 'hello'],
  ['a negative length', ['Content-Length: -1'], 'hello'],
  ['a length in hexadecimal', ['Content-Length: 0x5'], 'hello'],
  ['a length with a space in it', ['Content-Length: 1 1'], 'hello hello'],
  ['a length beyond all numbers', ['Content-Length: 99999999999999999999'], 'hello'],
  ['an unknown coding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
  ['chunked twice', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'],
  [
    'two codings in two fields',
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: x'],
    '0\r\n\r\n',
  ],
  ['a coding behind a vertical tab', ['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n'],
  ['a coding before chunked', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  ['chunked before another coding', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
  ['a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
  ['a folded field', ['X: y', ' Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['a coding on a folded line', ['Transfer-Encoding:', ' chunked'], '0\r\n\r\n'],
  ['a NUL in a field', ['X: a\0b'], ''],
  ['a NUL in the name of a field', ['X\0: a'], ''],
  ['a field without a colon', ['X'], ''],
  ['a field without a name', [': x'], ''],
  ['a lone CR in a field', ['X: a\rTransfer-Encoding: chunked'], '0\r\n\r\n'],
  ['a lone LF behind a field', ['X: a\nTransfer-Encoding: chunked'], '0\r\n\r\n'],
];

const lengths: readonly Case[] = LENGTHS.map(([what, headers, body]) => ({
  name: `a request with ${what}`,
  attack: post(headers, body),
  expected: { rule: 'malformed' },
}));

const CHUNKED = ['Transfer-Encoding: chunked'];

const REFUSED = Buffer.from('denied (').toString('base64');

const CHUNKS: readonly (readonly [what: string, body: string])[] = [
  ['a negative size', '-1\r\nx\r\n0\r\n\r\n'],
  ['a size with a prefix', '0x1\r\nx\r\n0\r\n\r\n'],
  ['a size beyond all numbers', 'fffffffffffffffff\r\nx\r\n0\r\n\r\n'],
  ['more than its size', '1\r\nxxxx\r\n0\r\n\r\n'],
  ['a lone LF behind a size', `1\nx\r\n0\r\n\r\n`],
  ['a space before a size', ' 1\r\nx\r\n0\r\n\r\n'],
  ['a lone CR in an extension', '1;a\rb\r\nx\r\n0\r\n\r\n'],
];

const chunks: readonly Case[] = CHUNKS.map(([what, body]) => ({
  name: `a chunk with ${what}`,
  // Who is refused in the middle of a body is given time to end it, which none of these does.
  attack: [...post(CHUNKED, body).slice(0, -1), ['until', REFUSED]],
  // The head is whole, and may be on its way when the body turns out to be broken.
  expected: { rule: 'malformed', requests: 'any', misses: ['/hidden'] },
}));

const LINES: readonly (readonly [what: string, line: string])[] = [
  ['a space in its path', 'GET /a b HTTP/1.1'],
  ['a tab in its path', 'GET /a\tb HTTP/1.1'],
  ['a lone CR in its path', 'GET /a\rX: y HTTP/1.1'],
  ['a NUL in its path', 'GET /a\0b HTTP/1.1'],
  ['no version', 'GET /'],
  ['an old version', 'GET / HTTP/0.9'],
  ['another version', 'GET / HTTP/1.2'],
  ['another protocol', 'GET / ICY/1.0'],
  ['a space before it', ' GET / HTTP/1.1'],
  ['a method that is none', 'GE(T / HTTP/1.1'],
  ['a high byte in its path', 'GET /\u00e9 HTTP/1.1'],
];

const lines: readonly Case[] = LINES.map(([what, line]) => ({
  name: `a request line with ${what}`,
  attack: inside(OPEN, `${line}\r\nHost: ${OPEN}\r\nConnection: close\r\n\r\n`),
  expected: { rule: 'malformed' },
}));

const FIRST = request(`GET http://${OPEN}/first`, [`Host: ${OPEN}`]);

const pipelined: readonly Case[] = [
  {
    name: 'a second request behind the first, to another host',
    attack: say(FIRST + get(EVIL)),
    expected: { rule: 'no-route', requests: 1, sees: ['/first'] },
  },
  {
    name: 'a second request in an opened connection, to another route',
    attack: inside(OPEN, `GET /first HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n${ask(PATHS, '/allowed')}`),
    expected: { rule: 'name-mismatch', requests: 1, sees: ['/first'] },
  },
  {
    name: 'a second request behind a body that is longer than it says',
    attack: inside(
      OPEN,
      request('POST /first', [`Host: ${OPEN}`, 'Content-Length: 1'], `x${ask(PATHS, '/hidden')}`),
    ),
    expected: { rule: 'name-mismatch', requests: 1, misses: ['/hidden'] },
  },
  {
    name: 'a plain request behind CONNECT, in one packet',
    attack: say(connectTo(`${TUNNEL}:443`) + get(TUNNEL, '/hidden')),
    expected: { rule: 'not-tls', misses: ['/hidden'] },
  },
  {
    name: 'a plain request behind CONNECT to an opened host, in one packet',
    attack: say(connectTo(`${OPEN}:443`) + get(OPEN, '/hidden')),
    expected: { rule: 'not-tls', misses: ['/hidden'] },
  },
  {
    name: 'CONNECT with a body',
    attack: say(
      request(`CONNECT ${TUNNEL}:443`, [`Host: ${TUNNEL}:443`, 'Content-Length: 99'], get(EVIL)),
    ),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'CONNECT with chunks',
    attack: say(request(`CONNECT ${TUNNEL}:443`, [`Host: ${TUNNEL}:443`, ...CHUNKED], '0\r\n\r\n')),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'a request that is refused, and another behind its body',
    attack: inside(
      OPEN,
      ask(EVIL, '/', [`Content-Length: ${HIDDEN.length}`], { method: 'POST', body: HIDDEN }),
    ),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'a GET with a body',
    attack: inside(OPEN, ask(OPEN, '/', [`Content-Length: ${HIDDEN.length}`], { body: HIDDEN })),
    expected: { requests: 1 },
  },
  {
    name: 'the extension of a chunk that is a request',
    attack: post(CHUNKED, '5;a=hidden\r\nhello\r\n0\r\n\r\n'),
    expected: { requests: 1, misses: ['hidden'] },
  },
];

const upgrades: readonly Case[] = [
  {
    name: 'an upgrade to HTTP/2 in clear',
    attack: inside(
      OPEN,
      `GET / HTTP/1.1\r\nHost: ${OPEN}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    ),
    expected: { rule: 'malformed' },
  },
  {
    name: 'an upgrade to a WebSocket by POST',
    attack: inside(
      OPEN,
      request('POST /', [`Host: ${OPEN}`, 'Connection: Upgrade', 'Upgrade: websocket'], HIDDEN),
    ),
    expected: { rule: 'malformed' },
  },
  {
    name: 'an upgrade to TLS',
    attack: inside(
      OPEN,
      request('OPTIONS *', [`Host: ${OPEN}`, 'Connection: Upgrade', 'Upgrade: TLS/1.0']),
    ),
    expected: { rule: 'malformed' },
  },
  {
    name: 'an upgrade to a WebSocket that the route does not match',
    attack: inside(
      PATHS,
      request('GET /other', [`Host: ${PATHS}`, 'Connection: Upgrade', 'Upgrade: websocket']),
    ),
    expected: { rule: 'no-match' },
  },
];

const hopByHop: readonly Case[] = [
  {
    name: 'a field that Connection names, and the gateway’s own',
    attack: inside(
      OPEN,
      ask(OPEN, '/', ['Connection: close, X-Note, Authorization', 'X-Note: dropped']),
    ),
    expected: { requests: 1, sees: ['Bearer inj-'], misses: ['dropped'] },
  },
  {
    name: 'fields for a proxy behind',
    attack: inside(
      OPEN,
      ask(OPEN, '/', [
        ...['Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic eDp5', 'Proxy-Note: 1'],
        ...['Keep-Alive: timeout=99', 'TE: gzip'],
      ]),
    ),
    expected: { requests: 1, misses: ['Proxy-', 'proxy-', 'eDp5', 'timeout=99'] },
  },
];

/** Other protocols on the port of the proxy. */
const notHttp: readonly Case[] = [
  {
    name: 'noise in place of a request',
    attack: [['relay'], send(Buffer.from([0, 255, 254, 1, 2, 3, 13, 10, 13, 10])), ['end']],
    expected: { rule: 'malformed' },
  },
  {
    name: 'TLS to the proxy itself',
    attack: [['relay'], ['tls', OPEN, []]],
    expected: { rule: 'malformed', told: 'end' },
  },
  {
    name: 'SOCKS to the proxy itself',
    attack: say(Buffer.from([5, 1, 0])),
    expected: { rule: 'malformed' },
  },
];

export const SMUGGLING_CASES = [
  ...lengths,
  ...chunks,
  ...lines,
  ...pipelined,
  ...upgrades,
  ...hopByHop,
  ...notHttp,
];
