import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCover, type Piece } from '../../src/secret/cover.ts';
import { createMatcher, type Matcher, matchSecrets } from '../../src/secret/matcher.ts';

const cuts = fc.array(fc.nat(), { maxLength: 12 });
/** Like a token of a vendor, or a password. */
const secret = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9]{20,60}$/),
  fc.stringMatching(/^(ghp_|sk-ant-api03-|npm_|)[\w-]{24,80}$/),
  fc
    .string({ unit: 'binary-ascii', minLength: 8, maxLength: 40 })
    .filter((text) => text.trim().length >= 8 && !/[\r\n]/.test(text)),
  fc
    .string({ unit: 'grapheme', minLength: 8, maxLength: 20 })
    .filter((text) => text.trim().length >= 8 && !/[\r\n]/.test(text)),
);

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1], end));
}

/** Which bytes are covered, and what had been handed out uncovered when the chunk came. */
function run(matcher: Matcher, chunks: readonly Uint8Array[]) {
  const stream = matcher.stream();
  const cover = createCover();
  const labels = new Set<string>();
  const show = ({ bytes, covered }: Piece) =>
    covered ? Buffer.alloc(bytes.length, '*') : Buffer.from(bytes);
  const out = chunks.flatMap((chunk) => {
    const matches = stream.push(chunk);
    for (const { label } of matches) labels.add(label);
    return cover.push(chunk, matches, stream.held()).map(show);
  });
  return { bytes: Buffer.concat([...out, ...cover.end().map(show)]), labels: [...labels] };
}

const wrap = (text: string, columns: number, end: string) =>
  text.replace(new RegExp(`.{${columns}}(?=.)`, 'g'), `$&${end}`);
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const base64 = (text: string, before: number) =>
  Buffer.from('\0'.repeat(before) + text + '\0'.repeat(before)).toString('base64');

