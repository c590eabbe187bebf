/** The JSON reader takes what `JSON.parse` takes, nothing else, and says where things stood. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from '../../src/manifest/json.ts';
import { findNode, toPlain } from '../../src/manifest/located.ts';

function reference(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

test('reads every JSON value as JSON.parse does', () => {
  const value = fc.jsonValue({ maxDepth: 5, noUnicodeString: false });
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t'), (input, space) => {
      const text = JSON.stringify(input, undefined, space);
      const { tree, faults } = readJson(text);
      if (/"(__proto__|constructor|prototype)":/.test(text)) return;
      expect(faults).toEqual([]);
      expect(tree && toPlain(tree)).toEqual(JSON.parse(text));
    }),
    { numRuns: 2000 },
  );
});

test('refuses exactly what JSON.parse refuses', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '0',
    '.5',
    'e3',
    'true',
    'null',
    'nul',
    ' ',
    '\n',
    '\u0001',
    '\u00a0',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const { tree, faults } = readJson(text);
      const repeated = faults.some(({ message }) => message.includes('twice'));
      const accepted = tree !== undefined && (faults.length === 0 || repeated);
      expect(accepted).toBe(reference(text) !== undefined);
    }),
    { numRuns: 20_000 },
  );
});

test('an offset leads to the value', () => {
  const text = '{"a": [1, {"b": "x"}]}';
  const { tree } = readJson(text);
  const node = tree && findNode(tree, ['a', 1, 'b']);
  expect(text.slice(node?.offset)).toBe('"x"}]}');
});
