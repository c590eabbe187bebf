/** Attacks on the gateway's time and memory: heads without end, heads without haste, crowds. */
import { ask, type Case, get, inside, request, type Step, say, through } from '../attack.ts';
import { OPEN, SMALL, TUNNEL } from '../ground.ts';

const large = 'x'.repeat(40_000);

const sizes: readonly Case[] = [
  {
    name: 'a field that is too large',
    attack: say(get(OPEN, '/', [`X-Note: ${large}`])),
    expected: { rule: 'oversize' },
  },
  {
    name: 'a path that is too large',
    attack: say(get(OPEN, `/${large}`)),
    expected: { rule: 'oversize' },
  },
  {
    name: 'too many fields',
    attack: say(
      get(
        OPEN,
        '/',
        Array.from({ length: 5_000 }, (_, at) => `X-${at}: 1`),
      ),
    ),
    expected: { rule: 'oversize' },
  },
  {
    name: 'a field that is too large, in an opened connection',
    attack: inside(OPEN, ask(OPEN, '/', [`X-Note: ${large}`])),
    expected: { rule: 'oversize' },
  },
  {
    name: 'an extension of a chunk without end',
    attack: inside(
      OPEN,
      ask(OPEN, '/', ['Transfer-Encoding: chunked'], { method: 'POST' }),
      `1;${large}\r\nx\r\n0\r\n\r\n`,
    ),
    expected: { rule: 'oversize', requests: 'any' },
  },
  {
    name: 'a head without end',
    attack: say(`GET http://${OPEN}/ HTTP/1.1\r\n${'X-Note: 1\r\n'.repeat(50_000)}`),
    expected: { rule: 'oversize' },
  },
  {
    name: 'a host name without end',
    attack: say(request(`CONNECT ${'a.'.repeat(2_000)}test:443`, ['Host: x'])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'more bytes than a route may take',
    attack: inside(
      SMALL,
      ask(SMALL, '/', ['Content-Length: 40000'], { method: 'POST', body: large }),
    ),
    expected: { rule: 'limit-bytes', requests: 'any' },
  },
];

const b64 = (text: string) => Buffer.from(text).toString('base64');
const SLOW = b64(`GET http://${OPEN}/ HTTP/1.1\r\nX-Note: ${large}`);

/** Each ends by a bound of the gateway's own, so they run beside each other. */
export const SLOW_CASES: readonly Case[] = [
  {
    name: 'a head byte by byte',
    attack: [['relay'], ['drip', SLOW, 50], ['end']],
    expected: { rule: 'timeout' },
  },
  {
    name: 'half a head, and silence',
    attack: [['relay'], ['send', SLOW.slice(0, 400)], ['end']],
    expected: { rule: 'timeout' },
  },
  {
    name: 'a handshake that does not go on',
    attack: [['gateway'], ['send', b64('BOTTLE/1 ')], ['end']],
    expected: { rule: 'handshake' },
  },
  {
    name: 'CONNECT, and silence',
    attack: through(`${TUNNEL}:443`, ['end']),
    expected: { rule: 'timeout', told: 'alert' },
  },
  {
    name: 'CONNECT to an opened host, and half a hello',
    attack: through(`${OPEN}:443`, ['send', b64('\x16\x03\x01\x02\x00\x01')], ['end']),
    expected: { rule: 'timeout', told: 'alert' },
  },
];

/** More connections than the gateway takes; they come there in any order, so it is asked again. */
const crowd: readonly Step[] = [
  ['crowd', 1_100, ''],
  ...Array.from({ length: 20 }, () => say(get(OPEN))).flat(),
];

export const CROWD_CASES: readonly Case[] = [
  {
    name: 'more connections than there may be',
    attack: crowd,
    expected: { rule: 'busy', requests: 'any' },
  },
];

export const SIZE_CASES = sizes;
