/** Which addresses are of the public internet, and what the others are for. */
import { BlockList, isIP } from 'node:net';

/**
 * What no bottle may reach, though a name may lead there. From IANA's registries of special-purpose
 * addresses for IPv4 and IPv6, and the clouds' own services. The first that fits gives the reason.
 */
const SPECIAL: readonly (readonly [reason: string, ranges: readonly string[]])[] = [
  [
    'of a cloud’s metadata service',
    ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32', 'fd00:ec2::/32'],
  ],
  ['of this machine', ['127.0.0.0/8', '::1/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['of a carrier’s network', ['100.64.0.0/10']],
  ['local to a link', ['fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['of IPv4 inside IPv6', ['::ffff:0:0/96', '::ffff:0:0:0/96', '::/96']],
  ['translated to IPv4', ['64:ff9b::/96', '64:ff9b:1::/48']],
  ['of a tunnel to IPv4', ['2001::/32', '2002::/16', '192.88.99.0/24', '192.52.193.0/24']],
  [
    'for documentation',
    ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  ['for benchmarks', ['198.18.0.0/15', '2001:2::/48']],
  [
    'for protocols',
    ['192.0.0.0/24', '192.31.196.0/24', '192.175.48.0/24', '2001::/23', '2620:4f:8000::/48'],
  ],
  ['for discarding', ['100::/64', '100:0:0:1::/64']],
  ['reserved', ['240.0.0.0/4']],
];

type Family = 'ipv4' | 'ipv6';

/** One list a family: `BlockList` takes an IPv4 address for its mapped form too. */
const LISTS: Readonly<Record<Family, readonly { reason: string; list: BlockList }[]>> = {
  ipv4: SPECIAL.map(([reason, ranges]) => ({ reason, list: blockList(ranges, 'ipv4') })),
  ipv6: SPECIAL.map(([reason, ranges]) => ({ reason, list: blockList(ranges, 'ipv6') })),
};
/** All that IANA has given out so far; the rest of IPv6 leads nowhere that is public. */
const GLOBAL_UNICAST = blockList(['2000::/3'], 'ipv6');

/** `public`, or what the address is instead: `private`, `of this machine` … */
export function classifyAddress(ip: string): string {
  const version = isIP(ip);
  if (version === 0 || ip.includes('%')) return 'not an address by itself';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const special = LISTS[family].find(({ list }) => list.check(ip, family));
  if (special) return special.reason;
  return family === 'ipv4' || GLOBAL_UNICAST.check(ip, family) ? 'public' : 'reserved';
}

function blockList(ranges: readonly string[], family: Family): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    if (network.includes(':') === (family === 'ipv6')) {
      list.addSubnet(network, Number(bits), family);
    }
  }
  return list;
}
