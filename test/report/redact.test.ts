import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, type Redactor } from '../../src/report/redact.ts';
import { MIN_SECRET_LENGTH } from '../../src/secret/encoding.ts';

function redactChunks(redactor: Redactor, chunks: readonly Uint8Array[]) {
  const stream = redactor.stream();
  const parts = chunks.map((chunk) => Buffer.from(stream.push(chunk)));
  return { bytes: Buffer.concat([...parts, stream.end()]), found: stream.found() };
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

/** What other programs make of a text that holds the secret. */
const ENCODERS: Readonly<Record<string, (text: string) => string>> = {
  raw: (text) => text,
  hex: (text) => Buffer.from(text).toString('hex'),
  HEX: (text) => Buffer.from(text).toString('hex').toUpperCase(),
  url: encodeURIComponent,
  'lower-case url': (text) => encodeURIComponent(text).replace(/%\w\w/g, (x) => x.toLowerCase()),
  form: (text) => encodeURIComponent(text).replaceAll('%20', '+'),
  json: (text) => JSON.stringify(text),
};

describe('the redactor', () => {
  test.each(Object.entries(ENCODERS))(
    'replaces a secret in %s, and nothing beside it',
    (_, encode) => {
      fc.assert(
        fc.property(secret, cuts, (value, places) => {
          const [before, after] = ['<<', '>>'];
          const inside = encode(value).replace(/^"|"$/g, encode === ENCODERS.json ? '' : '$&');
          const { bytes, found } = redactChunks(
            createRedactor([value]),
            cut(Buffer.from(before + inside + after), places),
          );
          expect([bytes.toString(), found]).toEqual(['<<***>>', 1]);
        }),
      );
    },
  );

  test.each(['base64', 'base64url'] as const)('replaces a secret anywhere in %s', (encoding) => {
    fc.assert(
      fc.property(secret, fc.nat(20), fc.nat(20), cuts, (value, before, after, places) => {
        const all = Buffer.from(`${'<'.repeat(before)}${value}${'>'.repeat(after)}`);
        const encoded = all.toString(encoding);
        const { bytes, found } = redactChunks(
          createRedactor([value]),
          cut(Buffer.from(encoded), places),
        );
        expect(found).toBe(1);
        // At each end at most one digit is left, and it holds bits of the neighbour too.
        const left = encoded.replace(/=+$/, '').length - bytes.toString().replace(/=+$/, '').length;
        expect(left + 3).toBeGreaterThanOrEqual(Math.floor((Buffer.byteLength(value) * 8) / 6) - 2);
      }),
    );
  });

  test('gives the same bytes however its input is cut', () => {
    const unit = fc.constantFrom('a', 'b', '\0', '%', '\\');
    const part = fc.string({ unit, minLength: 8, maxLength: 20 });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 4 }),
        fc.array(part),
        cuts,
        (secrets, texts, places) => {
          const content = [...texts, ...secrets, ...texts].join('');
          const redactor = createRedactor(secrets);
          const { bytes, found } = redactChunks(redactor, cut(Buffer.from(content), places));
          expect({ text: bytes.toString(), found }).toEqual(redactor.text(content));
        },
      ),
    );
  });

  test('leaves bytes without a secret as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), cuts, (content, places) => {
        const chunks = cut(Buffer.from(content), places);
        const { bytes, found } = redactChunks(createRedactor(['a secret of some length']), chunks);
        expect([Buffer.compare(bytes, content), found]).toEqual([0, 0]);
      }),
    );
  });

  test('finds each line of a key in a patch', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n';
    const patch = key.replace(/^/gm, '+');
    const { text, found } = createRedactor([key]).text(patch);
    expect(found).toBe(2);
    expect(text).toBe('+-----BEGIN KEY-----\n+***\n+***\n+-----END KEY-----\n+');
  });

  test.each([[[]], [['', 'short']]])('looks for nothing with %j', (secrets) => {
    const redactor = createRedactor(secrets);
    expect(redactor.empty).toBe(true);
    expect(redactor.text('a short text')).toEqual({ text: 'a short text', found: 0 });
  });
});
