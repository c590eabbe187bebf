import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldName, nameFault, pathFault } from '../../src/git-check/path-name.ts';
import { protectPaths } from '../../src/git-check/protected-path.ts';

describe('a folded name', () => {
  test.each([
    ['README.md', 'readme.md'],
    ['x. . ', 'x'],
    ['x::$DATA', 'x'],
    ['a/B./c:x', 'a/b/c'],
    ['.GIT\u200c', '.git'],
    ['\u212aelvin', 'kelvin'],
    ['cafe\u0301', 'caf\u00e9'],
    ['stra\u00dfe', 'strasse'],
  ])('%j is %j', (name, folded) => {
    expect(foldName(name)).toBe(folded);
  });

  test('is folded once and for all, whatever its case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const folded = foldName(name);
        expect(foldName(folded)).toBe(folded);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (name) => {
        expect(foldName(name.toUpperCase())).toBe(foldName(name.toLowerCase()));
      }),
    );
  });
});

describe('a name', () => {
  test.each([
    'a',
    'a b',
    '.gitignore',
    '.github',
    'git',
    'a~b',
    'x:y',
    '\u00e9',
    '\u65e5\u672c',
    'a.',
  ])('%j is fine', (name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  test.each([
    '',
    '.',
    '..',
    'a\\b',
    'a\nb',
    '\u202e',
    'a\ufffd',
    '.git',
    '.Git. ',
    'GIT~1',
    'LONGNA~1.TXT',
  ])('%j is not', (name) => {
    expect(nameFault(name)).toBeDefined();
  });

  test('is looked at in each place of a path', () => {
    expect(pathFault('a/b/c')).toBeUndefined();
    expect(pathFault('a/.git/c')).toBeDefined();
    expect(pathFault(`a/${'b'.repeat(5000)}`)).toBeDefined();
  });
});

describe('a glob', () => {
  const matches = (glob: string, path: string) =>
    protectPaths([{ glob, action: 'block' }])(path) !== undefined;

  test.each([
    ['a/**', 'a/b/c', true],
    ['a/**', 'a', true],
    ['a/**', 'ab', false],
    ['**/a', 'a', true],
    ['**/a', 'x/y/A', true],
    ['**/a', 'x/ba', false],
    ['**/a/**', 'x/a/y', true],
    ['*.lock', 'a.lock', true],
    ['*.lock', 'x/a.lock', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['/a', 'a', true],
    ['a+(b)', 'a+(b)', true],
    ['a.c', 'abc', false],
  ])('%s, %s: %s', (glob, path, expected) => {
    expect(matches(glob, path)).toBe(expected);
  });
});
