/** Addresses in every notation, and names that lead to addresses that no bottle may reach. */
import { type Case, connectTo, get, request, say } from '../attack.ts';
import { OPEN } from '../ground.ts';

const NOTATIONS: readonly (readonly [what: string, host: string])[] = [
  ['dotted', '127.0.0.1'],
  ['short', '127.1'],
  ['as one number', '2130706433'],
  ['in octal', '0177.0.0.01'],
  ['in hexadecimal', '0x7f.0.0.1'],
  ['as one hexadecimal number', '0x7f000001'],
  ['mixed', '0x7f.0.1'],
  ['with a dot behind', '127.0.0.1.'],
  ['with escaped dots', '127%2e0%2e0%2e1'],
  ['with an escaped digit', '%3127.0.0.1'],
  ['all zero', '0.0.0.0'],
  ['of IPv6', '[::1]'],
  ['of IPv4 in IPv6', '[::ffff:127.0.0.1]'],
  ['of IPv4 in IPv6, in hexadecimal', '[::ffff:7f00:1]'],
  ['with a zone', '[fe80::1%25eth0]'],
  ['of AWS metadata', '169.254.169.254'],
  ['of AWS metadata as one number', '2852039166'],
  ['of AWS metadata by IPv6', '[fd00:ec2::254]'],
  ['of Azure metadata', '168.63.129.16'],
  ['of a public server', '1.1.1.1'],
];

const literal: readonly Case[] = NOTATIONS.flatMap(([what, host]): Case[] => [
  {
    name: `an absolute address with an IP address ${what}`,
    attack: say(get(host)),
    expected: { rule: 'ip-literal' },
  },
  {
    name: `CONNECT to an IP address ${what}`,
    attack: say(connectTo(`${host}:443`)),
    expected: { rule: 'ip-literal' },
  },
]);

/** What is not ASCII gets no further than the parser of HTTP, but in a field. */
const SCRIPTS: readonly (readonly [what: string, host: string])[] = [
  ['in fullwidth digits', '１２７.0.0.1'],
  ['in circled digits', '①②⑦.0.0.①'],
  ['in Arabic digits', '١٢٧.٠.٠.١'],
  ['with ideographic dots', '127。0。0。1'],
];

const scripts: readonly Case[] = SCRIPTS.flatMap(([what, host]): Case[] => [
  {
    name: `CONNECT to an IP address ${what}`,
    attack: say(connectTo(`${host}:443`)),
    expected: { rule: 'malformed' },
  },
  {
    name: `a Host that is an IP address ${what}`,
    attack: say(request(`GET http://${OPEN}/`, [`Host: ${host}`])),
    expected: { rule: 'ip-literal' },
  },
]);

/** Not a notation of a name either. */
const broken: readonly Case[] = [
  {
    name: 'CONNECT to an IPv6 address without brackets',
    attack: say(connectTo('::1:443')),
    expected: { rule: 'ip-literal' },
  },
  {
    name: 'CONNECT to localhost, which no route has below it',
    attack: say(connectTo('x.localhost:443')),
    expected: { rule: 'no-route' },
  },
];

const LEADING: readonly (readonly [what: string, host: string])[] = [
  ['this machine by its own name', 'localhost'],
  ['a loopback address', 'loopback.resolved.test'],
  ['a private address', 'private.resolved.test'],
  ['a metadata service', 'metadata.resolved.test'],
  ['a loopback address of IPv4 in IPv6', 'mapped.resolved.test'],
];

/** The first is one that a listener of the runner has. */
const resolved: readonly Case[] = LEADING.flatMap(([what, host]): Case[] => [
  {
    name: `an allowed name that leads to ${what}`,
    attack: ({ tcp }) => say(get(`${host}:${tcp}`)),
    expected: { rule: 'private-address' },
  },
]);

const rebinding: readonly Case[] = [
  {
    name: 'an allowed name with a public and a loopback address',
    attack: ({ tcp }) => say(get(`rebinding.resolved.test:${tcp}`)),
    expected: { rule: 'upstream-connect' },
  },
  {
    name: 'a public address that leads to this machine when it is dialled',
    attack: ({ allowed }) => say(get(`hijacked.resolved.test:${allowed}`)),
    expected: { rule: 'private-address' },
  },
];

export const ADDRESS_CASES = [...literal, ...scripts, ...broken, ...resolved, ...rebinding];
