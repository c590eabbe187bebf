/** Where a path of the guest goes in the artifact. */
import { expect, test } from 'vitest';
import { createPlacement } from '../../src/outputs/collect-place.ts';
import { parseGlob } from '../../src/outputs/glob.ts';
import { makePlan } from '../provision/plan.ts';

const home = '/home/node';
const base = { workspace: `${home}/workspace`, home };
const globs = ['*.md', '~/*.txt', '~/workspace2/*', '/var/log/**'].map((text) =>
  parseGlob(text, base),
);

test.each<[string, string | undefined]>([
  ['home/node/outputs/a/b', 'outputs/a/b'],
  ['home/node/outputs2/a', undefined],
  ['home/node/outputs', undefined],
  ['home/node/workspace/a.md', 'workspace/a.md'],
  ['home/node/workspace2/a', 'home/workspace2/a'],
  ['home/node/a.txt', 'home/a.txt'],
  ['var/log/x/y.log', 'root/var/log/x/y.log'],
  ['etc/shadow', undefined],
  ['tmp/scratch-1/work.bundle', '.collect/work.bundle'],
  ['tmp/scratch-1/other', undefined],
  ['tmp/scratch-2/work.bundle', undefined],
  ['home/node/outputs/x/work.bundle', 'outputs/x/work.bundle'],
  ['.collect/result', undefined],
])('%s → %s', (path, expected) => {
  expect(createPlacement(makePlan('', home), globs, 'scratch-1').place(path)).toBe(expected);
});

test('a glob counts as matched where its file lies in the output directory too', () => {
  const inOutputs = [parseGlob('~/outputs/*.md', base), parseGlob('*.log', base)];
  const placement = createPlacement(makePlan('', home), inOutputs, 'scratch');
  placement.place('home/node/outputs/a.md');
  expect(placement.unmatched().map(({ text }) => text)).toEqual(['*.log']);
});
