/** The head's manifest is ignored, and people are shown in which way it differs. */
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import type { ManifestFiles } from '../../src/manifest/manifest.ts';
import { diffLines } from '../../src/trust/line-diff.ts';
import { compareManifest } from '../../src/trust/manifest-difference.ts';

/** A file whose content is `refused` cannot be read. */
function filesOf(contents: Readonly<Record<string, string>>): ManifestFiles {
  return {
    root: '/',
    read: async (path) => {
      const content = contents[path];
      if (content === 'refused') {
        const fields = { what: 'This leads out', where: path, fix: 'x' };
        throw new BottleError({ outcome: 'config-invalid', ...fields });
      }
      return content === undefined ? undefined : Buffer.from(content);
    },
    list: async (directory) => {
      const names = Object.keys(contents).filter((path) => path.startsWith(`${directory}/`));
      const entries = names.map((path) => path.slice(directory.length + 1));
      return names.length === 0
        ? undefined
        : entries.map((name) => ({ name, kind: 'file', size: 1 }) as const);
    },
  };
}

const compare = (before: Record<string, string>, after: Record<string, string>, carrier = 'm') =>
  compareManifest(filesOf(before), filesOf(after), carrier);

describe('the difference', () => {
  test('is nothing when both are the same', async () => {
    const same = { 'm/bottles/a.md': 'a', 'm/agents/b.md': 'b', other: '1' };
    expect(await compare(same, { ...same, other: '2' })).toBeUndefined();
  });

  test('names what was added, removed and changed, with its lines', async () => {
    const before = { 'm/bottles/a.md': 'x\ny\nz', 'm/agents/gone.md': 'old', 'm/agents/b.md': 'b' };
    const after = { 'm/bottles/a.md': 'x\nY\nz', 'm/bottles/new.md': 'n', 'm/agents/b.md': 'b' };
    expect(await compare(before, after)).toBe(
      `The manifest in the head differs from the trusted one and is ignored (3 files):
removed m/agents/gone.md
-old
changed m/bottles/a.md
-y
+Y
added m/bottles/new.md
+n`,
    );
  });

  test('of one file', async () => {
    const text = await compare({ 'm.yml': 'a: 1' }, { 'm.yml': 'a: 2' }, 'm.yml');
    expect(text).toContain('changed m.yml\n-a: 1\n+a: 2');
  });

  test('shows what cannot be read as such', async () => {
    const text = await compare({ 'm/agents/a.md': 'a' }, { 'm/agents/a.md': 'refused' });
    expect(text).toContain('+(not readable: This leads out)');
  });

  test('is bounded and printable, whatever the head holds', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `${n}\u202e\u001b[31m${'w'.repeat(999)}`);
    const evil = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [`m/agents/a${n}\n::error::x.md`, lines.join('\n')]),
    );
    const text = (await compare({}, evil)) ?? '';
    expect(text.length).toBeLessThan(25_000);
    expect(text).not.toMatch(/(?!\n)[\p{C}]/u);
    expect(text.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
    expect(text).toContain('… 80 more files');
  });
});

test.each([
  ['a\nb\nc', 'a\nc', ['-b']],
  ['a\nc', 'a\nb\nc', ['+b']],
  ['a\nb\nc\nd', 'a\nx\nc\ny', ['-b', '+x', '-d', '+y']],
  ['', '', []],
])('lines of %j and %j', (before, after, expected) => {
  expect(diffLines(before, after, 10)).toEqual({ lines: expected, more: 0 });
});
