/** Whatever an archive holds, nothing is written outside the directory that it is unpacked into. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ArchiveError, unpackArchive } from '../../src/machine/install/archive.ts';
import { TarError } from '../../src/tar/tar-error.ts';
import { type TarEntry, tarArchive } from '../pack/tar.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks into a fresh directory beside which nothing may change; says what was thrown. */
async function unpack(bytes: Uint8Array, limits?: { maxEntries: number; maxBytes: number }) {
  const place = mkdtempSync(join(folder, 'place-'));
  const [archive, to] = [join(place, 'archive.tar.gz'), join(place, 'tree')];
  writeFileSync(archive, bytes);
  mkdirSync(to);
  const error = await unpackArchive(archive, 'top', to, limits).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(readdirSync(place)).toEqual(['archive.tar.gz', 'tree']);
  return { error, names: readdirSync(to) };
}

const pack = (entries: readonly TarEntry[]) => gzipSync(tarArchive(entries));
const file = (name: string): TarEntry => ({ name, body: 'x' });
const link = (name: string, target: string): TarEntry => ({ name, type: '2', link: target });
const hard = (name: string, target: string): TarEntry => ({ name, type: '1', link: target });

test.each<[what: string, entries: readonly TarEntry[], message: RegExp]>([
  ['a name that climbs', [file('top/../../evil')], /does not lie in top/],
  ['an absolute name', [file('/etc/evil')], /does not lie in top/],
  ['another directory', [file('elsewhere/evil')], /does not lie in top/],
  ['a file beside the directory', [file('evil')], /does not lie in top/],
  ['a file that comes twice', [file('top/a'), file('top/a')], /comes twice/],
  ['a file in place of a link', [link('top/a', 'b'), file('top/a')], /comes twice/],
  ['a file below a link', [link('top/a', '.'), file('top/a/evil')], /lies below something else/],
  ['a file below a file', [file('top/a'), file('top/a/evil')], /lies below something else/],
  ['a link to outside', [link('top/a/b', '../../evil')], /link to outside/],
  ['a link that climbs within', [link('top/a', 'b/../../evil')], /link to outside/],
  ['an absolute link', [link('top/lib', '/lib')], /link to outside/],
  ['an empty link', [link('top/a', '')], /link to nowhere/],
  ['a guest link that climbs', [link('top/agent-rootfs/a', '../../x')], /link to outside/],
  ['a hard link to outside', [hard('top/a', '../evil')], /does not lie in top/],
  ['a hard link to nothing', [hard('top/a', 'top/b')], /link to no file/],
  ['a hard link to a link', [link('top/b', 'c'), hard('top/a', 'top/b')], /link to no file/],
  ['a device', [{ name: 'top/null', type: '3' }], /is a character-device/],
  ['a pipe', [{ name: 'top/pipe', type: '6' }], /is a fifo/],
])('%s is refused', async (_what, entries, message) => {
  const { error } = await unpack(pack(entries));
  expect(error).toBeInstanceOf(ArchiveError);
  expect((error as Error).message).toMatch(message);
});

test('an archive may name directories again, and may leave them out', async () => {
  const again: TarEntry = { name: 'top/a/', type: '5' };
  const { error, names } = await unpack(pack([file('./top/a/b'), again, again, file('top/c')]));
  expect(error).toBeUndefined();
  expect(names.sort()).toEqual(['a', 'c']);
});

test('what is larger than any release is given up', async () => {
  const entries = [file('top/a'), file('top/b'), file('top/c')];
  expect((await unpack(pack(entries), { maxEntries: 2, maxBytes: 100 })).error).toMatchObject({
    message: 'more than 2 entries',
  });
  expect((await unpack(pack(entries), { maxEntries: 9, maxBytes: 2 })).error).toMatchObject({
    message: 'more than 2 bytes',
  });
});

test('what is cut short is told', async () => {
  const bytes = pack([file('top/a'), { name: 'top/noise', body: noise(4096) }]);
  expect((await unpack(bytes.subarray(0, -2000))).error).toBeInstanceOf(Error);
  expect(
    (await unpack(gzipSync(tarArchive([file('top/a')]).subarray(0, 600)))).error,
  ).toBeInstanceOf(TarError);
  expect((await unpack(Buffer.from('no gzip'))).error).toBeInstanceOf(Error);
});

function noise(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));
}

test('any entries: all inside, or an error', async () => {
  const part = fc.constantFrom('top', 'a', 'b', '.', '..', '', 'agent-rootfs');
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  const entry = fc.record({
    name: fc.oneof(
      name,
      name.map((text) => `top/${text}`),
    ),
    type: fc.constantFrom('0', '1', '2', '5'),
    link: name,
    body: fc.constant('x'),
  });
  const withoutBody = ({ body, ...rest }: TarEntry) =>
    rest.type === '0' ? { ...rest, body } : rest;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
      const { error } = await unpack(pack(entries.map((each) => withoutBody(each) as TarEntry)));
      expect(error === undefined || error instanceof Error).toBe(true);
    }),
    { numRuns: 300 },
  );
});
