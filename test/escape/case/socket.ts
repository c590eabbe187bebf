/** Ways around the relay: other sockets, other protocols, and the gateway's own socket. */
import { randomBytes } from 'node:crypto';
import { type Case, get, python, type Step, send } from '../attack.ts';
import { OPEN } from '../ground.ts';

const NO_NETWORK = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EINVAL'];
const NOT_PERMITTED = ['EPERM', 'EACCES', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'];
const NOBODY = ['ECONNREFUSED', 'ENOENT'];

const connect = (family: string, kind: string, place: string) =>
  python(
    `s = socket.socket(socket.${family}, socket.${kind})`,
    's.settimeout(2)',
    `s.connect(${place})`,
  );

const udp = (place: string) =>
  python('s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)', `s.sendto(b"x", ${place})`);

const outside: readonly Case[] = [
  ['TCP to an address outside', connect('AF_INET', 'SOCK_STREAM', '("1.1.1.1", 443)')],
  [
    'TCP over IPv6 to an address outside',
    connect('AF_INET6', 'SOCK_STREAM', '("2606:4700::1111", 443)'),
  ],
  ['TCP to the metadata of AWS', connect('AF_INET', 'SOCK_STREAM', '("169.254.169.254", 80)')],
  [
    'TCP to the metadata of AWS over IPv6',
    connect('AF_INET6', 'SOCK_STREAM', '("fd00:ec2::254", 80)'),
  ],
  ['TCP to the metadata of Azure', connect('AF_INET', 'SOCK_STREAM', '("168.63.129.16", 80)')],
  ['TCP to a private network', connect('AF_INET', 'SOCK_STREAM', '("10.0.0.1", 80)')],
  ['TCP to the runner as a neighbour', connect('AF_INET', 'SOCK_STREAM', '("100.96.0.1", 80)')],
  ['UDP to a name server', udp('("1.1.1.1", 53)')],
  ['UDP as QUIC uses it', udp('("1.1.1.1", 443)')],
  [
    'UDP to everybody',
    python(
      's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
      's.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)',
      's.sendto(b"x", ("255.255.255.255", 9))',
    ),
  ],
  ['multicast', udp('("224.0.0.1", 9)')],
].map(([name, attack]) => ({
  name: name as string,
  attack: attack as Step[],
  expected: { errors: NO_NETWORK },
}));

const forbidden: readonly Case[] = [
  [
    'a raw socket for ICMP',
    python('socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)'),
  ],
  [
    'a raw socket for TCP',
    python('socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)'),
  ],
  [
    'a raw socket for packets of its own',
    python('socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)'),
  ],
  [
    'a raw socket of IPv6',
    python('socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)'),
  ],
  ['a packet socket', python('socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300)')],
  [
    'a packet socket for datagrams',
    python('socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0300)'),
  ],
].map(([name, attack]) => ({
  name: name as string,
  attack: attack as Step[],
  expected: { errors: NOT_PERMITTED },
}));

/** `RTM_NEWADDR` for 127.9.9.9/8, and `RTM_NEWROUTE` for everything, on interface 1. */
const netlink = (type: number, body: string) =>
  python(
    's = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)',
    's.settimeout(2)',
    `body = ${body}`,
    `s.send(struct.pack("=IHHII", 16 + len(body), ${type}, 0x605, 1, 0) + body)`,
    'error = -struct.unpack_from("=i", s.recv(4096), 16)[0]',
    'if error: raise OSError(error, "netlink")',
  );

const kernel: readonly Case[] = [
  {
    name: 'an address of its own by netlink',
    attack: netlink(
      20,
      'struct.pack("=BBBBI", 2, 8, 0, 0, 1) + struct.pack("=HH4B", 8, 2, 127, 9, 9, 9)',
    ),
    expected: { errors: ['EPERM', 'EOPNOTSUPP', 'EACCES', 'EPROTONOSUPPORT', 'EAFNOSUPPORT'] },
  },
  {
    name: 'a route to everything by netlink',
    attack: netlink(
      24,
      'struct.pack("=8BI", 2, 0, 0, 0, 254, 3, 253, 1, 0) + struct.pack("=HHI", 8, 4, 1)',
    ),
    expected: { errors: ['EPERM', 'EOPNOTSUPP', 'EACCES', 'EPROTONOSUPPORT', 'EAFNOSUPPORT'] },
  },
  {
    name: 'the machine’s host by a socket of virtual machines',
    attack: python(
      's = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)',
      's.settimeout(2)',
      's.connect((2, 22))',
    ),
    expected: { errors: [...NOT_PERMITTED, 'ENODEV', 'ECONNRESET', 'ECONNREFUSED', 'timeout'] },
  },
  {
    name: 'another machine’s agent by a socket of virtual machines',
    attack: python(
      's = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)',
      's.settimeout(2)',
      's.connect((1, 1024))',
    ),
    expected: { errors: [...NOT_PERMITTED, 'ENODEV', 'ECONNRESET', 'ECONNREFUSED', 'timeout'] },
  },
];

const connectUnix = (path: string) => connect('AF_UNIX', 'SOCK_STREAM', JSON.stringify(path));

/** Listeners that are really there, outside. */
export const RUNNER_CASES: readonly Case[] = [
  {
    name: 'a port of the runner’s loopback',
    attack: ({ tcp }) => connect('AF_INET', 'SOCK_STREAM', `("127.0.0.1", ${tcp})`),
    expected: { errors: NOBODY },
  },
  {
    name: 'a port of the runner’s loopback by its short name',
    attack: ({ tcp }) => connect('AF_INET', 'SOCK_STREAM', `("127.1", ${tcp})`),
    expected: { errors: NOBODY },
  },
  {
    name: 'a port of the runner’s loopback as the address of nobody',
    attack: ({ tcp }) => connect('AF_INET', 'SOCK_STREAM', `("0.0.0.0", ${tcp})`),
    expected: { errors: NOBODY },
  },
  {
    name: 'a port of the runner’s loopback over IPv6',
    attack: ({ tcp }) => connect('AF_INET6', 'SOCK_STREAM', `("::ffff:127.0.0.1", ${tcp})`),
    expected: { errors: [...NOBODY, ...NO_NETWORK] },
  },
  {
    name: 'a port for datagrams of the runner’s loopback',
    attack: ({ udp: port }) =>
      python(
        's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
        's.settimeout(2)',
        `s.connect(("127.0.0.1", ${port}))`,
        's.send(b"x"); s.recv(9)',
      ),
    expected: { errors: NOBODY },
  },
  {
    name: 'a unix socket of the runner by its path',
    attack: ({ unix }) => connectUnix(unix),
    expected: { errors: NOBODY },
  },
  {
    name: 'an abstract unix socket of the runner',
    attack: ({ abstract }) => connectUnix(`\0${abstract}`),
    expected: { errors: NOBODY },
  },
];

const system: readonly Case[] = [
  {
    name: 'the socket of Docker',
    attack: connectUnix('/var/run/docker.sock'),
    expected: { errors: NOBODY },
  },
  {
    name: 'the socket of containerd',
    attack: connectUnix('/run/containerd/containerd.sock'),
    expected: { errors: NOBODY },
  },
  {
    name: 'the system bus',
    attack: connectUnix('/run/dbus/system_bus_socket'),
    expected: { errors: NOBODY },
  },
];

const unknown = randomBytes(32).toString('hex');
const HEALTH = get('127.0.0.1:7711', '/bottle/health').replace('http://127.0.0.1:7711', '');
/** The token of this run is not known here: what the relay says is never asked for it. */
const directly = (greeting: string): Step[] => [['gateway'], send(greeting + HEALTH), ['end']];

const own: readonly Case[] = [
  ['no token', directly('')],
  ['a wrong token', directly(`BOTTLE/1 ${'0'.repeat(64)}\n`)],
  ['the token of another run', directly(`BOTTLE/1 ${unknown}\n`)],
  ['an empty token', directly('BOTTLE/1 \n')],
  ['a token that is too short', directly('BOTTLE/1 00\n')],
  ['a token that is too long', directly(`BOTTLE/1 ${'0'.repeat(128)}\n`)],
  ['another version', directly(`BOTTLE/2 ${unknown}\n`)],
  ['the method of a proxy', directly(get(OPEN))],
  ['nothing but an end of a line', directly('\n')],
].map(([what, attack]) => ({
  name: `the gateway’s own socket with ${what}`,
  attack: attack as Step[],
  expected: { rule: 'handshake' } as const,
}));

export const SOCKET_CASES = [
  ...outside,
  ...forbidden,
  ...kernel,
  ...RUNNER_CASES,
  ...system,
  ...own,
];
