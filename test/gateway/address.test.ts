/** Only addresses of the public internet are public. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyAddress } from '../../src/gateway/address.ts';

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '140.82.121.4',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450:4001::1',
])('%s is public', (ip) => {
  expect(classifyAddress(ip)).toBe('public');
});

test.each([
  ['127.0.0.1', 'of this machine'],
  ['127.255.255.255', 'of this machine'],
  ['::1', 'of this machine'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['fc00::1', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fec0::1', 'private'],
  ['100.64.0.1', 'of a carrier’s network'],
  ['100.127.255.255', 'of a carrier’s network'],
  ['169.254.169.254', 'of a cloud’s metadata service'],
  ['169.254.170.2', 'of a cloud’s metadata service'],
  ['168.63.129.16', 'of a cloud’s metadata service'],
  ['100.100.100.200', 'of a cloud’s metadata service'],
  ['192.0.0.192', 'of a cloud’s metadata service'],
  ['fd00:ec2::254', 'of a cloud’s metadata service'],
  ['fe80::1', 'local to a link'],
  ['febf::1', 'local to a link'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.250', 'multicast'],
  ['ff02::1', 'multicast'],
  ['::ffff:8.8.8.8', 'of IPv4 inside IPv6'],
  ['::8.8.8.8', 'of IPv4 inside IPv6'],
  ['::ffff:0:8.8.8.8', 'of IPv4 inside IPv6'],
  ['64:ff9b::8.8.8.8', 'translated to IPv4'],
  ['64:ff9b:1::1', 'translated to IPv4'],
  ['2001::1', 'of a tunnel to IPv4'],
  ['2002:7f00:1::', 'of a tunnel to IPv4'],
  ['192.88.99.1', 'of a tunnel to IPv4'],
  ['192.52.193.1', 'of a tunnel to IPv4'],
  ['192.0.2.1', 'for documentation'],
  ['198.51.100.1', 'for documentation'],
  ['203.0.113.1', 'for documentation'],
  ['2001:db8::1', 'for documentation'],
  ['3fff::1', 'for documentation'],
  ['198.18.0.1', 'for benchmarks'],
  ['198.19.255.255', 'for benchmarks'],
  ['2001:2::1', 'for benchmarks'],
  ['192.0.0.8', 'for protocols'],
  ['192.31.196.1', 'for protocols'],
  ['192.175.48.1', 'for protocols'],
  ['2001:20::1', 'for protocols'],
  ['2620:4f:8000::1', 'for protocols'],
  ['100::1', 'for discarding'],
  ['100:0:0:1::1', 'for discarding'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['8.8.8.8%eth0', 'not an address by itself'],
  ['2606:4700::1%eth0', 'not an address by itself'],
  ['127.1', 'not an address by itself'],
  ['example.com', 'not an address by itself'],
  ['', 'not an address by itself'],
])('%s is %s', (ip, kind) => {
  expect(classifyAddress(ip)).toBe(kind);
});

test('no IPv4 inside IPv6 is public, however it is written', () => {
  const forms = [
    (ip: string) => `::ffff:${ip}`,
    (ip: string) => `::${ip}`,
    (ip: string) => `0:0:0:0:0:FFFF:${ip}`,
    (ip: string) => `64:ff9b::${ip}`,
    (ip: string) => `::ffff:0:${ip}`,
  ];
  fc.assert(
    fc.property(fc.ipV4(), fc.constantFrom(...forms), (ip, form) => {
      expect(classifyAddress(form(ip))).not.toBe('public');
    }),
  );
});

test('whatever it is, it has a kind', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: 'binary' })), (text) => {
      expect(classifyAddress(text)).not.toBe('');
    }),
  );
});
