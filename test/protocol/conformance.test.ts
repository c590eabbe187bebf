/** HTTP of every shape: refused by name, or passed on in the one form that all readers agree on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Judge, openJudge, PLACES } from './judge.ts';
import { bytesFor, CASES } from './malformed.ts';

let judge: Judge;
beforeAll(async () => {
  judge = await openJudge();
});
afterAll(() => judge?.close());

describe.each(PLACES)('%s,', (place) => {
  const groups = Object.entries(CASES)
    .map(([name, all]) => [name, all.filter((one) => (one.place ?? place) === place)] as const)
    .filter(([, here]) => here.length > 0);
  describe.each(groups)('%s:', (_, here) => {
    test.each(here)('$name', async (one) => {
      const judged = await judge.judge(place, bytesFor(one, place), one.ends ?? false);
      const { answer, arrived, decisions } = judged;
      if (typeof one.expected === 'number') {
        expect(answer.match(/HTTP\/1\.1 200 /g), answer).toHaveLength(one.expected);
        expect(arrived).toHaveLength(one.expected);
        return;
      }
      expect(arrived).toEqual([]);
      if (one.expected === 'nothing') return expect(answer).not.toContain('200');
      expect(answer.match(/X-Bottle-Denied: (.*)/i)?.[1], answer).toBe(one.expected);
      expect(decisions.at(-1)).toMatchObject({ decision: 'denied', rule: one.expected });
    });
  });
});

test('after all of that the gateway is as it was', async () => {
  const { answer } = await judge.judge('outside', bytesFor(plain(), 'outside'), false);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(judge.gateway.stderr()).toBe('');
});

function plain() {
  const [one] = CASES['what may pass'] ?? [];
  if (one === undefined) throw new Error('there is no plain request');
  return one;
}
