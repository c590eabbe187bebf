/** Text of others hides nothing, breaks no line and is no longer than said. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableEnd, printableLines } from '../src/printable.ts';

const CLEAN = /^[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*$/u;
const anyText = fc.string({ unit: 'binary', maxLength: 120 });

describe('one line', () => {
  test.each([
    ['a name', 'docs/é 😀.md', 'docs/é 😀.md'],
    ['line breaks', 'a\n::error::b\r', 'a<U+000A>::error::b<U+000D>'],
    ['direction', 'gpj.exe\u202etxt', 'gpj.exe<U+202E>txt'],
    ['no width', 'a\u200bb\ufeffc\u00add', 'a<U+200B>b<U+FEFF>c<U+00AD>d'],
    ['shown as nothing', 'a\u3164b\u{e0041}', 'a<U+3164>b<U+E0041>'],
    ['an escape', '\u001b[31mred', '<U+001B>[31mred'],
    ['half a character', 'a\ud83d', 'a<U+D83D>'],
  ])('%s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('the beginning is kept, and nothing is cut in two', () => {
    expect(printable('abcdef', 6)).toBe('abcdef');
    expect(printable('abcdefg', 6)).toBe('abcdef…');
    expect(printable('abc😀', 4)).toBe('abc…');
    expect(printable('abc\u202e', 8)).toBe('abc…');
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(anyText, fc.nat(60), (text, most) => {
        expect(printable(text, most)).toMatch(CLEAN);
        expect(printable(text, most).length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });
});

describe('the end of what a program said', () => {
  test('is one line without colours', () => {
    const text = '\u001b[1;31mfatal:\u001b[0m no\r\n\tway\u0007\u2028out\n';
    expect(printableEnd(text)).toBe('fatal: no way<U+0007> out');
  });

  test('is kept, and nothing is cut in two', () => {
    expect(printableEnd('abcdef', 6)).toBe('abcdef');
    expect(printableEnd('abcdefg', 6)).toBe('…bcdefg');
    expect(printableEnd('😀abc', 4)).toBe('…abc');
    expect(printableEnd('\u202eabc', 8)).toBe('…abc');
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(anyText, fc.nat(60), (text, most) => {
        expect(printableEnd(text, most)).toMatch(CLEAN);
        expect(printableEnd(text, most).length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });
});

describe('the last lines of what a program said', () => {
  test('are capped, and none of them is blank', () => {
    const text = `gone\na\n\n \t\n${'x'.repeat(999)}\r\nlast\u202e  line\u001b[0m \n`;
    expect(printableLines(text, 2)).toBe(`${'x'.repeat(300)}…\nlast<U+202E> line`);
  });

  test('an open escape sequence hides no later line', () => {
    expect(printableLines('\u001b]0;title\nkilled', 5)).toBe('<U+001B>]0;title\nkilled');
  });

  test('whatever they are', () => {
    fc.assert(
      fc.property(anyText, fc.nat(5), (text, most) => {
        const lines = printableLines(text, most + 1).split('\n');
        expect(lines.length).toBeLessThanOrEqual(most + 1);
        for (const line of lines) expect(line).toMatch(CLEAN);
      }),
    );
  });
});
