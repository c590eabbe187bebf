/** Commits and tags that are ill formed, endless, or of another history. */
import { SOMEBODY } from '../git-check/object-store.ts';
import { each, type HostileCase, type World } from './case.ts';

/** A commit by its text, with TREE and BASE in it. */
const written = (
  name: string,
  text: string,
  rules: HostileCase['rules'] = ['fsck'],
): HostileCase => ({
  name,
  rules,
  deliver: ({ raw, files, base }: World) =>
    raw('commit', text.replaceAll('TREE', files({ a: 'a\n' })).replaceAll('BASE', base)),
});

const people = `author ${SOMEBODY}\ncommitter ${SOMEBODY}\n`;
const head = `tree TREE\nparent BASE\n${people}`;

const tagged = (name: string, text: string): HostileCase => ({
  name,
  rules: ['fsck', 'ancestry'],
  deliver: ({ raw, save, bundle }) => {
    const tip = save({ 'new.txt': 'new\n' });
    const tag = raw('tag', text.replaceAll('TIP', tip));
    return bundle({ 'refs/heads/work': tip, 'refs/tags/v1': tag });
  },
});

export const COMMITS: readonly HostileCase[] = [
  written(
    'CVE-2026-44309: a commit of two trees',
    `tree TREE\ntree TREE\nparent BASE\n${people}\nx`,
  ),
  written('a commit without an author', `tree TREE\nparent BASE\ncommitter ${SOMEBODY}\n\nx`),
  written('a commit of two authors', `tree TREE\nparent BASE\nauthor ${SOMEBODY}\n${people}\nx`),
  written('a commit without a tree', `parent BASE\n${people}\nx`),
  written('a commit with a NUL in its message', `${head}\nx\0y`),
  written('a commit with a NUL in its header', `tree TREE\nparent BASE\n\0${people}\nx`),
  written('a commit whose parent is no id', `tree TREE\nparent --help\n${people}\nx`),
  written('a commit whose parent is its tree', `tree TREE\nparent TREE\n${people}\nx`),
  written('a commit with no end to its header', `tree TREE\nparent BASE\nauthor ${SOMEBODY}`),
  written('a commit of nothing', ''),
  ...each(
    [
      'A <a@b.test> 99999999999999999999 +0000',
      'A <a@b.test> -1 +0000',
      'A <a@b.test> 1700000000 +00000000',
      'A a@b.test 1700000000 +0000',
      'A <a@b.test>1700000000 +0000',
      'A <a@b.test',
      'A <a\n@b.test> 1 +0000',
    ],
    (who) =>
      written(
        `the author ${JSON.stringify(who)}`,
        `tree TREE\nparent BASE\nauthor ${who}\ncommitter ${SOMEBODY}\n\nx`,
      ),
  ),
  {
    name: 'a message of 20 MB',
    rules: ['file-size'],
    deliver: ({ save }) => save({ x: 'x\n' }, { message: 'm'.repeat(20_000_000) }),
  },
  {
    name: 'CVE-2024-52005: a message with orders for a terminal',
    rules: [],
    deliver: ({ save }) =>
      save({ x: 'x\n' }, { message: '\u001b]0;owned\u0007\u001b[2J\u009b31m' }),
  },
  {
    name: 'a commit of 100,000 parents',
    rules: ['fsck', 'file-size'],
    deliver: ({ save, base }) => save({ x: 'x\n' }, { parents: Array(100_000).fill(base) }),
  },
  {
    name: 'a commit of 10,000 parents, all different',
    rules: ['commit-count', 'fsck'],
    deliver: ({ save, base }) => {
      const parents = Array.from({ length: 10_000 }, (_, index) =>
        save({}, { message: `${index}`, parents: [base] }),
      );
      return save({ x: 'x\n' }, { parents });
    },
  },
  {
    name: '10,000 commits in a row',
    rules: ['commit-count'],
    deliver: ({ commit, files, base }) => {
      const tree = files({ a: 'a\n' });
      let tip = base;
      for (let index = 0; index < 10_000; index += 1)
        tip = commit({ tree, parents: [tip], message: `${index}` });
      return tip;
    },
  },
  {
    name: 'a history of its own',
    rules: ['ancestry'],
    deliver: ({ save }) => save({ x: 'x\n' }, { parents: [] }),
  },
  {
    name: 'the base as a parent of a parent that is not the base',
    rules: [],
    deliver: ({ save }) => save({ x: 'x\n', y: 'y\n' }, { parents: [save({ x: 'x\n' })] }),
  },
  {
    name: 'a merge of a history of its own, which has protected files',
    rules: ['protected-path'],
    deliver: ({ save, base }) =>
      save(
        { x: 'x\n' },
        { parents: [base, save({ x: 'x\n' }, { parents: [], message: 'Other' })] },
      ),
  },
  {
    name: 'a history that ends in a tree in place of the base',
    rules: ['fsck'],
    deliver: ({ save, files }) => save({ x: 'x\n' }, { parents: [files({ a: 'a\n' })] }),
  },
  tagged(
    'a tag of what is not there',
    `object ${'d'.repeat(40)}\ntype commit\ntag v1\ntagger ${SOMEBODY}\n\nx`,
  ),
  tagged(
    'a tag of another type than it says',
    `object TIP\ntype tree\ntag v1\ntagger ${SOMEBODY}\n\nx`,
  ),
  tagged(
    'a tag with a name like a path',
    `object TIP\ntype commit\ntag ../../x\ntagger ${SOMEBODY}\n\nx`,
  ),
  tagged(
    'a tag with a name like an option',
    `object TIP\ntype commit\ntag -d x\ntagger ${SOMEBODY}\n\nx`,
  ),
  tagged('a tag without a tagger', 'object TIP\ntype commit\ntag v1\n\nx'),
  tagged('a tag of no type', 'object TIP\ntype evil\ntag v1\n\nx'),
  {
    name: 'a tag of a file',
    rules: ['ancestry', 'fsck'],
    deliver: ({ blob, tag, bundle }) => bundle({ 'refs/tags/v1': tag(blob('x'), 'blob', 'v1') }),
  },
  {
    name: 'a tag of a tag, 1,000 deep',
    rules: [],
    deliver: ({ save, tag, bundle }) => {
      let id = tag(save({ x: 'x\n' }), 'commit', 'v0');
      for (let depth = 1; depth < 1000; depth += 1) id = tag(id, 'tag', `v${depth}`);
      return bundle({ 'refs/tags/v1': id });
    },
  },
];
