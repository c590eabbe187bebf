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
    ['stra\u1e9ee', 'strasse'],
    ['a\u00adb\u200dc\ufe0f', 'abc'],
    ['\u03b1\u0345\u0301', '\u03ac\u03b9'],
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

test('every character folds as its other cases and forms do', () => {
  const wrong: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const one = String.fromCodePoint(code);
    const others = [
      one.toLowerCase(),
      one.toUpperCase(),
      one.normalize('NFD'),
      one.normalize('NFC'),
    ];
    const apart = (other: string) =>
      other !== one && foldName(`a${other}b`) !== foldName(`a${one}b`);
    if (others.some(apart)) wrong.push(one);
  }
  expect(wrong).toEqual([]);
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
