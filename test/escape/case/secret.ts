/** A secret of the run on its way out through an allowed route, in every place and encoding. */
import { gzipSync } from 'node:zlib';
import {
  ask,
  type Case,
  connectTo,
  get,
  inside,
  type Step,
  say,
  send,
  through,
} from '../attack.ts';
import { CANARY, KNOWN, KNOWN_LABEL, OPEN, REDACT, WIDE } from '../ground.ts';
import { http2Fields, http2Request } from '../http2.ts';
import { clientFrame, type FrameParts, OPCODE, UPGRADE } from '../web-socket.ts';

/** The request may be under way when its body turns out to hold a secret. */
const FOUND = { rule: 'dlp', requests: 'any' } as const;

const url = encodeURIComponent(KNOWN);
const hex = Buffer.from(KNOWN).toString('hex');
const base64 = Buffer.from(KNOWN).toString('base64');

const HEADS: readonly (readonly [what: string, request: string])[] = [
  ['the path', ask(OPEN, `/a/${url}/b`)],
  ['the path, each byte escaped', ask(OPEN, `/${hex.replace(/../g, '%$&')}`)],
  [
    'the path, escaped twice',
    ask(OPEN, `/${Buffer.from(CANARY).toString('hex').replace(/../g, '%25$&')}`),
  ],
  ['a query', ask(OPEN, `/?q=${url}`)],
  ['the name of a parameter', ask(OPEN, `/?${url}=1`)],
  ['a query in hexadecimal', ask(OPEN, `/?q=${hex}`)],
  ['a header', ask(OPEN, '/', [`X-Note: ${KNOWN}`])],
  ['a header in base64', ask(OPEN, '/', [`X-Note: ${base64}`])],
  ['the name of a header', ask(OPEN, '/', [`X-${CANARY}: 1`])],
  ['a cookie', ask(OPEN, '/', [`Cookie: a=b; session=${KNOWN}`])],
  ['the name of the browser', ask(OPEN, '/', [`User-Agent: curl/${KNOWN}`])],
  ['a referrer', ask(OPEN, '/', [`Referer: https://x.test/?${url}`])],
  ['a header that is cut by spaces', ask(OPEN, '/', [`X-Note: ${[...CANARY].join(' ')}`])],
  ['the canary in a query', ask(OPEN, `/?q=${CANARY}`)],
  ['half of the canary in a query', ask(OPEN, `/?q=${CANARY.slice(8, 30)}`)],
  ['basic authentication', ask(OPEN, '/', [`X-Auth: Basic ${btoa(`me:${KNOWN}`)}`])],
];

const heads: readonly Case[] = HEADS.map(([what, request]) => ({
  name: `a secret in ${what}`,
  attack: inside(OPEN, request),
  expected: { rule: 'dlp' },
}));

const post = (body: string | Uint8Array, headers: readonly string[] = [], host = OPEN) => {
  const length = Buffer.byteLength(body);
  const head = ask(host, '/', [`Content-Length: ${length}`, ...headers], { method: 'POST' });
  return inside(host, head, body);
};

const parts = [
  '--b',
  'Content-Disposition: form-data; name="f"; filename="x"',
  '',
  KNOWN,
  '--b--',
  '',
].join('\r\n');

