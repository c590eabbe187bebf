import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countFound, createRedactor, type Redactor } from '../../src/report/redact.ts';
import { MIN_SECRET_LENGTH } from '../../src/secret/encoding.ts';

const redactorOf = (...values: string[]) =>
  createRedactor(values.map((value, at) => ({ name: `S${at}`, value })));

async function redactChunks(redactor: Redactor, chunks: readonly Uint8Array[]) {
  const stream = redactor.stream();
  const parts: Uint8Array[] = [];
  for (const chunk of chunks) parts.push(Buffer.from(await stream.push(chunk)));
  parts.push(await stream.end());
  return { bytes: Buffer.concat(parts), found: countFound(stream.found()) };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

const secret = fc
  .string({ unit: 'grapheme', minLength: MIN_SECRET_LENGTH, maxLength: 60 })
  .filter((text) => text.trim().length >= MIN_SECRET_LENGTH && !/[\r\n]/.test(text));
const cuts = fc.array(fc.nat(), { maxLength: 12 });

const hexOf = (text: string) => Buffer.from(text).toString('hex');
const wrap = (text: string) => text.replace(/.{76}(?=.)/g, '$&\n');
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=*$/, '');

/** The eleven that SECURITY.md counts; some have several spellings. `whole`: no digit is left. */
const ENCODINGS: readonly [name: string, encode: (text: string) => string, whole?: boolean][] = [
  ['1 as it is', (text) => text],
  ['2 reversed', (text) => [...text].toReversed().join('')],
  ['3 base64', base64, false],
  ['4 base64url', (text) => Buffer.from(text).toString('base64url'), false],
  ['5 base64 in lines', (text) => wrap(base64(text)), false],
  ['6 hex', hexOf],
  ['6 HEX', (text) => hexOf(text).toUpperCase()],
  ['7 byte lists', (text) => Buffer.from(text).join(',')],
  ['8 URL', encodeURIComponent],
  ['8 URL, lower case', (text) => encodeURIComponent(text).replace(/%../g, (x) => x.toLowerCase())],
  ['8 form', (text) => encodeURIComponent(text).replaceAll('%20', '+')],
  ['9 JSON', (text) => JSON.stringify(text).slice(1, -1)],
  [
    '10 XML and HTML',
    (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ],
  ['11 UTF-16', (text) => Buffer.from(text, 'utf16le').toString('latin1')],
];
/** Farther apart than what belongs together, and in no secret. */
const APART = '\n'.repeat(20);

describe('the redactor', () => {
  test.each(ENCODINGS)(
    'replaces a secret encoded as %s among any bytes, and not a byte beside it',
    async (name, encode, whole = true) => {
      const noise = fc.uint8Array({ maxLength: 100 });
      await fc.assert(
        fc.asyncProperty(secret, noise, noise, cuts, async (value, before, after, places) => {
          const inside = Buffer.from(encode(value), name.startsWith('11') ? 'latin1' : 'utf8');
          const apart = Buffer.from(APART);
          const body = Buffer.concat([before, apart, inside, apart, after]);
          const { bytes, found } = await redactChunks(redactorOf(value), cut(body, places));
          const start = before.length + APART.length;
          expect(bytes.subarray(0, start)).toEqual(body.subarray(0, start));
          const end = after.length + APART.length;
          expect(bytes.subarray(bytes.length - end)).toEqual(body.subarray(body.length - end));
          const left = bytes.subarray(start, bytes.length - end).toString('latin1');
          // The last digit of base64 may hold two bits of the value.
          expect(left).toMatch(whole ? /^\*\*\*$/ : /^\*\*\*.?$/);
          expect(found).toBe(1);
        }),
      );
    },
  );

  test.each(['base64', 'base64url'] as const)(
    'replaces a secret anywhere in %s',
    async (encoding) => {
      await fc.assert(
        fc.asyncProperty(
          secret,
          fc.nat(20),
          fc.nat(20),
          cuts,
          async (value, before, after, places) => {
            const all = Buffer.from(`${'<'.repeat(before)}${value}${'>'.repeat(after)}`);
            const encoded = all.toString(encoding);
            const { bytes, found } = await redactChunks(
              redactorOf(value),
              cut(Buffer.from(encoded), places),
            );
            expect(found).toBe(1);
            // At each end at most one digit is left, and it holds bits of the neighbour too.
            const length = (text: string) => text.replace(/=+$/, '').length;
            const left = length(encoded) - length(bytes.toString());
            const digits = Math.floor((Buffer.byteLength(value) * 8) / 6);
            expect(left + 3).toBeGreaterThanOrEqual(digits - 2);
          },
        ),
      );
    },
  );

  test('gives the same bytes however its input is cut', async () => {
    const unit = fc.constantFrom('a', 'b', '\0', '%', '\\');
    const part = fc.string({ unit, minLength: 8, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 4 }),
        fc.array(part),
        cuts,
        async (secrets, texts, places) => {
          const content = [...texts, ...secrets, ...texts].join('');
          const redactor = redactorOf(...secrets);
          const { bytes, found } = await redactChunks(redactor, cut(Buffer.from(content), places));
          const { text, found: all } = await redactor.text(content);
          expect({ text: bytes.toString(), found }).toEqual({ text, found: countFound(all) });
          expect(redactor.known(content)).toBe(text);
        },
      ),
    );
  });

  test('leaves bytes without a secret as they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), cuts, async (content, places) => {
        const chunks = cut(Buffer.from(content), places);
        const { bytes, found } = await redactChunks(redactorOf('a secret of some length'), chunks);
        expect([Buffer.compare(bytes, content), found]).toEqual([0, 0]);
      }),
    );
  });

  test('finds each line of a key in a patch', async () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n';
    const patch = key.replace(/^/gm, '+');
    const { text, found } = await redactorOf(key).text(patch);
    expect(found).toEqual(new Map([['S0', 2]]));
    expect(text).toBe('+-----BEGIN KEY-----\n+***\n+***\n+-----END KEY-----\n+');
  });

  const TOKEN = `ghp_${'a1B2c3D4e5'.repeat(4).slice(0, 36)}`;

  test('replaces a token that nobody told it about, however it is cut', async () => {
    const content = `one ${TOKEN} two\n`;
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const { bytes, found } = await redactChunks(
          redactorOf(),
          cut(Buffer.from(content), places),
        );
        expect([bytes.toString(), found]).toEqual(['one *** two\n', 1]);
      }),
      { numRuns: 30 },
    );
  });

  test('counts by the name of the secret or of the rule', async () => {
    const { found } = await redactorOf('first-secret', 'second-secret').text(
      `first-secret, ${TOKEN}, second-secret, first-secret`,
    );
    expect([...found]).toEqual([
      ['S0', 2],
      ['github/GITHUB_TOKEN', 1],
      ['S1', 1],
    ]);
  });

  test.each([[[]], [['', 'short']]])('looks for no value with %j', async (values) => {
    const { text, found } = await redactorOf(...values).text('a short text');
    expect([text, found.size]).toEqual(['a short text', 0]);
    expect(redactorOf(...values).known('a short text')).toBe('a short text');
  });

  test('releases whole lines early, and never the start of one', async () => {
    const stream = redactorOf('first-line-of-it second').stream();
    expect(Buffer.from(await stream.push(Buffer.from('x\nfirst-li'))).toString()).toBe('x\n');
    expect(stream.release()).toHaveLength(0);
    const more = [await stream.push(Buffer.from('ne-of-it second\n')), await stream.end()];
    expect(Buffer.concat(more).toString()).toBe('***\n');
  });
});
