/** One request, two names: Host, absolute address, CONNECT, SNI and `:authority` that differ. */
import {
  ask,
  type Case,
  connectTo,
  get,
  inside,
  request,
  type Step,
  say,
  send,
  through,
} from '../attack.ts';
import { clientHello, ENCRYPTED_HELLO, ENCRYPTED_NAME, serverNames } from '../client-hello.ts';
import { EVIL, OPEN, PATHS, TUNNEL } from '../ground.ts';
import { type Fields, http2Fields, http2Request, STREAM_RESET } from '../http2.ts';

const host: readonly Case[] = [
  {
    name: 'an allowed address with the Host of another server',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${EVIL}`])),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'an allowed address with the Host of another route',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${TUNNEL}`])),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'an allowed address with another port in Host',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${OPEN}:22`])),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'a Host that is an address',
    attack: say(request(`GET http://${OPEN}/`, ['Host: 127.0.0.1'])),
    expected: { rule: 'ip-literal' },
  },
  {
    name: 'a Host with an escaped dot',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${OPEN.replace('.', '%2e')}`])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'two Hosts, the allowed one first',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${OPEN}`, `Host: ${EVIL}`])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'two Hosts, the allowed one last',
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${EVIL}`, `Host: ${OPEN}`])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'no Host',
    attack: say(request(`GET http://${OPEN}/`, ['Connection: close'])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'a plain path with an allowed Host',
    attack: say(request('GET /', [`Host: ${OPEN}`])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'a request in an opened connection with the Host of another server',
    attack: inside(OPEN, ask(EVIL, '/')),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'a request in an opened connection with the Host of another route',
    attack: inside(OPEN, ask(PATHS, '/allowed')),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'a request in an opened connection with two Hosts',
    attack: inside(OPEN, ask(OPEN, '/', [`Host: ${EVIL}`])),
    expected: { rule: 'malformed' },
  },
  {
    name: 'an absolute address of another server in an opened connection',
    attack: inside(OPEN, ask(OPEN, `https://${EVIL}/`)),
    expected: { rule: 'malformed' },
  },
  {
    name: 'https by an absolute address, which would go out without TLS of the guest',
    attack: say(get(OPEN).replace('http://', 'https://')),
    expected: { rule: 'malformed' },
  },
];

const hello = (...bytes: Buffer[]): Step[] => through(`${TUNNEL}:443`, ...bytes.map(send), ['end']);

const serverName: readonly Case[] = [
  {
    name: 'TLS in a tunnel that asks for another server',
    attack: through(`${TUNNEL}:443`, ['tls', EVIL, []]),
    expected: { rule: 'name-mismatch', told: 'alert' },
  },
  {
    name: 'TLS to an opened host that asks for another server',
    attack: through(`${OPEN}:443`, ['tls', EVIL, []]),
    expected: { rule: 'name-mismatch', told: 'alert' },
  },
  {
    name: 'TLS that asks for a name that begins alike',
    attack: through(`${TUNNEL}:443`, ['tls', `${TUNNEL}.${EVIL}`, []]),
    expected: { rule: 'name-mismatch', told: 'alert' },
  },
  {
    name: 'TLS without a name',
    attack: through(`${TUNNEL}:443`, ['tls', null, []]),
    expected: { rule: 'no-sni', told: 'alert' },
  },
  {
    name: 'TLS to an opened host without a name',
    attack: through(`${OPEN}:443`, ['tls', null, []]),
    expected: { rule: 'no-sni', told: 'alert' },
  },
  {
    name: 'TLS with an address as its name',
    attack: hello(clientHello({ names: ['127.0.0.1'] })),
    expected: { rule: 'ip-literal', told: 'alert' },
  },
  {
    name: 'TLS with two names in one list',
    attack: hello(clientHello({ names: [TUNNEL, EVIL] })),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'TLS with two lists of names',
    attack: hello(clientHello({ names: [TUNNEL], extensions: [serverNames([EVIL])] })),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'TLS with an end of a text in its name',
    attack: hello(clientHello({ names: [`${TUNNEL}\0.${EVIL}`] })),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'TLS with another name in three records',
    attack: hello(clientHello({ names: [EVIL], records: 3 })),
    expected: { rule: 'name-mismatch', told: 'alert' },
  },
  {
    name: 'TLS with an encrypted hello behind an allowed name',
    attack: hello(clientHello({ names: [TUNNEL], extensions: [ENCRYPTED_HELLO] })),
    expected: { rule: 'encrypted-hello', told: 'alert' },
  },
  {
    name: 'TLS with an encrypted name behind an allowed one',
    attack: hello(clientHello({ names: [TUNNEL], extensions: [ENCRYPTED_NAME] })),
    expected: { rule: 'encrypted-hello', told: 'alert' },
  },
];

const noTls: readonly Case[] = [
  {
    name: 'plain HTTP in a tunnel',
    attack: through(`${TUNNEL}:443`, send(get(EVIL)), ['end']),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'plain HTTP to an opened host',
    attack: through(`${OPEN}:443`, send(get(OPEN)), ['end']),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'SSH in a tunnel',
    attack: through(`${TUNNEL}:443`, send('SSH-2.0-OpenSSH_9.6\r\n'), ['end']),
    expected: { rule: 'not-tls' },
  },
  {
    name: 'HTTP/2 without TLS',
    attack: say(http2Request(http2Fields(EVIL, '/'))),
    expected: { rule: 'malformed' },
  },
  {
    name: 'CONNECT inside CONNECT',
    attack: inside(OPEN, connectTo(`${EVIL}:443`)),
    expected: { rule: 'malformed' },
  },
];

const DENIED = Buffer.from('denied (').toString('base64');
const RESET = STREAM_RESET.toString('base64');

/** HTTP/2 that the gateway answers, and such that its parser resets. */
const http2 = (fields: Fields, until: string): Step[] =>
  through(`${OPEN}:443`, ['tls', OPEN, ['h2']], send(http2Request(fields)), ['until', until]);

const overHttp2: readonly Case[] = [
  {
    name: 'HTTP/2 with the authority of another server',
    attack: http2(http2Fields(EVIL, '/'), DENIED),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'HTTP/2 with the authority of another route',
    attack: http2(http2Fields(PATHS, '/allowed'), DENIED),
    expected: { rule: 'name-mismatch' },
  },
  {
    name: 'HTTP/2 with an authority and the Host of another server',
    attack: http2(http2Fields(OPEN, '/', [['host', EVIL]]), DENIED),
    expected: { rule: 'malformed' },
  },
  {
    name: 'HTTP/2 with an absolute path',
    attack: http2(http2Fields(OPEN, `https://${EVIL}/`), RESET),
    expected: { told: 'reset' },
  },
  {
    name: 'HTTP/2 with two authorities',
    attack: http2(http2Fields(OPEN, '/', [[':authority', EVIL]]), RESET),
    expected: { told: 'reset' },
  },
];

export const IDENTITY_CASES = [...host, ...serverName, ...noTls, ...overHttp2];