const ENCODERS: Readonly<Record<string, (text: string, seed: number) => string>> = {
  raw: (text) => text,
  base64: (text, seed) => base64(text, seed % 5),
  'base64 in lines of 76': (text, seed) => wrap(base64(text, seed % 200), 76, '\n'),
  'base64 in lines of 64': (text, seed) => wrap(base64(text, seed % 200), 64, '\r\n'),
  'base64 in lines, as JSON': (text, seed) =>
    JSON.stringify(wrap(base64(text, seed % 200), 76, '\n')),
  'base64 in lines, in a form': (text, seed) =>
    encodeURIComponent(wrap(base64(text, seed % 200), 76, '\n')),
  base64url: (text, seed) => Buffer.from('\0'.repeat(seed % 5) + text).toString('base64url'),
  hex: hexOf,
  HEX: (text) => hexOf(text).toUpperCase(),
  'hex with colons': (text) => hexOf(text).replace(/..(?=.)/g, '$&:'),
  'hex with spaces': (text) => hexOf(text).replace(/..(?=.)/g, '$& '),
  'hex for C': (text) => hexOf(text).replace(/../g, '0x$&, '),
  'hex for Python': (text) => hexOf(text).replace(/../g, '\\x$&'),
  'decimal codes': (text) => Buffer.from(text).join(', '),
  url: encodeURIComponent,
  'lower-case url': (text) => encodeURIComponent(text).replace(/%../g, (x) => x.toLowerCase()),
  form: (text) => new URLSearchParams({ text }).toString().slice(5),
  'url, everything escaped': (text) => hexOf(text).replace(/../g, '%$&'),
  json: (text) => JSON.stringify(text).slice(1, -1),
  'json, everything escaped': (text) =>
    [...Array(text.length).keys()]
      .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  html: (text) =>
    text.replace(/[&<>"]/g, (x) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[x] ?? '&quot;'),
  'html, everything escaped': (text) => [...text].map((x) => `&#${x.codePointAt(0)};`).join(''),
  reversed: (text) => [...text].toReversed().join(''),
};

describe('a secret is found', () => {
  test.each(Object.entries(ENCODERS))(
    'in %s, however it is cut, among other bytes',
    (_, encode) => {
      const noise = fc.uint8Array({ maxLength: 100 });
      fc.assert(
        fc.property(secret, noise, noise, fc.nat(), cuts, (value, before, after, seed, places) => {
          const body = Buffer.concat([before, Buffer.from(`<<${encode(value, seed)}>>`), after]);
          const { bytes, labels } = run(
            matchSecrets([{ label: 'TOKEN', value }]),
            cut(body, places),
          );
          expect(labels).toEqual(['TOKEN']);
          expect([...bytes.subarray(0, before.length)]).toEqual([...before]);
          expect([...bytes.subarray(bytes.length - after.length)]).toEqual([...after]);
        }),
      );
    },
  );

  test.each(['utf16le', 'latin1'] as const)('in %s', (encoding) => {
    const value = 'ghp_3kKq9dUx7Zb1LmNcVf8Ws0Tr5Yh2Gj4Pa6Qe';
    const { labels } = run(matchSecrets([{ label: 'a', value }]), [Buffer.from(value, encoding)]);
    expect(labels).toEqual(['a']);
  });

  const letters = fc
    .stringMatching(/^[A-Za-z0-9]{24,50}$/)
    .filter((text) => new Set(text).size > 12);

  test('with up to 16 bytes after each of its letters', () => {
    const gap = fc.string({ unit: fc.constantFrom(' ', '-', '.', '\n', '"', ','), maxLength: 16 });
    fc.assert(
      fc.property(letters, gap, cuts, (value, between, places) => {
        const body = Buffer.from(`<${[...value].join(between)}>`);
        const { bytes } = run(matchSecrets([{ label: 'a', value }]), cut(body, places));
        expect(bytes.toString()).toBe(`<${'*'.repeat(body.length - 2)}>`);
      }),
    );
  });

  test.each(['raw', 'base64', 'hex', 'json, everything escaped'])(
    'by any 12 of its letters, in %s',
    (name) => {
      fc.assert(
        fc.property(letters, fc.nat(), cuts, (value, seed, places) => {
          const from = seed % (value.length - 11);
          const piece = value.slice(from, from + 12);
          fc.pre(new Set(piece).size > 5);
          const body = Buffer.from(ENCODERS[name]?.(piece, seed) ?? '');
          const { labels } = run(matchSecrets([{ label: 'a', value }]), cut(body, places));
          expect(labels).toEqual(['a']);
        }),
      );
    },
  );

  test.each([
    ['sk-ant-api03-', 'Zq1b7LmNcVf8Ws0Tr5Yh2Gj4Pa6QeXx'],
    ['github_pat_', '11ABCDEFG0pQrStUvWxYz_3kKq9dUx7Zb1'],
    ['eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.', 'eyJzdWIiOiJ4OTFrcSJ9.Zq1b7LmNcVf8Ws0Tr5Yh'],
  ])('but not by what all of its kind begin with: %s', (prefix, rest) => {
    const matcher = matchSecrets([{ label: 'a', value: prefix + rest }]);
    expect(run(matcher, [Buffer.from(prefix)]).labels).toEqual([]);
    expect(run(matcher, [Buffer.from(`${prefix}${rest}`.slice(7))]).labels).toEqual(['a']);
  });

  test('line by line, without the armour that each key has', () => {
    const value = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n';
    const body = Buffer.from(`+${value.replaceAll('\n', '\n+')}`);
    const { bytes } = run(matchSecrets([{ label: 'a', value }]), [body]);
    const stars = '*'.repeat(14);
    expect(bytes.toString()).toBe(
      `+-----BEGIN KEY-----\n+${stars}\n+${stars}\n+-----END KEY-----\n+`,
    );
  });
});

describe('a matcher', () => {
  test('joins no letters that are too far from each other', () => {
    const matcher = matchSecrets([{ label: 'a', value: 'a1B2c3D4e5F6g7H8' }]);
    const apart = (gap: number) => Buffer.from(`a1B2c3D4${' '.repeat(gap)}e5F6g7H8`);
    expect(run(matcher, [apart(16)]).labels).toEqual(['a']);
    expect(run(matcher, [apart(17)]).labels).toEqual([]);
  });

  test('covers the same bytes however its input is cut, and those of the plain definition', () => {
    const unit = fc.constantFrom(...'abcde-%61\\nfx&#;');
    const needle = fc
      .string({ unit, minLength: 8, maxLength: 20 })
      .chain((text) =>
        fc.record({ text: fc.constant(text), run: fc.integer({ min: 8, max: text.length }) }),
      );
    const pieces = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ unit, maxLength: 20 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.array(needle, { minLength: 1, maxLength: 3 }),
        pieces,
        cuts,
        (needles, parts, places) => {
          // Parts of the needles, so that there is something to find.
          const content = parts
            .map(
              ([which, from, noise]) =>
                `${needles[which % needles.length]?.text.slice(from % 8)}${noise}`,
            )
            .join('');
          const matcher = createMatcher(
            needles.map(({ text, run }) => ({ label: 'a', bytes: Buffer.from(text), run })),
          );
          const { bytes } = run(matcher, cut(Buffer.from(content), places));
          expect(bytes.toString()).toBe(coverPlainly(needles, content));
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('keeps back nothing of what cannot become a match', () => {
    const stream = matchSecrets([
      { label: 'a', value: 'ghp_3kKq9dUx7Zb1LmNcVf8Ws0Tr5Yh2Gj4Pa6Qe' },
    ]).stream();
    stream.push(Buffer.from(`data: text${'.'.repeat(17)}`));
    expect(stream.held()).toBe(0);
    stream.push(Buffer.from('ghp_3kKq'));
    expect(stream.held()).toBe(8);
    stream.push(Buffer.alloc(1_000_000, ' '));
    expect(stream.held()).toBe(0);
  });

  test('that looks for nothing finds nothing', () => {
    expect(matchSecrets([{ label: 'a', value: 'short' }]).empty).toBe(true);
    expect(createMatcher([]).stream().push(Buffer.from('anything'))).toEqual([]);
  });
});

type TextNeedle = { readonly text: string; readonly run: number };

/** By the definition: every byte of every long enough run, in the text and in its letters alone. */
function coverPlainly(needles: readonly TextNeedle[], content: string): string {
  const covered = new Set<number>();
  for (const { text, run } of needles) {
    for (const [start, end] of commonRuns(content, text, run))
      for (let at = start; at < end; at++) covered.add(at);
    const letters = lettersOf(text)
      .map(({ letter }) => letter)
      .join('');
    if (letters.length < 8) continue;
    const least = Math.min(
      letters.length,
      Math.max(10, Math.floor((run * letters.length) / text.length)),
    );
    const found = lettersOf(content);
    // A gap is a letter that no needle has.
    const spaced = found.flatMap((one, at) =>
      at > 0 && one.start - (found[at - 1]?.end ?? 0) > 16
        ? [{ letter: '!', start: 0, end: 0 }, one]
        : [one],
    );
    for (const [start, end] of commonRuns(
      spaced.map(({ letter }) => letter).join(''),
      letters,
      least,
    )) {
      for (let at = spaced[start]?.start ?? 0; at < (spaced[end - 1]?.end ?? 0); at++)
        covered.add(at);
    }
  }
  return [...content].map((char, at) => (covered.has(at) ? '*' : char)).join('');
}

function commonRuns(content: string, needle: string, least: number): [number, number][] {
  const runs: [number, number][] = [];
  for (let shift = -needle.length; shift < content.length; shift++) {
    let length = 0;
    for (let at = 0; at <= needle.length; at++) {
      if (at < needle.length && shift + at >= 0 && content[shift + at] === needle[at]) {
        length++;
        continue;
      }
      const start = shift + at - length;
      const isVaried = new Set(content.slice(start, start + length)).size >= 5;
      if (length === needle.length || (length >= least && isVaried))
        runs.push([start, start + length]);
      length = 0;
    }
  }
  return runs;
}

const HALF_ESCAPE =
  /(?:%[0-9a-f]?|\\(?:x[0-9a-f]?|u[0-9a-f]{0,3})?|&(?:#(?:[0-9]{0,7}|x[0-9a-f]{0,7})?)?)$/;
const ESCAPE =
  /%([0-9a-f]{2})|\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{1,7});|&#([0-9]{1,7});|\\[bfnrt]/;
const LETTER = new RegExp(`${HALF_ESCAPE.source}|${ESCAPE.source}|[^]`, 'gi');

function lettersOf(text: string) {
  const found: { letter: string; start: number; end: number }[] = [];
  for (const match of text.matchAll(LETTER)) {
    const hex = match.slice(1, 5).find((digits) => digits !== undefined);
    const code = hex === undefined ? Number(match[5]) : Number.parseInt(hex, 16);
    const letter = Number.isNaN(code) ? match[0] : String.fromCodePoint(code > 0xff ? 0 : code);
    if (/^[A-Za-z0-9]$/.test(letter))
      found.push({ letter, start: match.index, end: match.index + match[0].length });
  }
  return found;
}
