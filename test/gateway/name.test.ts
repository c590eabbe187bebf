/** Whatever a guest calls a host: one name, or a refusal that says why. */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import { parseAbsolute, parseAuthority } from '../../src/gateway/name.ts';

const ruleOf = (read: () => unknown) => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Denied) return error.rule;
    throw error;
  }
};
/** As a head has it: UTF-8, one character a byte. */
const onTheWire = (text: string) => Buffer.from(text).toString('latin1');

describe('names', () => {
  test.each([
    ['example.com:443', 'example.com', 443],
    ['example.com', 'example.com', 80],
    ['EXAMPLE.Com', 'example.com', 80],
    ['example.com.', 'example.com', 80],
    ['example.com.:1', 'example.com', 1],
    ['a_b.r3---sn-x.example:65535', 'a_b.r3---sn-x.example', 65535],
    ['localhost', 'localhost', 80],
    ['münchen.de', 'xn--mnchen-3ya.de', 80],
    ['MÜNCHEN.de', 'xn--mnchen-3ya.de', 80],
    ['xn--mnchen-3ya.de', 'xn--mnchen-3ya.de', 80],
    ['💩', 'xn--ls8h', 80],
    ['0x7f.example', '0x7f.example', 80],
    ['1.2.3.4.example', '1.2.3.4.example', 80],
    ['cafe.babe', 'cafe.babe', 80],
    ['dead', 'dead', 80],
    [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`, 80],
  ])('%s', (text, host, port) => {
    expect(parseAuthority(text, 80)).toEqual({ host, port });
    expect(parseAuthority(onTheWire(text), 80)).toEqual({ host, port });
  });
});

describe('addresses', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1:443',
    '127.0.0.1.',
    '127.0.0.1..',
    '127.1',
    '127.0.1',
    '0',
    '1',
    '2130706433',
    '99999999999999999999',
    '0x7f000001',
    '0X7F.1',
    '0x7f.0x0.0x0.0x1',
    '0x',
    '017700000001',
    '0177.0.0.1',
    '0177.0x0.1',
    '08.09.0.1',
    '256.256.256.256',
    '1.2.3.4.5',
    'example.127',
    '[::1]',
    '[::1]:443',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]:80',
    '[fe80::1%25eth0]:80',
    '[fe80::1%eth0]',
    '[v1.fe80::a]',
    '[::１]',
    '::1',
    '::',
    'fe80::1%eth0',
    '::ffff:127.0.0.1',
    '2001:db8::1:443',
    '１２７.0.0.1',
    '１２７．０．０．１',
    '127。0。0。1',
    '127｡0｡0｡1',
    '127․0․0․1',
    '127﹒0﹒0﹒1',
    '𝟏𝟐𝟕.0.0.1',
    '①②⑦.0.0.①',
    '¹²⁷.0.0.¹',
    '127.0.0.١',
    '١٢٧.٠.٠.١',
    '०x7f.१',
    '0ｘ7f.1',
    '127.0.0.\u200b1',
    '127.0.0.1\u00ad',
    '127.0.0.1\u3002',
    '%31%32%37.0.0.1',
    '127%2e0%2e0%2e1',
    '%2531%252e1',
    '%5b::1%5d',
    '%EF%BC%91.1',
  ])('%s', (text) => {
    expect(ruleOf(() => parseAuthority(text, 80))).toBe('ip-literal');
    expect(ruleOf(() => parseAuthority(onTheWire(text), 80))).toBe('ip-literal');
  });
});

describe('what is no name', () => {
  test.each([
    '',
    '.',
    '..',
    '.example.com',
    'example..com',
    'example.com..',
    'example。com',
    'ｅxample.com',
    'exa\u00admple.com',
    'exa\u200bmple.com',
    '\u212aexample.com',
    'xn--a.com',
    'xn--example-.com',
    'user@example.com',
    'user:pass@example.com:443',
    'example.com@127.0.0.1',
    'example.com:80@evil.example',
    'example.com:',
    'example.com:0',
    'example.com:00080',
    'example.com:080',
    'example.com:65536',
    'example.com:-1',
    'example.com:+80',
    'example.com:8e1',
    'example.com:80:80',
    'example.com:８０',
    'example.com: 80',
    ' example.com',
    'example.com ',
    'exa mple.com',
    'example.com\t',
    'example.com\r\nHost: evil.example',
    'example.com\0.evil.example',
    'example.com%00.evil.example',
    'example%2ecom',
    'ex%61mple.com',
    'example.com/path',
    'example.com\\path',
    'example.com?x',
    'example.com#x',
    'http://example.com',
    '[example.com',
    'example.com]',
    '*.example.com',
    '-example.com',
    'example-.com',
    'exa|mple.com',
    "exa'mple.com",
    'exa,mple.com',
    '127.0.0.1%00',
    'a\ud800b.example',
    'a'.repeat(64),
    `${'a.'.repeat(127)}b`,
    'a'.repeat(5000),
    '\x80\x81.example',
  ])('%j', (text) => {
    expect(ruleOf(() => parseAuthority(text, 80))).toBe('malformed');
  });

  test('a port where one must be there', () => {
    expect(ruleOf(() => parseAuthority('example.com', undefined))).toBe('malformed');
  });
});

describe('absolute targets', () => {
  test.each([
    ['http://example.com', 'http', 'example.com', 80, '/'],
    ['http://example.com/', 'http', 'example.com', 80, '/'],
    ['HTTPS://example.com/a?b', 'https', 'example.com', 443, '/a?b'],
    ['http://example.com:8080?b', 'http', 'example.com', 8080, '/?b'],
    ['http://example.com//other/', 'http', 'example.com', 80, '//other/'],
    ['http://example.com/@evil.example', 'http', 'example.com', 80, '/@evil.example'],
  ])('%s', (text, scheme, host, port, pathAndQuery) => {
    expect(parseAbsolute(text)).toEqual({ scheme, target: { host, port }, pathAndQuery });
  });

  test.each([
    ['http:example.com', 'malformed'],
    ['http:/example.com', 'malformed'],
    ['http:///example.com', 'malformed'],
    ['http:\\\\example.com', 'malformed'],
    ['http://', 'malformed'],
    ['http://:80/', 'malformed'],
    ['http://example.com\\@evil.example/', 'malformed'],
    ['http://user@example.com/', 'malformed'],
    ['http://example.com#@evil.example/', 'malformed'],
    ['ftp://example.com/', 'malformed'],
    ['file:///etc/passwd', 'malformed'],
    ['//example.com/', 'malformed'],
    ['/path', 'malformed'],
    ['http://127.1/', 'ip-literal'],
    ['http://[::1]:80/', 'ip-literal'],
  ])('%s', (text, rule) => {
    expect(ruleOf(() => parseAbsolute(text))).toBe(rule);
  });
});

describe('whatever the guest writes', () => {
  const anyName = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'01279afx.:[]%@-_１．。/\\?#e'), maxLength: 24 }),
    fc.ipV4().chain((ip) => fc.constantFrom(ip, `${ip}:80`, `${ip}.`)),
    fc.domain(),
  );

  test('is one name or a refusal', () => {
    fc.assert(
      fc.property(anyName, (text) => {
        const read = ruleOf(() => parseAuthority(text, 80));
        if (read === 'malformed' || read === 'ip-literal') return;
        const { host, port } = read as { host: string; port: number };
        expect(host).toMatch(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/);
        expect(isIP(new URL(`http://${host}/`).hostname)).toBe(0);
        expect(parseAuthority(`${host}:${port}`, undefined)).toEqual({ host, port });
      }),
      { numRuns: 2000 },
    );
  });

  test('is no address to Node’s URL either, nor another name', () => {
    fc.assert(
      fc.property(anyName, (text) => {
        const read = ruleOf(() => parseAuthority(text, 80));
        if (typeof read === 'string') return;
        const url = new URL(`http://${text}/`);
        expect(url.hostname.replace(/\.$/, '')).toBe((read as { host: string }).host);
      }),
      { numRuns: 2000 },
    );
  });

  test('is an address where Node’s URL finds one', () => {
    fc.assert(
      fc.property(fc.ipV4Extended(), (ip) => {
        expect(ruleOf(() => parseAuthority(ip, 80))).toBe('ip-literal');
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        expect(ruleOf(() => parseAuthority(`[${ip}]:443`, 80))).toBe('ip-literal');
        expect(ruleOf(() => parseAuthority(ip, 80))).toBe('ip-literal');
      }),
    );
  });
});
