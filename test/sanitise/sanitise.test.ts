/** No guest byte becomes a command of the runner, and no visible text is lost. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineSplitter, sanitise, sanitiseBytes } from '../../src/host/sanitise.ts';
import { parseCommand, readLines } from './runner-model.ts';

describe('the model of the runner', () => {
  test.each([
    '::error::x',
    '  \u3000::add-mask::a',
    '::error file=a,line=1::x',
    'text ##[group]x',
    '##[add-matcher]x',
    '##\u200b[error]x',
    ':\u200d:error::x',
    '::STOP-COMMANDS::x',
  ])('%j is a command', (line) => expect(parseCommand(line)).toBeDefined());

  test.each(['a ::error::x', '::unknown::x', '## [error]x', ': :error::x', '##[error'])(
    '%j is none',
    (line) => expect(parseCommand(line)).toBeUndefined(),
  );
});

describe('what a line becomes', () => {
  test.each<[string, string, string[]]>([
    ['plain text', 'a\tb ~', ['a\tb ~']],
    ['an empty text', '', ['']],
    ['every line break', 'a\nb\rc\r\nd\ve\ff\u0085g\u2028h\u2029i', [...'abcdefghi']],
    ['a command', '::error::x', [': :error::x']],
    ['an indented command', '\t\u00a0::error::x', ['\t\u00a0: :error::x']],
    ['colons within', 'a::b::c', ['a::b::c']],
    ['an old command', 'a ##[error]b', ['a ## [error]b']],
    ['more signs', '####[[x', ['#### [[x']],
    ['colours', '\x1b[1;31mred\x1b[0m \x1b[?25lx\x1b[2K', ['red x']],
    ['a hyperlink', '\x1b]8;;http://h\x1b\\text\x1b]8;;\x07', ['text']],
    ['a device string', 'a\x1bPq#0;1\x1b\\b\x1b_c\x1b\\', ['ab']],
    ['a short sequence', '\x1b(Ba\x1b7\x1bM\x1b\\', ['a']],
    ['an unfinished sequence', 'a\x1b[31', ['a␛[31']],
    ['an unfinished title', '\x1b]0;hidden?\nb', ['␛]0;hidden?', 'b']],
    ['an escape before an escape', '\x1b\x1b[mx', ['␛x']],
    ['a command made by stripping', '#\x1b[m#\x1b[m[error]', ['## [error]']],
    ['colons made by stripping', ':\x1b[m:error::x', [': :error::x']],
    ['controls', 'a\0b\bc\x7fd\x9be', ['a␀b␈c␡d<U+009B>e']],
    ['direction', '\u202etxt.exe\u2066', ['<U+202E>txt.exe<U+2066>']],
    ['no width', 'a\u200bb\ufeffc\u00add', ['a<U+200B>b<U+FEFF>c<U+00AD>d']],
    ['annotation marks', '##\ufff9[error]', ['##<U+FFF9>[error]']],
    ['hidden tags', '\u{e0041}\u{e0100}', ['<U+E0041><U+E0100>']],
    ['emoji', '⚠️ 👨‍👩', ['⚠ 👨👩']],
    ['half a character', 'a\ud800b\udcffc', ['a<U+D800>b\\xffc']],
    ['other scripts', 'naïve 日本 عربي', ['naïve 日本 عربي']],
  ])('%s', (_name, text, lines) => expect(sanitise(text)).toEqual(lines));

  test('bytes that are not UTF-8 are shown', () => {
    const bytes = [0x61, 0xff, 0xc3, 0xbc, 0xe2, 0x82, 0x20, 0xc0, 0x80, 0xf0, 0x9f, 0x98, 0x80];
    expect(sanitiseBytes(Buffer.from([0x1b, 0x5b, 0x80]))).toEqual(['␛[\\x80']);
    expect(sanitiseBytes(Buffer.from([...bytes, 0x85, 0xed, 0xa0, 0x80, 0xf5]))).toEqual([
      'a\\xffü\\xe2\\x82 \\xc0\\x80😀\\x85\\xed\\xa0\\x80\\xf5',
    ]);
  });
});

function split(limit: number, chunks: readonly Uint8Array[]): Buffer[] {
  const splitter = createLineSplitter(limit);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  const rest = splitter.rest();
  return rest === undefined ? lines : [...lines, rest];
}

describe('the line splitter', () => {
  test('takes LF, CR and CRLF as one break each, wherever the chunks end', () => {
    const text = Buffer.from('a\nb\r\nc\rd\r\r\n\n\ne');
    for (let cut = 0; cut <= text.length; cut++) {
      const lines = split(99, [text.subarray(0, cut), text.subarray(cut)]).map(String);
      expect(lines).toEqual(['a', 'b', 'c', 'd', '', '', '', 'e']);
    }
  });

  test('wraps an endless line between characters and loses nothing', () => {
    const text = '€ä😀x'.repeat(500);
    const lines = split(64, [Buffer.from(text)]).map(String);
    expect(lines.join('')).toBe(text);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(64);
    expect(lines.length).toBeGreaterThan(70);
  });

  test('a line of exactly the limit is one line', () => {
    expect(split(4, [Buffer.from('abcd\nabcde\n')]).map(String)).toEqual(['abcd', 'abcd', 'e']);
  });

  test('any bytes in any chunks give the same lines', () => {
    const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x61, 0xc3, 0xbc, 0x80), fc.nat(255));
    fc.assert(
      fc.property(fc.array(fc.array(byte)), (chunks) => {
        const whole = split(7, [Buffer.from(chunks.flat())]);
        expect(
          split(
            7,
            chunks.map((chunk) => Buffer.from(chunk)),
          ),
        ).toEqual(whole);
      }),
    );
  });
});

const FRAGMENTS = [
  '::error::forged',
  '::add-mask::a',
  '  ::set-output name=x::y',
  '::stop-commands::t',
  '::group::g',
  '##[error]forged',
  '##[add-matcher]/tmp/m.json',
  'text ##[group]g',
  '#',
  '##',
  '[error]',
  ':',
  '::',
  'error::',
  '%0A::error::x',
  '\r',
  '\n',
  '\r\n',
  '\v',
  '\f',
  '\0',
  '\b',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u200b',
  '\u00ad',
  '\ufe0f',
  '\u034f',
  '\u202e',
  '\u{e0100}',
  '\x1b',
  '\x1b[',
  '\x1b[31m',
  '\x1b]0;',
  '\x1b]8;;http://h\x07',
  '\x07',
  '\x1b\\',
  '\x1bP',
  '\x1b[1\x1b[m',
  '\x9b31m',
  ' ',
  '\t',
  '\u3000',
  'words of an agent',
  'ünïcode 日本',
  'x'.repeat(70),
].map((text) => Buffer.from(text));

/** What a terminal shows of one line, read one character after the other. */
function terminalText(line: string): string {
  let shown = '';
  for (let index = 0; index < line.length; index++) {
    const length = line[index] === '\x1b' ? sequenceLength(line, index) : 0;
    if (length > 0) index += length - 1;
    else shown += line[index];
  }
  return shown;
}

