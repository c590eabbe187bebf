/** Lines come out as they went in, however the stream was cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineStream, type Line } from '../../src/agent/line-stream.ts';

function read(chunks: readonly Uint8Array[], longest?: number): Line[] {
  const lines = createLineStream(longest);
  return [...chunks.flatMap((chunk) => [...lines.push(chunk)]), ...lines.rest()];
}

test('any bytes in any chunks', () => {
  const chunks = fc.array(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.map((b) => b % 12)),
  );
  fc.assert(
    fc.property(chunks, (given) => {
      const lines = read(given);
      const whole = Buffer.concat(given);
      const expected = whole.toString('latin1').split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(lines.map(({ bytes }) => bytes.toString('latin1'))).toEqual(expected);
      expect(lines.every(({ isWhole }) => isWhole)).toBe(true);
    }),
  );
});

test('a line that is too long comes in pieces, none of which is taken for a line', () => {
  const pieces = read([Buffer.from(`${'x'.repeat(25)}\nab\n`)], 10);
  expect(pieces.map(({ bytes, isWhole }) => [bytes.length, isWhole])).toEqual([
    ...[
      [10, false],
      [10, false],
      [5, false],
    ],
    [2, true],
  ]);
});

test('what it keeps is its own', () => {
  const lines = createLineStream();
  const chunk = Buffer.from('abc');
  expect([...lines.push(chunk)]).toEqual([]);
  chunk.fill(0);
  expect([...lines.rest()].map(({ bytes }) => bytes.toString())).toEqual(['abc']);
});
