/** Bundles whose header is none, lies, or asks for what git would do without a thought. */
import { bundleOf } from '../git-check/object-store.ts';
import { each, type HostileCase, type World } from './case.ts';

const header = (name: string, write: (world: World, tip: string) => Buffer): HostileCase => ({
  name,
  rules: ['fsck'],
  deliver: (world) => write(world, world.save({ 'new.txt': 'new\n' })),
});

const text = (lines: readonly string[], { newPack }: World) =>
  Buffer.concat([Buffer.from(`${lines.join('\n')}\n\n`), newPack()]);

export const BUNDLES: readonly HostileCase[] = [
  header('no bundle', () => Buffer.alloc(0)),
  header('a shell script', () => Buffer.from('#!/bin/sh\ntouch /tmp/x\n')),
  header('an archive', () => Buffer.alloc(10_240)),
  header('a bundle of version 9', (world, tip) =>
    text(['# v9 git bundle', `${tip} refs/heads/work`], world),
  ),
  header('CVE-2025-48385: a list of bundles elsewhere', ({ trap }) =>
    Buffer.from(`[bundle]\n\tversion = 1\n\tmode = all\n[bundle "x"]\n\turi = file://${trap}\n`),
  ),
  header('a header that does not end', () =>
    Buffer.from(`# v2 git bundle\n${`-${'a'.repeat(40)} \n`.repeat(50_000)}`),
  ),
  header('a header with a line of 10 MB', () =>
    Buffer.from(`# v2 git bundle\n${'a'.repeat(10_000_000)}`),
  ),
  header('a header that is cut off', (_, tip) => Buffer.from(`# v2 git bundle\n${tip} refs/he`)),
  header('a ref without an object', (world) => text(['# v2 git bundle', 'refs/heads/x'], world)),
  header('a ref to half an id', (world, tip) =>
    text(['# v2 git bundle', `${tip.slice(0, 12)} refs/heads/x`], world),
  ),
  header('a ref to an option', (world) =>
    text(['# v2 git bundle', '--upload-pack=x refs/heads/x'], world),
  ),
  header('a ref to an object that it has not', ({ bundle }) =>
    bundle({ 'refs/heads/work': 'b'.repeat(40) }),
  ),
  header('a ref to the id that stands for nothing', ({ bundle }) =>
    bundle({ 'refs/heads/work': '0'.repeat(40) }),
  ),
  header('a ref to a tree', ({ bundle, files }) =>
    bundle({ 'refs/heads/work': files({ a: 'a' }) }),
  ),
  header('a ref to a file', ({ bundle, blob }) => bundle({ 'refs/heads/work': blob('a') })),
  header('ids of two lengths', (world, tip) =>
    text(['# v2 git bundle', `${tip} refs/heads/a`, `${'c'.repeat(64)} refs/heads/b`], world),
  ),
  header('ids of the other hash', (world) =>
    text(['# v3 git bundle', '@object-format=sha256', `${'c'.repeat(64)} refs/heads/b`], world),
  ),
  ...each(['@filter=blob:none', '@evil=x', '@object-format=md5'], (capability) =>
    header(`a bundle that needs ${capability}`, (world, tip) =>
      text(['# v3 git bundle', capability, `${tip} refs/heads/work`], world),
    ),
  ),
  header('a bundle that leaves files out', ({ commit, tree, base, bundle }) => {
    const of = tree([{ name: 'gone', id: 'd'.repeat(40) }]);
    return bundle({ 'refs/heads/work': commit({ tree: of, parents: [base] }) });
  }),
  header('a bundle that leaves a directory out', ({ commit, base, bundle }) =>
    bundle({ 'refs/heads/work': commit({ tree: 'd'.repeat(40), parents: [base] }) }),
  ),
  header('a bundle that leaves a commit out', ({ save, bundle }) =>
    bundle({ 'refs/heads/work': save({}, { parents: ['d'.repeat(40)] }) }),
  ),
  {
    name: 'a bundle that says that it needs what nobody has',
    rules: [],
    deliver: ({ save, newPack }) => {
      const tip = save({ 'new.txt': 'new\n' });
      return bundleOf({ 'refs/heads/work': tip }, ['e'.repeat(40)], newPack());
    },
  },
];
