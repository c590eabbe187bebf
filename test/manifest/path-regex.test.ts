/** Which regular expressions may meet a path that the guest chose. */
import { expect, test } from 'vitest';
import { checkPathRegex } from '../../src/manifest/path-regex.ts';

test.each([
  '/v1/.*',
  '/repos/[^/]+/[^/]+/(issues|pulls)(/\\d+)?',
  '/(?:a|b)/c',
  '/(?<name>[a-z]+)/x',
  '/(ab)+',
  '/x{2,3}',
  '/\\p{L}+/\\u{1F600}',
  '/[(+*]+/\\(\\)+',
  '/a+?b*?',
  '/([+*?|])+/x',
])('%s is accepted', (pattern) => {
  expect(checkPathRegex(pattern)).toBeUndefined();
});

test.each([
  ['(a+)+', 'repeat'],
  ['((a+))*', 'repeat'],
  ['(a|a)*', 'repeat'],
  ['(a?){20}', 'repeat'],
  ['(?:a*){2,}', 'repeat'],
  ['(?<n>.*)+', 'repeat'],
  ['([a-z]+/)*x', 'repeat'],
  ['(a)\\1', 'references'],
  ['(?<n>a)\\k<n>', 'references'],
  ['(?=a)', 'look-arounds'],
  ['(?<!a)b', 'look-arounds'],
  ['(', 'not a regular expression'],
  ['a**', 'not a regular expression'],
  ['\\', 'not a regular expression'],
  ['x'.repeat(257), '256'],
])('%s is refused', (pattern, reason) => {
  expect(checkPathRegex(pattern)).toContain(reason);
});
