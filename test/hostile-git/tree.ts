/** Directories that are ill formed, that stand for others on some file system, or that have no end. */
import type { Entry } from '../git-check/object-store.ts';
import { each, type HostileCase, type World } from './case.ts';

const withTree = (
  name: string,
  rules: HostileCase['rules'],
  entries: (world: World) => readonly Entry[],
): HostileCase => ({
  name,
  rules,
  deliver: (world) => world.commit({ tree: world.tree(entries(world)), parents: [world.base] }),
});

const named = (name: string | Uint8Array, mode = '100644') =>
  withTree(
    `the ${mode === '40000' ? 'directory' : 'name'} ${JSON.stringify(Buffer.from(name as string).toString('latin1')).slice(0, 60)}`,
    ['fsck', 'path-alias'],
    ({ blob, files }) => [{ name, mode, id: mode === '40000' ? files({ x: 'x' }) : blob('x') }],
  );

/** What macOS and Windows take for `.git`. */
const GIT_ALIASES = [
  ...['.git', '.GIT', '.Git', '.git ', '.git.', '.git. .', '.git...', 'git~1', 'GIT~1'],
  ...[
    '.g\u200cit',
    '.gi\u200dt',
    '\ufeff.git',
    '.git\u202e',
    '.g\u206ait',
    '.git::$INDEX_ALLOCATION',
  ],
  ...['.git:x', '.git:$I30:$INDEX_ALLOCATION', '.GIT\u200b', 'git~2', '.git\\hooks\\post-checkout'],
];
const NO_NAMES = [
  '',
  '.',
  '..',
  'a/b',
  '/etc/passwd',
  '../x',
  '..\\x',
  'a\nb',
  'a\rb',
  'a\u001b[2J',
];
const HIDDEN = ['a\u202etxt.exe', 'a\u200bb', 'a\u2028b', Buffer.from([0x61, 0xff]), 'a\u007fb'];
const MODES = ['100664', '0', '040000', '0100644', '120755', '100777', '777', '160001', '104755'];

const file = ({ blob }: World, name: string): Entry => ({ name, id: blob('') });

export const TREES: readonly HostileCase[] = [
  ...each(GIT_ALIASES, (name) => named(name)),
  ...each(GIT_ALIASES.slice(0, 4), (name) => named(name, '40000')),
  ...each(NO_NAMES, (name) => named(name)),
  ...each(HIDDEN, (name) => named(name)),
  named('x'.repeat(5000)),
  ...each(MODES, (mode) =>
    withTree(`the mode ${mode}`, ['fsck'], ({ blob }) => [{ name: 'x', mode, id: blob('x') }]),
  ),
  withTree('the same name twice', ['fsck'], (world) => [file(world, 'a'), file(world, 'a')]),
  withTree('CVE-2026-44471: a link and a directory of one name', ['fsck'], ({ blob, files }) => [
    { name: 'a', mode: '120000', id: blob('.git') },
    { name: 'a', mode: '40000', id: files({ config: 'x' }) },
  ]),
  withTree('names out of order', ['fsck'], (world) => [file(world, 'b'), file(world, 'a')]),
  withTree('a null id', ['fsck'], () => [{ name: 'a', id: '0'.repeat(40) }]),
  withTree('a submodule with a null id', ['fsck', 'submodule'], () => [
    { name: 'a', mode: '160000', id: '0'.repeat(40) },
  ]),
  withTree('a directory that is a file', ['fsck'], ({ blob }) => [
    { name: 'a', mode: '40000', id: blob('x') },
  ]),
  withTree('a file that is a directory', ['fsck'], ({ files }) => [
    { name: 'a', id: files({ b: 'b' }) },
  ]),
  withTree('names that differ in case', ['path-alias'], (world) => [
    file(world, 'Makefile'),
    file(world, 'makefile'),
  ]),
  withTree('names that differ in their form of Unicode', ['path-alias'], (world) => [
    file(world, 'cafe\u0301'),
    file(world, 'caf\u00e9'),
  ]),
  withTree('names that differ in what HFS+ ignores', ['path-alias'], (world) => [
    file(world, 'a'),
    file(world, 'a\u200c'),
  ]),
  {
    name: 'a tree that is cut off',
    rules: ['fsck'],
    deliver: ({ raw, commit, base }) =>
      commit({ tree: raw('tree', Buffer.from('100644 a\0short')), parents: [base] }),
  },
  {
    name: 'a tree of other bytes',
    rules: ['fsck'],
    deliver: ({ raw, commit, base }) =>
      commit({ tree: raw('tree', 'no tree at all'), parents: [base] }),
  },
  {
    name: 'a commit whose tree is a file',
    rules: ['fsck'],
    deliver: ({ blob, commit, base }) => commit({ tree: blob('x'), parents: [base] }),
  },
  {
    name: 'a million names in one directory',
    rules: ['file-count'],
    deliver: ({ blob, raw, commit, base }) => {
      const entry = Buffer.concat([
        Buffer.from('100644 f0000000\0'),
        Buffer.from(blob('x'), 'hex'),
      ]);
      const names = Buffer.alloc(entry.length * 1_000_000, entry);
      for (let index = 0; index < 1_000_000; index += 1)
        names.write(String(index).padStart(7, '0'), index * entry.length + 8, 'latin1');
      return commit({ tree: raw('tree', names), parents: [base] });
    },
  },
  {
    name: 'ten directories of ten, ten deep: ten billion files of one byte',
    rules: ['file-count'],
    deliver: ({ blob, tree, commit, base }) => {
      let id = blob('x');
      for (let depth = 0; depth < 10; depth += 1) {
        const mode = depth === 0 ? '100644' : '40000';
        const below = id;
        id = tree(
          Array.from({ length: 10 }, (_, index) => ({ name: `d${index}`, mode, id: below })),
        );
      }
      return commit({ tree: id, parents: [base] });
    },
  },
  {
    name: 'directories 5,000 deep',
    rules: ['fsck', 'path-alias'],
    deliver: ({ files, tree, commit, base }) => {
      let id = files({ x: 'x' });
      for (let depth = 0; depth < 5000; depth += 1) id = tree([{ name: 'd', mode: '40000', id }]);
      return commit({ tree: id, parents: [base] });
    },
  },
];