const BODIES: readonly (readonly [what: string, attack: Step[]])[] = [
  ['as it is', post(`to whom it may concern: ${KNOWN}`)],
  ['in base64', post(Buffer.from(KNOWN).toString('base64'))],
  ['in base64, one byte on', post(Buffer.from(`x${KNOWN}`).toString('base64'))],
  ['in base64, two bytes on', post(Buffer.from(`xy${KNOWN}`).toString('base64'))],
  ['in base64 for URLs', post(Buffer.from(KNOWN).toString('base64url'))],
  ['in base64 of several lines', post(base64.replace(/.{8}/g, '$&\r\n'))],
  ['in hexadecimal', post(hex)],
  ['in hexadecimal with capitals', post(hex.toUpperCase())],
  ['in hexadecimal with colons', post(hex.replace(/..(?!$)/g, '$&:'))],
  ['escaped for URLs', post(url)],
  ['escaped as a form', post(new URLSearchParams({ a: KNOWN }).toString())],
  ['escaped for JSON', post(JSON.stringify({ a: KNOWN }), ['Content-Type: application/json'])],
  [
    'with each character escaped for JSON',
    post(`{"a":"${KNOWN.replace(/./g, (one) => `\\u00${Buffer.from(one).toString('hex')}`)}"}`),
  ],
  ['escaped for HTML', post(KNOWN.replaceAll('"', '&quot;'))],
  ['reversed', post([...KNOWN].reverse().join(''))],
  ['in UTF-16', post(Buffer.from(KNOWN, 'utf16le'))],
  ['with a space between its letters', post([...CANARY].join(' '))],
  ['as a part of several', post(parts, ['Content-Type: multipart/form-data; boundary=b'])],
  ['packed by gzip', post(gzipSync(KNOWN), ['Content-Encoding: gzip'])],
  ['packed by gzip under a name that nobody knows', post(gzipSync(KNOWN), ['Content-Encoding: x'])],
  ['packed twice', post(gzipSync(gzipSync(KNOWN)), ['Content-Encoding: gzip, gzip'])],
  ['half of it', post(CANARY.slice(8, 30))],
];

const bodies: readonly Case[] = BODIES.map(([what, attack]) => ({
  name: `a secret in a body, ${what}`,
  attack,
  expected: FOUND,
}));

const CHUNKED = ask(OPEN, '/', ['Transfer-Encoding: chunked'], { method: 'POST' });

const chunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;

/** Each cut of the secret in a request of its own, and every byte a chunk. */
const chunked: readonly Case[] = [
  ...Array.from({ length: KNOWN.length - 1 }, (_, at) => ({
    name: `a secret in a body, cut after byte ${at + 1}`,
    attack: inside(
      OPEN,
      CHUNKED,
      chunk(`x${KNOWN.slice(0, at + 1)}`),
      `${chunk(`${KNOWN.slice(at + 1)}x`)}0\r\n\r\n`,
    ),
    expected: FOUND,
  })),
  {
    name: 'a secret in a body, each byte a chunk',
    attack: inside(OPEN, CHUNKED, ...[...KNOWN].map(chunk), '0\r\n\r\n'),
    expected: FOUND,
  },
  {
    name: 'a secret in a trailer',
    attack: inside(OPEN, CHUNKED, `${chunk('hello')}0\r\nX-Note: ${KNOWN}\r\n\r\n`),
    expected: FOUND,
  },
  {
    name: 'a secret in the extension of a chunk',
    attack: inside(OPEN, CHUNKED, `5;x=${CANARY}\r\nhello\r\n0\r\n\r\n`),
    // Extensions are dropped, so there is nothing to refuse.
    expected: { requests: 1, sees: ['hello'], misses: [CANARY] },
  },
];

const socket = (...frames: Buffer[]): Step[] =>
  through(
    `${OPEN}:443`,
    ['tls', OPEN, ['http/1.1']],
    send(`GET /ws HTTP/1.1\r\nHost: ${OPEN}\r\n${UPGRADE.join('\r\n')}\r\n\r\n`),
    ['head'],
    ...frames.map(send),
    ['end'],
  );

const [FIRST, LAST] = [KNOWN.slice(0, 14), KNOWN.slice(14)];
const OPENING: FrameParts = { final: false };
const CLOSING: FrameParts = { opcode: OPCODE.continuation };

const FRAMES: readonly (readonly [what: string, frames: readonly Buffer[]])[] = [
  ['a text', [clientFrame(`x ${KNOWN}`)]],
  ['bytes', [clientFrame(KNOWN, { opcode: OPCODE.binary })]],
  ['a text in base64', [clientFrame(base64)]],
  ['two fragments', [clientFrame(FIRST, OPENING), clientFrame(LAST, CLOSING)]],
  [
    'two fragments with a ping between',
    [
      clientFrame(FIRST, OPENING),
      clientFrame('x', { opcode: OPCODE.ping }),
      clientFrame(LAST, CLOSING),
    ],
  ],
  ['a ping', [clientFrame(KNOWN, { opcode: OPCODE.ping })]],
  ['a text under a mask of zeros', [clientFrame(KNOWN, { mask: [0, 0, 0, 0] })]],
];

