/** What an output glob stands for. */
import { expect, test } from 'vitest';
import { parseGlob } from '../../src/outputs/glob.ts';

const base = { workspace: '/home/node/workspace', home: '/home/node' };
const W = base.workspace;

test.each<[string, string, boolean]>([
  ['dist/*.txt', `${W}/dist/a.txt`, true],
  ['dist/*.txt', `${W}/dist/d/a.txt`, false],
  ['dist/*.txt', `${W}/dist/.txt`, false],
  ['dist/*.txt', `${W}/other/a.txt`, false],
  ['./dist//*.txt', `${W}/dist/a.txt`, true],
  ['../x/*', '/home/node/x/a', true],
  ['*', `${W}/a`, true],
  ['*', `${W}/d/a`, false],
  ['?.md', `${W}/ü.md`, true],
  ['?.md', `${W}/😀.md`, true],
  ['?.md', `${W}/ab.md`, false],
  ['**/*.log', `${W}/a.log`, true],
  ['**/*.log', `${W}/d/e/a.log`, true],
  ['**/*.log', `${W}/.cache/a.log`, false],
  ['**/.cache/**', `${W}/d/.cache/a`, true],
  ['**/.cache/**', `${W}/d/.cache/.b/a`, false],
  ['**/.*', `${W}/d/.env`, true],
  ['a/**/b', `${W}/a/b`, true],
  ['a/**/b', `${W}/a/x/y/b`, true],
  ['a/**/b/**/c', `${W}/a/b/b/x/c`, true],
  ['a**b', `${W}/axxb`, true],
  ['a**b', `${W}/ax/xb`, false],
  ['dist', `${W}/dist`, true],
  ['dist', `${W}/dist/d/a`, true],
  ['dist', `${W}/dist/.hidden`, false],
  ['dist', `${W}/dist2`, false],
  ['d*/', `${W}/dist/e/a`, true],
  ['.env', `${W}/.env`, true],
  ['[ab].txt', `${W}/b.txt`, true],
  ['[ab].txt', `${W}/c.txt`, false],
  ['[!ab].txt', `${W}/c.txt`, true],
  ['[^ab].txt', `${W}/a.txt`, false],
  ['[a-c0-9].txt', `${W}/5.txt`, true],
  ['[]x].txt', `${W}/].txt`, true],
  ['[!]x].txt', `${W}/].txt`, false],
  ['[a-].txt', `${W}/-.txt`, true],
  ['[.]x', `${W}/.x`, false],
  ['[open.txt', `${W}/[open.txt`, true],
  ['[[]id].tsx', `${W}/[id].tsx`, true],
  ['a.c', `${W}/abc`, false],
  ['(a|b)+', `${W}/(a|b)+`, true],
  ['~/notes.md', '/home/node/notes.md', true],
  ['~/n*', '/home/node/notes.md', true],
  ['~notes', `${W}/~notes`, true],
  ['/var/log/*.log', '/var/log/x.log', true],
  ['/var/log/*.log', `${W}/var/log/x.log`, false],
])('%s · %s: %s', (glob, path, expected) => {
  expect(parseGlob(glob, base).matches(path)).toBe(expected);
});

test.each<[string, string, number, string, string]>([
  ['dist/*.txt', `${W}/dist`, 1, '*.txt', '.?*'],
  ['*/out/*', W, 3, '*', '.?*'],
  ['**/*.log', W, 9999, '*.log', '.?*'],
  ['**/.env', W, 9999, '.env', '.git'],
  ['dist', `${W}/dist`, 9999, '*', '.?*'],
  ['~/.config/*.toml', '/home/node/.config', 1, '*.toml', '.?*'],
  ['a[bc]?.x\\y', W, 1, 'a**.x*y', '.?*'],
  ['/', '/', 9999, '*', '.?*'],
])('%s is looked for in %s', (glob, directory, depth, name, skipped) => {
  expect(parseGlob(glob, base).search).toEqual({ directory, depth, name, skipped });
});

test('many stars cost no more than the product of the lengths', () => {
  const glob = parseGlob(`${'*a'.repeat(60)}b`, base);
  const started = performance.now();
  expect(glob.matches(`${W}/${'a'.repeat(250)}`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
