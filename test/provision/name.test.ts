/** Whatever a checkout calls its files, links and directories, they arrive under the same names. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytePathOf, textOf } from '../../src/provision/byte-path.ts';
import { makeExclude } from '../../src/provision/exclude.ts';
import { commitAll } from './repository.ts';
import { makeScene } from './scene.ts';
import { treeOf } from './tree.ts';

/** A legal file name; `.git` in any spelling, and what git itself refuses, are not for a tree. */
const nameArbitrary = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom(...'\n\r\t "\'\\$`*?[]{};&|<>()#~!-=: aé中🧞'),
      minLength: 1,
    }),
    fc.constantFrom('-rf', '--', '-', ' ', '\n', '$(touch x)', '`id`', "'", '"', 'a\\b', '%s'),
    fc.integer({ min: 200, max: 255 }).map((length) => 'n'.repeat(length)),
  )
  .map((name) => name.replace(/[/\0]/g, '_').replace(/\p{Cs}/gu, '_'))
  .filter((name) => !/^(\.|\.\.)$|^\.?git/i.test(name) && Buffer.byteLength(name) <= 255);

type Content =
  | { readonly kind: 'file'; readonly mode: number; readonly data: string }
  | { readonly kind: 'symlink'; readonly target: string };
type Entry = { readonly path: string; readonly content: Content };

const entryArbitrary: fc.Arbitrary<Entry> = fc.record({
  path: fc.array(nameArbitrary, { minLength: 1, maxLength: 3 }).map((names) => names.join('/')),
  content: fc.oneof(
    fc.record({
      kind: fc.constant('file' as const),
      mode: fc.constantFrom(0o644, 0o755),
      data: fc.string(),
    }),
    fc.record({ kind: fc.constant('symlink' as const), target: nameArbitrary }),
  ),
});

function makeFiles(root: string, entries: readonly Entry[]): void {
  for (const { path, content } of entries) {
    const target = join(root, path);
    try {
      mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
      if (content.kind === 'symlink') symlinkSync(content.target, target);
      else writeFileSync(target, content.data, { mode: content.mode, flag: 'wx' });
    } catch {
      // The path of one is a directory or a name of another.
    }
  }
}

test('in a repository: committed, modified or new', async () => {
  const tree = fc.array(entryArbitrary, { minLength: 10, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(tree, tree, async (committed, added) => {
      const scene = makeScene();
      scene.git('init', '-q');
      makeFiles(scene.workspace, committed);
      commitAll(scene);
      makeFiles(scene.workspace, added);
      const { baseTree } = await scene.provision();
      expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
      scene.git('add', '--all');
      expect(baseTree).toBe(scene.git('write-tree').trim());
      expect(scene.guestGit('diff', '--name-only', 'HEAD')).toBe('');
      rmSync(scene.root, { recursive: true });
    }),
    { numRuns: 8 },
  );
});

test('in a folder, and as skills', async () => {
  const tree = fc.array(entryArbitrary, { minLength: 10, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(tree, async (entries) => {
      const scene = makeScene();
      makeFiles(scene.workspace, entries);
      const to = join(scene.home, 'skills');
      const list = [{ name: 'verify', from: scene.workspace }];
      await scene.provision({ skills: { list, to } });
      expect(treeOf(scene.guestWorkspace)).toEqual(treeOf(scene.workspace));
      expect(treeOf(join(to, 'verify'))).toEqual(treeOf(scene.workspace));
      expect(scene.guestGit('status', '--porcelain')).toBe('');
      rmSync(scene.root, { recursive: true });
    }),
    { numRuns: 8 },
  );
});

test('a path is the same after its way through bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(textOf(bytePathOf(text))).toBe(text);
    }),
  );
  expect(textOf('caf\xe9')).toBeUndefined();
});

test('a path without wildcards excludes itself and what is below it, and nothing else', () => {
  fc.assert(
    fc.property(nameArbitrary, nameArbitrary, (name, other) => {
      fc.pre(!/[*?]/.test(name) && other !== name && !name.startsWith('./'));
      const isOut = makeExclude([name]);
      expect(isOut(bytePathOf(name))).toBe(true);
      expect(isOut(bytePathOf(`${name}/${other}`))).toBe(true);
      expect(isOut(bytePathOf(other))).toBe(false);
      expect(isOut(bytePathOf(`${other}/${name}`))).toBe(false);
    }),
  );
});

test.each([
  ['*.log', ['a.log', '.log', 'a.log/below'], ['a/b.log', 'a.logs']],
  ['**/*.log', ['a.log', 'a/b/c.log'], ['a.logs']],
  ['docs/', ['docs', 'docs/a/b'], ['docs2', 'a/docs']],
  ['./docs/**', ['docs/a', 'docs/a/b'], ['docs']],
  ['a/**/z', ['a/z', 'a/b/c/z'], ['az', 'b/a/z']],
  ['file-?.ts', ['file-1.ts'], ['file-12.ts', 'file-/.ts']],
  ['café/*', ['café/é'], ['cafe/x']],
  ['**', ['a', 'a/b'], []],
])('exclude %s', (glob, out, kept) => {
  const isOut = makeExclude([glob]);
  for (const path of out) expect(isOut(bytePathOf(path)), path).toBe(true);
  for (const path of kept) expect(isOut(bytePathOf(path)), path).toBe(false);
});
