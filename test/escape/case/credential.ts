/** Who would like the gateway's credentials, or to use its own in their place. */
import { ask, type Case, get, inside, request, say, send, through } from '../attack.ts';
import { HEADER, INJECTED, INJECTED_HEADER, OPEN, PATHS, TUNNEL } from '../ground.ts';
import { http2Fields, http2Request } from '../http2.ts';

const OWN = 'gh0-placeholder-of-the-guest';

const OWN_FIELDS: readonly (readonly [what: string, field: string])[] = [
  ['a bearer token', `Authorization: Bearer ${OWN}`],
  ['another scheme', `Authorization: Basic ${OWN}`],
  ['a name in capitals', `AUTHORIZATION: Bearer ${OWN}`],
  ['two tokens', `Authorization: Bearer ${OWN}\r\nAuthorization: token ${OWN}`],
  ['a key of another vendor', `X-Api-Key: ${OWN}`],
  ['a key of Google', `X-Goog-Api-Key: ${OWN}`],
  ['a cookie', `Cookie: session=${OWN}`],
  ['a token of GitLab', `Private-Token: ${OWN}`],
  ['a token for a proxy', `Proxy-Authorization: Bearer ${OWN}`],
];

const replaced: readonly Case[] = OWN_FIELDS.map(([what, field]) => ({
  name: `a request with the guest’s own credential, ${what}`,
  attack: inside(OPEN, ask(OPEN, '/', [field])),
  expected: { requests: 1, sees: [`Bearer ${INJECTED}`], misses: [OWN] },
}));

const PARAMETERS: readonly Case[] = [
  'access_token',
  'private_token',
  'ACCESS_TOKEN',
  'access%5ftoken',
].map((name) => ({
  name: `a request with the guest’s own credential, as the parameter ${name}`,
  attack: inside(OPEN, ask(OPEN, `/?a=b&${name}=${OWN}`)),
  expected: { requests: 1, sees: ['/?a=b', `Bearer ${INJECTED}`], misses: [OWN] },
}));

const PLACES: readonly (readonly [what: string, host: string, secret: string])[] = [
  ['a bearer token', OPEN, INJECTED],
  ['a header of its own', HEADER, INJECTED_HEADER],
];

const kept: readonly Case[] = PLACES.flatMap(([what, host, secret]): Case[] => [
  {
    name: `plain HTTP does not carry ${what}`,
    attack: say(get(host, '/', [`Authorization: Bearer ${OWN}`])),
    expected: { requests: 1, misses: [secret, OWN] },
  },
  {
    name: `TRACE does not give away ${what}`,
    attack: inside(host, ask(host, '/', [], { method: 'TRACE' })),
    expected: { rule: 'malformed' },
  },
]);

const others: readonly Case[] = [
  {
    name: 'a redirect to another route does not take the credential along',
    attack: [
      ...inside(OPEN, ask(OPEN, `/redirect?https://${PATHS}/allowed`)),
      ...inside(PATHS, ask(PATHS, '/allowed/after')),
    ],
    expected: { requests: 2, sees: ['/allowed/after'] },
  },
  {
    name: 'another route on its own connection has no credential',
    attack: inside(PATHS, ask(PATHS, '/allowed/alone')),
    expected: { requests: 1, misses: [INJECTED, INJECTED_HEADER, 'uthorization'] },
  },
  {
    name: 'another route in the connection of the first is refused',
    attack: inside(OPEN, `GET /first HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n${ask(HEADER, '/second')}`),
    expected: { rule: 'name-mismatch', requests: 1, misses: ['/second', INJECTED_HEADER] },
  },
  {
    name: 'a tunnel has no credential',
    attack: through(`${TUNNEL}:443`, ['tls', TUNNEL, []], send(ask(TUNNEL, '/tunnelled')), ['end']),
    expected: { requests: 1, sees: ['/tunnelled'], misses: [INJECTED, INJECTED_HEADER] },
  },
  {
    name: 'HTTP/2 with the guest’s own credential',
    attack: through(
      `${OPEN}:443`,
      ['tls', OPEN, ['h2']],
      send(http2Request(http2Fields(OPEN, '/', [['authorization', `Bearer ${OWN}`]]))),
      ['until', Buffer.from('ok\n').toString('base64')],
    ),
    expected: { requests: 1, sees: [`Bearer ${INJECTED}`], misses: [OWN] },
  },
  {
    name: 'a trailer that is a credential',
    attack: inside(
      OPEN,
      request(
        'POST /',
        [`Host: ${OPEN}`, 'Connection: close', 'Transfer-Encoding: chunked'],
        `1\r\nx\r\n0\r\nAuthorization: Bearer ${OWN}\r\n\r\n`,
      ),
    ),
    expected: { requests: 1, sees: [`Bearer ${INJECTED}`], misses: [OWN] },
  },
];

export const CREDENTIAL_CASES = [...replaced, ...PARAMETERS, ...kept, ...others];
