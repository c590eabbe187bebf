import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { diffStat } from '../../src/report/diff-stat.ts';

const directory = mkdtempSync(join(tmpdir(), 'diff-stat-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function git(...args: string[]): string {
  return execFileSync('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory, GIT_CONFIG_NOSYSTEM: '1' },
    encoding: 'utf8',
  });
}

test('counts what git counts', () => {
  const write = (name: string, text: string | Uint8Array) =>
    writeFileSync(join(directory, name), text);
  git('init', '-q');
  write('changed.txt', 'a\nb\nc\n');
  write('gone.txt', 'was\nhere\n');
  write('moved.txt', 'one\ntwo\nthree\nfour\nfive\n');
  write('image.bin', Buffer.from([0, 1, 2]));
  write('run.sh', 'true\n');
  git('add', '.');
  const base = git('write-tree').trim();
  // Lines that look like headers when they are added or removed.
  write('changed.txt', 'a\n-- a/b\n++ b/c\n@@ -1 +1 @@\nc');
  rmSync(join(directory, 'gone.txt'));
  renameSync(join(directory, 'moved.txt'), join(directory, 'moved here.txt'));
  write('image.bin', Buffer.from([0, 3, 2]));
  chmodSync(join(directory, 'run.sh'), 0o755);
  write('with space.txt', 'x\n');
  write('ä "q"\t\n.txt', 'x\n');
  write('empty', '');
  git('add', '.');
  const expected = git('diff', '--cached', base, '-M', '--numstat', '-z')
    .replace(/\t\0([^\0]*)\0([^\0]*)/g, '\t$2')
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, added, removed, path] = /^(\S+)\t(\S+)\t(.*)$/s.exec(entry) ?? [];
      const number = (text = '') => (text === '-' ? null : Number(text));
      return { path, added: number(added), removed: number(removed) };
    });
  expect(expected).toHaveLength(8);
  expect(diffStat(git('diff', '--cached', base, '-M', '--binary'))).toEqual(expected);
  expect(diffStat(git('diff', '--cached', base, '-M'))).toEqual(expected);
});

test('takes any text', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'diff --git a/x b/x',
      'diff --git ',
      '@@ -1,9999999 +1 @@',
      '+++ b/y',
      '--- "a',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const stat of diffStat(lines.join('\n'))) {
        expect(stat.added ?? 0).toBeLessThanOrEqual(lines.length);
      }
    }),
  );
});
