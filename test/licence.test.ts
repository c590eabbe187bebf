/** `dist/LICENSES.txt` names every package that can be in the bundles. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

type Locked = {
  readonly version: string;
  /** Where the package is installed under another name. */
  readonly name?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
};

test('the licences of all run-time packages are in dist', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, Locked>;
  };
  const named = Object.entries(packages).flatMap(([path, { name, version, dev, optional }]) => {
    if (path === '' || dev || optional) return [];
    return [`${name ?? path.replace(/^.*node_modules\//, '')}@${version}`];
  });
  expect(named.length).toBeGreaterThan(50);
  const licences = read('dist/LICENSES.txt');
  expect(named.filter((name) => !licences.includes(` - ${name}\n`))).toEqual([]);
});
