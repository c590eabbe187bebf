/** Requests that chance has damaged: no crash, and nothing upstream that could be read in two ways. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Judge, openJudge, PLACES } from './judge.ts';
import { bytesFor, CASES } from './malformed.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 150);

let judge: Judge;
beforeAll(async () => {
  judge = await openJudge();
});
afterAll(() => judge?.close());

const seeds = fc.constantFrom(...(CASES['what may pass'] ?? []));

/** What parsers stumble over, by itself and as a field. */
const morsel = fc.oneof(
  fc.constantFrom('\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', '\0', ':', ',', ';', '"', '\\', '%2f'),
  fc.constantFrom('0', '5', 'f', '-', '+', '0x', '\x0b', '\x7f', '\x80', '\xff', 'HTTP/1.1'),
  fc.constantFrom(
    '\r\nContent-Length: 3',
    '\r\nContent-Length: 100',
    '\r\nTransfer-Encoding: chunked',
    '\r\nTransfer-Encoding: identity',
    '\r\nHost: other.example.test',
    '\r\nConnection: keep-alive, transfer-encoding, content-length',
    '\r\nConnection: upgrade\r\nUpgrade: websocket',
    '\r\nExpect: 100-continue',
    '\r\n continued',
    '0\r\n\r\nGET /inner HTTP/1.1\r\nHost: raw.example.test\r\n\r\n',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 3 }),
);

type Change = { readonly at: number; readonly remove: number; readonly insert: string };

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.nat(4)),
  insert: fc.oneof(fc.constant(''), morsel),
});

function damage(raw: Buffer, changes: readonly Change[]): Buffer {
  const text = changes.reduce((whole, { at, remove, insert }) => {
    const start = Math.floor(at * whole.length);
    return whole.slice(0, start) + insert + whole.slice(start + remove);
  }, raw.toString('latin1'));
  return Buffer.from(text, 'latin1');
}

test.each(PLACES)(
  'damaged requests %s',
  async (place) => {
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(seeds, changes, async (seed, all) => {
        // Throws where the upstream got what it could misread, or what nobody decided upon.
        const { answer } = await judge.judge(place, damage(bytesFor(seed, place), all), true);
        expect(answer).toMatch(/^$|^HTTP\/1\.1 \d{3} /);
      }),
      { numRuns: RUNS },
    );
    expect(judge.gateway.stderr()).toBe('');
  },
  600_000,
);
