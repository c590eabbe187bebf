/**
 * The guest's stderr is told from the engine's, however the bytes are cut and whatever they say.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSentinelStream } from '../../src/machine/smolvm/sentinel.ts';

const TOKEN = 'bottle-exit:0123456789abcdefghijklmnopqrstuv';

function read(chunks: readonly Uint8Array[]) {
  const stream = openSentinelStream(TOKEN);
  const guest = Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]);
  return {
    guest: guest.toString('latin1'),
    engine: stream.engineText(),
    started: stream.started(),
    exitCode: stream.exitCode(),
  };
}

/** Cuts `bytes` at the given places, in any order and number. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  const sorted = at.sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

/** Text made of pieces of brackets and of others, without a whole token. */
const guestText = fc
  .array(
    fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constantFrom('bottle-exit:', '+', '=007', '=0', ';', '\n', '\0', 'bottle-exit:0123456789'),
      fc.nat(TOKEN.length - 1).map((length) => TOKEN.slice(0, length)),
    ),
  )
  .map((parts) => Buffer.from(parts.join('')).toString('latin1'))
  .filter((text) => !text.includes(TOKEN));
const engineText = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });

describe('the sentinel', () => {
  test('gives the guest what is the guest’s, in any chunks', () => {
    const scene = fc.record({
      before: engineText,
      guest: guestText,
      code: fc.nat(255),
      after: engineText,
      places: fc.array(fc.nat(), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(scene, ({ before, guest, code, after, places }) => {
        const closing = `${TOKEN}=${String(code).padStart(3, '0')}`;
        const bytes = Buffer.from(`${before}${TOKEN}+${guest}${closing}${after}`, 'latin1');
        expect(read(cut(bytes, places))).toEqual({
          guest,
          engine: before + after,
          started: true,
          exitCode: code,
        });
      }),
      { numRuns: 3000 },
    );
  });

  test('gives every byte when the end never comes', () => {
    fc.assert(
      fc.property(guestText, fc.array(fc.nat(), { maxLength: 20 }), (guest, places) => {
        const bytes = Buffer.from(`${TOKEN}+${guest}`, 'latin1');
        expect(read(cut(bytes, places))).toEqual({
          guest,
          engine: '',
          started: true,
          exitCode: undefined,
        });
      }),
      { numRuns: 1000 },
    );
  });

  test('hands bytes on at once when they cannot be a bracket', () => {
    const stream = openSentinelStream(TOKEN);
    stream.push(Buffer.from(`${TOKEN}+`));
    expect(Buffer.from(stream.push(Buffer.from('half a line'))).toString()).toBe('half a line');
  });

  test('what an engine says without a guest is the engine’s, and only its end is kept', () => {
    const result = read([Buffer.from('Error: no such machine'), Buffer.alloc(100_000, 'x')]);
    expect(result).toMatchObject({ guest: '', started: false, exitCode: undefined });
    expect(result.engine).toHaveLength(65_536);
  });
});
