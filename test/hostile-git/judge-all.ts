/** Runs all hostile cases through one judge: nothing runs, nothing hangs, everything has a name. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECK_RULES } from '../../src/git-check/finding.ts';
import { HOSTILE_CASES } from './hostile-case.ts';
import { type Judge, judgeCase } from './world.ts';

const MOST_SECONDS = 20;

export function judgeAll(judge: Judge): void {
  const home = process.env.HOME;
  beforeAll(() => {
    // Whoever inherits the environment would notice.
    process.env.GIT_EXTERNAL_DIFF = '/nowhere/evil';
    process.env.GIT_DIR = '/nowhere';
    process.env.HOME = '/nowhere';
  });
  afterAll(() => {
    delete process.env.GIT_EXTERNAL_DIFF;
    delete process.env.GIT_DIR;
    if (home === undefined) delete process.env.HOME;
    else process.env.HOME = home;
  });

  describe.each(Object.entries(HOSTILE_CASES))('%s', (_, cases) => {
    test.each(cases.map((one) => [one.name, one] as const))(
      '%s',
      { timeout: (MOST_SECONDS + 20) * 1000 },
      async (_name, one) => {
        const { findings, sprung, proven, milliseconds } = await judgeCase(one, judge);
        const rules = [...new Set(findings.map(({ rule }) => rule))];
        expect(sprung, 'something of it ran').toBe(false);
        expect(milliseconds).toBeLessThan(MOST_SECONDS * 1000);
        if (one.rules.length === 0) expect(findings).toEqual([]);
        else expect(one.rules).toContainEqual(rules.find((rule) => one.rules.includes(rule)));
        for (const rule of rules) expect(CHECK_RULES).toContain(rule);
        if (one.proof) expect(proven, 'the trap springs elsewhere').toBe(true);
      },
    );
  });
}
