import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { choosePacking } from '../../src/report/packing.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packing-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, content: string | Buffer, size?: number): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  // Grown by a hole: nothing is written.
  if (size !== undefined) truncateSync(path, size);
  return path;
}

const MIB = 1 << 20;
const text = 'the quick brown fox jumps over the lazy dog\n'.repeat(2000);

describe('the packing of an artifact', () => {
  test('of one large file is none', () => {
    const large = file('large.bin', text, 64 * MIB);
    expect(choosePacking([large])).toEqual({ kind: 'raw', file: large });
    expect(choosePacking([large, file('small', 'x')])).toEqual({ kind: 'zip', level: 1 });
    expect(choosePacking([file('smaller', text, 64 * MIB - 1)])).toEqual({ kind: 'zip', level: 1 });
  });

  test.each([
    ['text', 'a.txt', text, 6],
    ['base64', 'a', randomBytes(99_000).toString('base64'), 6],
    ['random bytes', 'a.txt', randomBytes(99_000), 0],
    ['a name that says so', 'a.PNG', text, 0],
    ['nothing', 'a', '', 6],
  ])('of %s has its level', (_, name, content, level) => {
    expect(choosePacking([file(name, content)])).toEqual({ kind: 'zip', level });
  });

  test('goes by most of the bytes', () => {
    const dense = file('dense', randomBytes(100_000));
    const loose = (size: number) => file('loose.txt', text.slice(0, size));
    expect(choosePacking([dense, loose(80_000)])).toEqual({ kind: 'zip', level: 0 });
    expect(choosePacking([file('dense', randomBytes(50_000)), loose(80_000)])).toEqual({
      kind: 'zip',
      level: 6,
    });
  });

  test('takes a file that begins like an archive and goes on as text for text', () => {
    const mixed = Buffer.concat([randomBytes(8192), Buffer.from(text)]);
    expect(choosePacking([file('mixed', mixed)])).toEqual({ kind: 'zip', level: 6 });
  });

  test('of files that are gone is still one', () => {
    expect(choosePacking([join(directory, 'gone')])).toEqual({ kind: 'zip', level: 6 });
  });
});
