import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEnvFile, parsePathFile } from './env-file.ts';

describe('the runner reads name and value', () => {
  test.each([
    [
      'a=1\nb=2\n',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a=1', [['a', '1']]],
    ['a=x=y<<z\n', [['a', 'x=y<<z']]],
    ['a<<E\nE\n', [['a', '']]],
    [
      'a<<E\none\ntwo\nE\nb=3\n',
      [
        ['a', 'one\ntwo'],
        ['b', '3'],
      ],
    ],
    ['a<<E\n\nE', [['a', '']]],
    ['a<<E\n\n\nE', [['a', '\n']]],
    ['a<<E=F\nx\nE=F\n', [['a', 'x']]],
    ['\n\na=1\r\n', [['a', '1\r']]],
    ['', []],
  ])('%j', (text, pairs) => {
    expect(parseEnvFile(text)).toEqual({ pairs });
  });

  test.each([
    ['a=1\nb<<E\nx', 'Invalid value. EOF marker missing new line.'],
    ['a=1\nb<<E\nx\n', "Invalid value. Matching delimiter not found 'E'"],
    ['a=1\nb<<\n', /delimiter must not be empty/],
    ['a=1\n<<E\n', /Name must not be empty/],
    ['a=1\nnonsense\nc=2\n', "Invalid format 'nonsense'"],
  ])('and stops at what is malformed: %j', (text, error) => {
    expect(parseEnvFile(text)).toEqual({
      pairs: [['a', '1']],
      error: typeof error === 'string' ? error : expect.stringMatching(error),
    });
  });

  test('whatever is written as a block comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const pairs = parseEnvFile(`name<<ghadelimiter\n${value}\nghadelimiter\n`).pairs;
        expect(pairs).toEqual([['name', value]]);
      }),
    );
  });

  test('a path file holds one directory a line', () => {
    expect(parsePathFile('/a\r\n\n/b\r/c')).toEqual(['/a', '/b', '/c']);
  });
});