function sequenceLength(line: string, start: number): number {
  const kind = line[start + 1] ?? '';
  let end = start + 1;
  const within = (from: string, to: string) =>
    end < line.length && (line[end] as string) >= from && (line[end] as string) <= to;
  if (']PX^_'.includes(kind) && kind !== '') {
    for (end++; end < line.length && line[end] !== '\x1b'; end++) {
      if (kind === ']' && line[end] === '\x07') return end + 1 - start;
    }
    return line[end + 1] === '\\' ? end + 2 - start : 0;
  }
  if (kind === '[') {
    for (end++; within('0', '?'); ) end++;
    while (within(' ', '/')) end++;
    return within('@', '~') ? end + 1 - start : 0;
  }
  while (within(' ', '/')) end++;
  return within('0', '~') && !'[]PX^_'.includes(line[end] as string) ? end + 1 - start : 0;
}

const BLANK = /[\s\ufffd\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

function visibleText(bytes: Buffer): string {
  const lines = bytes.toString('utf8').split(/[\n\v\f\r\u0085\u2028\u2029]/);
  return lines.map(terminalText).join('').replace(BLANK, '');
}

function isSubsequence(wanted: string, text: string): boolean {
  let at = -1;
  for (const character of wanted) {
    at = text.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}

test('200,000 hostile lines: no command, and no visible text lost', () => {
  const fragment = fc.oneof(
    { weight: 8, arbitrary: fc.nat(FRAGMENTS.length - 1).map((at) => FRAGMENTS[at] as Buffer) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
  );
  const stream = fc.array(fragment, { maxLength: 120, size: 'max' });
  let count = 0;
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 40 }), (fragments, width) => {
      const bytes = Buffer.concat(fragments);
      const chunks: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += width) chunks.push(bytes.subarray(at, at + width));
      const lines = split(64, chunks).flatMap(sanitiseBytes);
      // Without the prefix that the log adds: the encoding must hold by itself.
      const read = readLines(lines.map((line) => `${line}\n`).join(''));
      count += read.length;
      expect(read.length).toBe(lines.length);
      expect(read.filter((line) => parseCommand(line) !== undefined)).toEqual([]);
      expect(read.filter((line) => /##\[|^\s*::/.test(line))).toEqual([]);
      expect(isSubsequence(visibleText(bytes), lines.join(''))).toBe(true);
    }),
    { numRuns: 18_000 },
  );
  expect(count).toBeGreaterThanOrEqual(200_000);
});
