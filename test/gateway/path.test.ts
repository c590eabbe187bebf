/** Whatever a guest calls a path: read one way by every server, or refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Denied } from '../../src/gateway/denied.ts';
import { normalisePath } from '../../src/gateway/path.ts';

const isDenied = (path: string) => {
  try {
    normalisePath(path);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(Denied);
    expect(error).toHaveProperty('rule', 'malformed');
    return true;
  }
};

/** What servers behind servers would read, one after the other. */
function decodings(path: string): string[] {
  try {
    const next = decodeURIComponent(path);
    return next === path ? [path] : [path, ...decodings(next)];
  } catch {
    return [path];
  }
}

test.each([
  ['/', '/', ''],
  ['/?', '/', ''],
  ['/a/b?c=d?e', '/a/b', 'c=d?e'],
  ['/%61%2D%7e', '/a-~', ''],
  ['/a%40b%3ac%2b', '/a@b:c+', ''],
  ['/caf%c3%a9', '/caf%C3%A9', ''],
  ['/a%20b', '/a%20b', ''],
  ['/100%25', '/100%25', ''],
  ['/100%2541', '/100%2541', ''],
  ['/a;b=c/d', '/a;b=c/d', ''],
  ['/a%3bb', '/a%3Bb', ''],
  ['/@scope%2fpackage', '/@scope%2Fpackage', ''],
  ['/...', '/...', ''],
  ['/.git/..a/b..', '/.git/..a/b..', ''],
  ['//a//b/', '//a//b/', ''],
  ['/a|b"[c]', '/a|b"[c]', ''],
  ['/a?../%2e%2e/%00%zz', '/a', '../%2e%2e/%00%zz'],
])('%s', (text, path, query) => {
  expect(normalisePath(text)).toEqual({ path, query });
});

test.each([
  '',
  'a',
  '*',
  '?a',
  '\\a',
  '/a\\b',
  '/a%5cb',
  '/a%5Cb',
  '/a%255cb',
  '/.',
  '/..',
  '/../a',
  '/a/./b',
  '/a/../b',
  '/a/..',
  '/%2e%2e/b',
  '/.%2e/b',
  '/%2E./b',
  '/%2e',
  '/a/%252e%252e/b',
  '/a/%25252e./b',
  '/a/%25%32%65%25%32%65/b',
  '/a/..;/b',
  '/a/..;x=y/b',
  '/a/..%3b/b',
  '/a/..%20/b',
  '/a/%20../b',
  '/a/%c0%ae%c0%ae/b',
  '/a/%e0%80%ae./b',
  '/a/%EF%BC%8E%EF%BC%8E/b',
  '/a/%E2%80%A5/b',
  '/a%2f..%2fb',
  '/a%2f../b',
  '/a/..%2Fb',
  '/..%EF%BC%8Fb',
  '/a%252fb',
  '/a%25252fb',
  '/a%c0%afb',
  '/a%00b',
  '/a%2500b',
  '/a%0d%0aHost:%20b',
  '/a%1fb',
  '/a%7fb',
  '/a b',
  '/a\tb',
  '/a\r\nb',
  '/a\0b',
  '/é',
  '/\u{1f4a9}',
  '/a?é',
  '/a?b c',
  '/a?b\r\n',
  '/a#b',
  '/a?b#c',
  '/a%',
  '/a%2',
  '/a%zz',
  '/a%u002e',
  `/a%${'25'.repeat(30)}`,
  '/a%e9',
  '/a%ff',
])('%j is refused', (text) => {
  expect(isDenied(text)).toBe(true);
});

describe('whatever the guest writes', () => {
  const pieces = [
    '.',
    '..',
    '/',
    '%2e',
    '%2f',
    '%25',
    '%5c',
    '%00',
    ';',
    '2e',
    '2f',
    'a',
    '?',
    '%41',
  ];
  const anyPath = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `/${text}`),
    fc.webPath().map((text) => `/${text}`),
  );

  test('what passes has the same segments for all, however often escapes are undone', () => {
    fc.assert(
      fc.property(anyPath, (text) => {
        if (isDenied(text)) return;
        const { path, query } = normalisePath(text);
        expect(path).toMatch(/^\/[\x21-\x7e]*$/);
        expect(path).not.toMatch(/[\\#?]/);
        expect(normalisePath(path).path).toBe(path);
        expect(text.endsWith(query)).toBe(true);

        const written = text.split('?')[0] ?? '';
        expect(new URL(`http://host.example${written}`).pathname.split('/').length).toBe(
          written.split('/').length,
        );
        const slashes = written.replace(/%2f/gi, '/').split('/').length;
        for (const decoded of decodings(written)) {
          expect(decoded.split('/').length).toBeLessThanOrEqual(slashes);
          expect(decoded.split('/')).not.toContain('..');
          expect(decoded.split('/')).not.toContain('.');
          expect(decoded).not.toMatch(/[\\\0]/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
