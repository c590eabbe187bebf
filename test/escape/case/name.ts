/** Hosts that no route allows, and all the ways to write one as if a route did. */
import type { DenialRule } from '../../../src/gateway/protocol.ts';
import { type Case, connectTo, get, say } from '../attack.ts';
import { EVIL, OPEN, TUNNEL, WIDE } from '../ground.ts';

type Row = readonly [what: string, authority: string, rule: DenialRule];

const HOSTS: readonly Row[] = [
  ['another host', EVIL, 'no-route'],
  ['a host that ends like an allowed one', `evil${OPEN}`, 'no-route'],
  ['a host that ends like an allowed one after a dash', `evil-${OPEN}`, 'no-route'],
  ['a host that begins like an allowed one', `${OPEN}.${EVIL}`, 'no-route'],
  ['a host below an exact one', `x.${OPEN}`, 'no-route'],
  ['the parent of an exact host', 'example.test', 'no-route'],
  ['the suffix of a route itself', WIDE, 'no-route'],
  ['a host that ends like the suffix without its dot', `evil${WIDE}`, 'no-route'],
  ['a host that begins like the suffix', `${WIDE}.${EVIL}`, 'no-route'],
  ['another host with a dot behind', `${EVIL}.`, 'no-route'],
  ['another host in capitals', EVIL.toUpperCase(), 'no-route'],
  ['a homograph in Cyrillic', OPEN.replace('a', 'а'), 'malformed'],
  ['a homograph in Punycode', OPEN.replace('api', 'xn--pi-6kc'), 'no-route'],
  ['an empty label', OPEN.replace('.', '..'), 'malformed'],
  ['a dot before', `.${WIDE}`, 'malformed'],
  ['ideographic dots', OPEN.replaceAll('.', '。'), 'malformed'],
  ['fullwidth dots', OPEN.replaceAll('.', '．'), 'malformed'],
  ['fullwidth letters', OPEN.replace('api', 'ａｐｉ'), 'malformed'],
  ['an invisible character', OPEN.replace('api', 'a\u00adpi'), 'malformed'],
  ['an allowed host as the user', `${OPEN}@${EVIL}`, 'malformed'],
  ['an allowed host as user and password', `${OPEN}:443@${EVIL}`, 'malformed'],
  ['an escaped dot', OPEN.replace('.', '%2e'), 'malformed'],
  ['an escaped letter', OPEN.replace('a', '%61'), 'malformed'],
  ['an escaped end', `${EVIL}%00.${WIDE}`, 'malformed'],
  ['an escaped slash', `${EVIL}%2f.${WIDE}`, 'malformed'],
  ['an escaped number sign', `${EVIL}%23.${WIDE}`, 'malformed'],
  ['a backslash', `${EVIL}\\.${WIDE}`, 'malformed'],
];

const byAddress: readonly Case[] = HOSTS.map(([what, authority, rule]) => ({
  name: `an absolute address with ${what}`,
  attack: say(get(authority)),
  expected: { rule },
}));

const byConnect: readonly Case[] = HOSTS.map(([what, authority, rule]) => ({
  name: `CONNECT with ${what}`,
  attack: say(connectTo(`${authority}:443`)),
  expected: { rule },
}));

const PORTS: readonly Row[] = [
  ['SSH', `${OPEN}:22`, 'port'],
  ['mail', `${TUNNEL}:25`, 'port'],
  ['another port', `${TUNNEL}:8443`, 'port'],
  ['port 0', `${OPEN}:0`, 'malformed'],
  ['a port beyond the last, which wraps to 443', `${OPEN}:65979`, 'malformed'],
  ['a port in octal', `${OPEN}:0673`, 'malformed'],
  ['a port with a sign', `${OPEN}:+443`, 'malformed'],
  ['an empty port', `${OPEN}:`, 'malformed'],
  ['two ports', `${OPEN}:443:22`, 'malformed'],
];

const ports: readonly Case[] = PORTS.map(([what, authority, rule]) => ({
  name: `CONNECT to ${what} of an allowed host`,
  attack: say(connectTo(authority)),
  expected: { rule },
}));

const odd: readonly Case[] = [
  {
    name: 'CONNECT without a port',
    attack: say(connectTo(OPEN)),
    expected: { rule: 'malformed' },
  },
  {
    name: 'CONNECT with a path',
    attack: say(connectTo(`${OPEN}:443/`)),
    expected: { rule: 'malformed' },
  },
  {
    name: 'another scheme',
    attack: say(`GET ftp://${OPEN}/ HTTP/1.1\r\nHost: ${OPEN}\r\n\r\n`),
    expected: { rule: 'malformed' },
  },
];

export const NAME_CASES = [...byAddress, ...byConnect, ...ports, ...odd];
