/** All statements of the contract are here: run, or named as not run. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const STATEMENTS = 68;

test('each statement from 1 to 68 appears', () => {
  const directory = import.meta.dirname;
  const numbers = globSync('*.test.ts', { cwd: directory }).flatMap((file) =>
    [...readFileSync(join(directory, file), 'utf8').matchAll(/^statement\(\s*(\d+),/gm)].map(
      ([, number]) => Number(number),
    ),
  );
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  expect(distinct).toEqual(Array.from({ length: STATEMENTS }, (_, index) => index + 1));
});
