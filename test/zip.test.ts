/** A zip from a hostile writer gives the files that are wanted, or an error; never a path, never a flood. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeFromZip, withZip } from '../src/zip.ts';
import { type ZipPart as Part, packZip as zip } from './zip-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'zip-'));
  mkdirSync(join(root, 'out'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function take(bytes: Buffer, most = 1000): Promise<ReadonlySet<string>> {
  writeFileSync(join(root, 'a.zip'), bytes);
  return takeFromZip(join(root, 'a.zip'), { wanted: most }, join(root, 'out'));
}

const out = () => readdirSync(join(root, 'out'));

test.each([0, 8])('a wanted file is taken, by method %i, and no other', async (method) => {
  const content = Buffer.from('what is wanted\n'.repeat(20));
  const parts = [{ name: 'other' }, { name: 'wanted', content, method }, { name: 'dir/wanted' }];
  expect([...(await take(zip(parts)))]).toEqual(['wanted']);
  expect(out()).toEqual(['wanted']);
  expect(readFileSync(join(root, 'out/wanted'))).toEqual(content);
});

test('an empty file and an empty zip are fine', async () => {
  expect((await take(zip([{ name: 'wanted', content: Buffer.alloc(0), method: 0 }]))).size).toBe(1);
  expect((await take(zip([]))).size).toBe(0);
});

test.each<[string, Part[], RegExp]>([
  ['leads up', [{ name: '../wanted' }], /leads out/],
  ['leads up from below', [{ name: 'a/../../wanted' }], /leads out/],
  ['begins at the root', [{ name: '/etc/passwd' }], /leads out/],
  ['begins at a drive', [{ name: 'C:wanted' }], /leads out/],
  ['goes back by backslashes', [{ name: '..\\wanted' }], /leads out/],
  ['ends early', [{ name: 'wanted\0.txt' }], /leads out/],
  ['is there twice', [{ name: 'wanted' }, { name: 'wanted' }], /twice/],
  ['is too large', [{ name: 'wanted', content: Buffer.alloc(1001) }], /more than 1000/],
  [
    'is larger than it says',
    [{ name: 'wanted', content: Buffer.alloc(1 << 24), lies: { size: 10 } }],
    /more bytes than the zip says/,
  ],
  ['is smaller than it says', [{ name: 'wanted', lies: { size: 10 } }], /not what the zip says/],
  ['is another', [{ name: 'wanted', lies: { crc: 1 } }], /not what the zip says/],
  ['is encrypted', [{ name: 'wanted', lies: { flags: 1 } }], /encrypted/],
  ['is packed by something else', [{ name: 'wanted', method: 12 }], /method 12/],
  ['is nowhere', [{ name: 'wanted', lies: { offset: 1 << 30 } }], /not there/],
  ['is cut', [{ name: 'wanted', lies: { packed: 1 } }], /./],
])('a name that %s is refused', async (_, parts, message) => {
  await expect(take(zip(parts))).rejects.toThrow(message);
  expect(readdirSync(root).sort()).toEqual(['a.zip', 'out']);
});

test.each<[string, () => Buffer]>([
  ['no zip', () => Buffer.from('hello')],
  ['nothing', () => Buffer.alloc(0)],
  ['a zip without its end', () => zip([{ name: 'wanted' }]).subarray(0, -22)],
  ['a zip without its beginning', () => zip([{ name: 'wanted' }]).subarray(40)],
])('%s is an error', async (_, make) => {
  await expect(take(make())).rejects.toThrow();
});

test('a name of an object is no wanted file', async () => {
  expect([...(await take(zip([{ name: '__proto__' }, { name: 'constructor' }])))]).toEqual([]);
});

function read(bytes: Buffer, most = 1000): Promise<Buffer | undefined> {
  writeFileSync(join(root, 'a.zip'), bytes);
  return withZip(join(root, 'a.zip'), (zip) => zip.read('wanted', most));
}

test.each([0, 8])('a file is read by its whole name, packed with method %i', async (method) => {
  const content = Buffer.from('what is wanted');
  const parts = [{ name: 'a/wanted' }, { name: 'wanted', content, method }, { name: 'wanted.bak' }];
  expect(await read(zip(parts))).toEqual(content);
  expect(await read(zip([{ name: 'a/wanted' }]))).toBeUndefined();
  writeFileSync(join(root, 'a.zip'), zip(parts));
  const names = await withZip(join(root, 'a.zip'), async (opened) => opened.names);
  expect(names).toEqual(['a/wanted', 'wanted', 'wanted.bak']);
  expect(out()).toEqual([]);
});

test.each([0, 8])('one that is too large is not read, packed with method %i', async (method) => {
  const content = Buffer.alloc(1 << 24);
  await expect(read(zip([{ name: 'wanted', content, method }]))).rejects.toThrow(/more than 1000/);
  const lies = { size: 10 };
  const lying = zip([{ name: 'wanted', content, method, lies }]);
  await expect(read(lying)).rejects.toThrow(/more bytes than the zip says/);
});

test('broken bytes are an error or nothing: never more', async () => {
  const content = Buffer.from('{"a":1}');
  const good = zip([
    { name: 'a', content: Buffer.alloc(100) },
    { name: 'wanted', content },
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(good.length),
      async (changes, keep) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const found = await read(bytes.subarray(0, keep)).catch((error) => error);
        if (found instanceof Error) return;
        expect(found === undefined || found.length <= 1000).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});