const frames: readonly Case[] = [
  ...FRAMES.map(([what, bytes]) => ({
    name: `a secret in a WebSocket, ${what}`,
    attack: socket(...bytes),
    expected: { rule: 'dlp', requests: 1 } as const,
  })),
  {
    name: 'a WebSocket frame of an extension that was not agreed on',
    attack: socket(clientFrame(gzipSync(KNOWN), { reserved: 4 })),
    expected: { rule: 'malformed', requests: 1 },
  },
  {
    name: 'bytes in a WebSocket that are no frame',
    attack: socket(Buffer.from(`GET / HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n`)),
    expected: { rule: 'malformed', requests: 1 },
  },
];

const DENIED = Buffer.from('denied (').toString('base64');
const http2 = (bytes: Buffer): Step[] =>
  through(`${OPEN}:443`, ['tls', OPEN, ['h2']], send(bytes), ['until', DENIED]);

const others: readonly Case[] = [
  {
    name: 'a secret in a path of HTTP/2',
    attack: http2(http2Request(http2Fields(OPEN, `/${url}`))),
    expected: { rule: 'dlp' },
  },
  {
    name: 'a secret in a header of HTTP/2',
    attack: http2(http2Request(http2Fields(OPEN, '/', [['x-note', KNOWN]]))),
    expected: { rule: 'dlp' },
  },
  {
    name: 'a secret as a label of an allowed suffix',
    attack: inside(`${KNOWN_LABEL}.${WIDE}`, ask(`${KNOWN_LABEL}.${WIDE}`, '/')),
    expected: { rule: 'dlp' },
  },
  {
    name: 'a secret as a label of an allowed suffix, over plain HTTP',
    attack: say(get(`${KNOWN_LABEL}.${WIDE}`)),
    expected: { rule: 'dlp' },
  },
  {
    name: 'a secret as a label of a host that is not allowed',
    attack: say(connectTo(`${KNOWN_LABEL}.evil.test:443`)),
    expected: { rule: 'no-route' },
  },
  {
    name: 'a secret in a plain request',
    attack: say(get(OPEN, `/?q=${url}`)),
    expected: { rule: 'dlp' },
  },
  {
    name: 'a secret in a header of CONNECT',
    attack: [
      ...say(`CONNECT ${OPEN}:443 HTTP/1.1\r\nHost: ${OPEN}:443\r\nX-Note: ${KNOWN}\r\n\r\n`).slice(
        0,
        2,
      ),
      ['head'],
      ['tls', OPEN, ['http/1.1']],
      send(ask(OPEN, '/')),
      ['end'],
    ],
    expected: { requests: 1, misses: [KNOWN] },
  },
  {
    name: 'a secret in a body that is redacted',
    attack: post(`before ${KNOWN} after`, [], REDACT),
    expected: { requests: 1, sees: ['before ', ' after'], misses: [KNOWN] },
  },
  {
    name: 'a secret in a body that is redacted, each byte a chunk',
    attack: inside(
      REDACT,
      ask(REDACT, '/', ['Transfer-Encoding: chunked'], { method: 'POST' }),
      ...[...`before ${KNOWN}`].map(chunk),
      '0\r\n\r\n',
    ),
    expected: { requests: 1, sees: ['before '], misses: [KNOWN.slice(0, 9)] },
  },
  {
    name: 'a secret in a path where bodies are redacted',
    attack: inside(REDACT, ask(REDACT, `/${url}`)),
    expected: { rule: 'dlp' },
  },
];

export const SECRET_CASES = [...heads, ...bodies, ...chunked, ...frames, ...others];
