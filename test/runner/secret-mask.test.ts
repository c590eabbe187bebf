import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSecretMask } from './secret-mask.ts';

const SECRET = `p&ss"w'rd<x>/long`;

describe('a secret is masked', () => {
  test.each([
    ['as it is', SECRET],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 behind one byte', Buffer.from(SECRET).subarray(1).toString('base64')],
    ['in base64 behind two bytes', Buffer.from(SECRET).subarray(2).toString('base64')],
    ['in JSON', JSON.stringify(SECRET).slice(1, -1)],
    ['in a URL', 'p%26ss%22w%27rd%3Cx%3E%2Flong'],
    ['in XML', 'p&amp;ss&quot;w&apos;rd&lt;x&gt;/long'],
  ])('%s', (_, form) => {
    expect(createSecretMask([SECRET]).apply(`before ${form} after`)).toBe('before *** after');
  });

  test('line by line, but never its blank lines', () => {
    const mask = createSecretMask(['first line\n\n  second line \n']);
    expect(mask.apply('a first line b')).toBe('a *** b');
    expect(mask.apply('[second line]')).toBe('[***]');
    expect(mask.apply('')).toBe('');
  });

  test('together with its neighbours', () => {
    expect(createSecretMask(['abab', 'bcd']).apply('xababcdx')).toBe('x***x');
    expect(createSecretMask(['aba']).apply('ababa')).toBe('***');
  });

  test('wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.string(), fc.string(), (secret, a, b) => {
        fc.pre(secret.trim() === secret && !'***'.includes(secret) && !secret.includes('*'));
        expect(createSecretMask([secret]).apply(a + secret + b)).not.toContain(secret);
      }),
    );
  });
});
