import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BottleError } from '../../src/errors.ts';
import { type PackBytes, parsePack, readPack } from '../../src/image/pack.ts';
import { packFault } from '../../src/image/pack-fault.ts';
import { unpackLayers } from '../../src/image/unpack.ts';
import { type TarEntry, tarArchive } from '../pack/tar.ts';
import { writePack } from '../pack/writer.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
const MIB = 2 ** 20;

function memoryBytes(bytes: Buffer): PackBytes & { asked: number } {
  const source = {
    size: bytes.length,
    asked: 0,
    read: async (offset: number, length: number) => {
      source.asked = Math.max(source.asked, length);
      return bytes.subarray(offset, offset + length);
    },
  };
  return source;
}

/** Changes to a pack: whole numbers in its footer, single bytes, its length. */
const NUMBERS = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2048n }),
  fc.constantFrom(0n, 1n, 63n, 64n, 2n ** 24n, 2n ** 24n + 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n),
);
const CHANGES = fc.array(
  fc.oneof(
    fc.record({ footer: fc.constantFrom(12, 20, 28, 36, 44), value: NUMBERS }),
    fc.record({ at: fc.nat(4095), byte: fc.nat(255) }),
    fc.record({ cut: fc.nat(4095) }),
    fc.record({ insert: fc.nat(4095), bytes: fc.uint8Array({ maxLength: 80 }) }),
  ),
  { minLength: 1, maxLength: 4 },
);

test('10⁵ altered packs: an image-failed error or a sound pack, in bounded memory', async () => {
  const path = join(folder(), 'x');
  await writePack(path, { layers: [tarArchive([{ name: 'a', body: 'x' }])] });
  const sound = readFileSync(path);
  const before = process.memoryUsage().rss;
  let broken = 0;
  await fc.assert(
    fc.asyncProperty(CHANGES, async (changes) => {
      let pack = Buffer.from(sound);
      for (const edit of changes) {
        if ('footer' in edit && pack.length >= 64) {
          pack.writeBigUInt64LE(edit.value, pack.length - 64 + edit.footer);
        } else if ('at' in edit) pack[edit.at % pack.length] = edit.byte;
        else if ('cut' in edit) pack = pack.subarray(0, Math.max(1, edit.cut % pack.length));
        else if ('insert' in edit) {
          const at = edit.insert % pack.length;
          pack = Buffer.concat([pack.subarray(0, at), edit.bytes, pack.subarray(at)]);
        }
      }
      const bytes = memoryBytes(pack);
      const error = await parsePack(bytes, { path: 'x', arch: process.arch }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined) {
        broken += 1;
        expect(packFault(error)).toBeDefined();
        expect((error as BottleError).where.length).toBeLessThan(2000);
      }
      expect(bytes.asked).toBeLessThanOrEqual(pack.length);
    }),
    { numRuns: 100_000 },
  );
  expect(broken).toBeGreaterThan(50_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * MIB);
}, 60_000);

/** Names that lead out, up, through links and to whiteouts, in all combinations. */
const PART = fc.constantFrom('a', 'b', 'c', '..', '.', '', '.wh.a', '.wh..wh..opq', 'outside');
const NAME = fc
  .tuple(fc.constantFrom('', '', '', '/'), fc.array(PART, { minLength: 1, maxLength: 4 }))
  .map(([start, parts]) => start + parts.join('/'));
const ENTRY: fc.Arbitrary<TarEntry> = fc.record({
  name: NAME,
  type: fc.constantFrom('0', '0', '1', '2', '2', '3', '5', '5', '6'),
  link: NAME,
  body: fc.constantFrom('', 'bad'),
  mode: fc.nat(0o7777),
});
const LAYERS = fc.array(fc.array(ENTRY, { maxLength: 8 }), { minLength: 1, maxLength: 2 });

test('hostile layers: an error with a name, or a tree; never a write outside', async () => {
  const [root, scratch] = [join(folder(), 'root'), join(folder(), 'scratch')];
  mkdirSync(join(folder(), 'outside'));
  writeFileSync(join(folder(), 'outside/a'), 'untouched');
  const path = join(folder(), 'x');
  let trees = 0;
  await fc.assert(
    fc.asyncProperty(LAYERS, async (layers) => {
      for (const directory of [root, scratch]) {
        rmSync(directory, { recursive: true, force: true });
        mkdirSync(directory);
      }
      const entries = layers.map((layer) => layer.map(clean));
      await writePack(path, { layers: entries.map(tarArchive) });
      const pack = await readPack({ path, arch: process.arch });
      const limits = { maxEntries: 100, maxBytes: MIB, maxRatio: 200 };
      const error = await unpackLayers(pack, root, scratch, limits).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error === undefined) trees += 1;
      else expect(packFault(error)).toBeDefined();
      expect(listTree(join(folder(), 'outside'))).toEqual(['a']);
      expect(readFileSync(join(folder(), 'outside/a'), 'utf8')).toBe('untouched');
    }),
    { numRuns: 500 },
  );
  expect(trees).toBeGreaterThan(40);
}, 60_000);

/** Links have no content, and only links have a target. */
function clean({ type = '0', link = '', body = '', ...rest }: TarEntry): TarEntry {
  const isLink = type === '1' || type === '2';
  return { ...rest, type, link: isLink ? link : '', body: type === '0' ? body : '' };
}
