/** 10⁵ archives put together from hostile pieces and good files, then cut, mended and overwritten. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  DEFAULT_EXTRACT_LIMITS,
  type ExtractLimits,
  extractTar,
} from '../../src/outputs/extract.ts';
import { peakMemory } from '../image/peak-memory.ts';
import { directory, END, file, header, pax, streamOf, symlink } from '../tar/craft.ts';
import { type Outside, readTree, sha256, watchOutside } from './disk.ts';
import { CORPUS } from './hostile/corpus.ts';

const MIB = 1 << 20;

let top: string;
let root: string;
let outside: Outside;
beforeEach(() => {
  // In memory where there is such a place: these are a million files.
  top = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'generated-'));
  root = join(top, 'a', 'root');
  mkdirSync(join(top, 'a'));
  outside = watchOutside(top, root);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

type Piece = {
  readonly bytes: Buffer;
  /** Present: a file that must be kept. */
  readonly good?: { readonly path: string; readonly sha256: string };
  /** Nothing is known of what comes after. */
  readonly breaks?: boolean;
};

const GOOD: readonly Piece[] = [0, 1, 511, 512, 513, 1500].map((size, index) => {
  const [path, content] = [`kept-${index}/x`, String(index).repeat(size)];
  return { bytes: file(path, content), good: { path, sha256: sha256(content) } };
});

const NAMED: readonly Piece[] = CORPUS.map(({ parts, broken }) => ({
  bytes: Buffer.concat(parts),
  breaks: broken !== undefined,
}));

const NAME = fc.constantFrom(
  'a',
  'b',
  'A',
  '..',
  '.',
  '',
  '.git',
  '\u00e9',
  'e\u0301',
  'x\\y',
  'c\n',
);
const PATH = fc
  .tuple(fc.constantFrom('', '', '/'), fc.array(NAME, { minLength: 1, maxLength: 4 }))
  .map(([start, names]) => start + names.join('/'));
const MEMBER = fc.oneof(
  fc.tuple(PATH, fc.string()).map(([path, text]) => file(path, text)),
  fc.tuple(PATH, PATH).map(([path, to]) => symlink(path, to)),
  // What a link cannot lead: a file below its name.
  fc.tuple(PATH, PATH).map(([path, to]) => Buffer.concat([symlink(path, to), file(`${path}/x`)])),
  fc.tuple(PATH, PATH).map(([path, to]) => Buffer.concat([pax([['path', to]]), file(path)])),
  PATH.map(directory),
  fc
    .tuple(PATH, PATH, fc.constantFrom(...'134567VZ'))
    .map(([name, link, type]) => header({ name, link, type })),
);
/** Made once: crafting costs more than reading. */
const MEMBERS: readonly Piece[] = fc.sample(MEMBER, 3000).map((bytes) => ({ bytes }));

const EDIT = fc.oneof(
  fc.record({ at: fc.nat(), byte: fc.nat(255) }),
  // A field of a header, whose checksum is right again.
  fc.record({ block: fc.nat(), field: fc.nat(350), bytes: fc.uint8Array({ maxLength: 12 }) }),
  fc.record({ cut: fc.nat() }),
  fc.record({ insert: fc.nat(), bytes: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ repeat: fc.nat(), blocks: fc.nat(4) }),
);
type Edit = typeof EDIT extends fc.Arbitrary<infer E> ? E : never;

const LIMITS: readonly Partial<ExtractLimits>[] = [
  ...[{}, {}, {}, {}],
  { entries: 5 },
  { fileBytes: 512, totalBytes: 1024 },
  { depth: 2, nameBytes: 9, refusedListed: 2 },
];

const ARCHIVE = fc.record({
  pieces: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...GOOD) },
      { weight: 3, arbitrary: fc.constantFrom(...NAMED) },
      { weight: 3, arbitrary: fc.constantFrom(...MEMBERS) },
    ),
    { maxLength: 9 },
  ),
  edits: fc.oneof(fc.constant([]), fc.array(EDIT, { minLength: 1, maxLength: 3 })),
  limits: fc.constantFrom(...LIMITS),
  chunk: fc.constantFrom(100, 512, 700, MIB),
});

/** Bytes, and what is known to be sound in them. */
function assemble(pieces: readonly Piece[], edits: readonly Edit[]) {
  let bytes = Buffer.concat([...pieces.map((piece) => piece.bytes), END]);
  let sound = bytes.length;
  const goods = new Map<string, { readonly sha256: string; readonly end: number }>();
  let at = 0;
  for (const { good, breaks, bytes: own } of pieces) {
    if (breaks) sound = Math.min(sound, at);
    at += own.length;
    // A second one is there twice.
    if (good && !goods.has(good.path)) goods.set(good.path, { sha256: good.sha256, end: at });
  }
  for (const edit of edits) {
    const edited = applyEdit(bytes, edit);
    bytes = edited.bytes;
    sound = Math.min(sound, edited.at);
  }
  const kept = [...goods].filter(([, { end }]) => end <= sound);
  return { bytes, kept: kept.map(([path, good]) => [path, good.sha256] as const) };
}

function applyEdit(bytes: Buffer<ArrayBuffer>, edit: Edit) {
  const place = (wanted: number) => wanted % bytes.length;
  const insert = (at: number, added: Uint8Array) => ({
    bytes: Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]),
    at,
  });
  if ('cut' in edit) return { bytes: bytes.subarray(0, 1 + place(edit.cut)), at: place(edit.cut) };
  if ('insert' in edit) return insert(place(edit.insert), edit.bytes);
  if ('repeat' in edit) {
    const at = place(edit.repeat) & ~511;
    return insert(at, bytes.subarray(at, at + edit.blocks * 512));
  }
  if ('byte' in edit) {
    bytes[place(edit.at)] = edit.byte;
    return { bytes, at: place(edit.at) };
  }
  const at = place(edit.block) & ~511;
  const block = bytes.subarray(at, at + 512);
  if (block.length === 512) mend(block, edit.field, edit.bytes);
  return { bytes, at };
}

function mend(block: Buffer, field: number, bytes: Uint8Array): void {
  block.set(bytes, field);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0`, 148, 'latin1');
}

/** Not the one of the source: what macOS and Windows would take for one file is at least this. */
const fold = (path: string) => path.normalize('NFD').toLowerCase().normalize('NFC');

const SHARDS = [1, 2, 3, 4];
const EACH = 25_000;

test.each(SHARDS)('10⁵ generated archives, part %i of 4', async () => {
  const before = process.memoryUsage().rss;
  const seen = { kept: 0, broken: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(ARCHIVE, async ({ pieces, edits, limits, chunk }) => {
      const all = { ...DEFAULT_EXTRACT_LIMITS, ...limits };
      const { bytes, kept } = assemble(pieces, edits);
      const extracted = await extractTar(streamOf(bytes, chunk), root, all);
      const { files, refused, refusedCount, broken } = extracted;
      const tree = readTree(root);
      expect(outside.changes()).toEqual([]);
      const found = new Map(files.map(({ path, sha256: sum }) => [path, sum]));
      const onDisk = Object.entries(tree.files).map(([path, text]) => [
        path,
        sha256(Buffer.from(text, 'latin1')),
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(onDisk));
      if (Object.keys(limits).length === 0) {
        for (const [path, sum] of kept) expect(found.get(path)).toBe(sum);
        seen.kept += kept.length;
      }
      const paths = [...tree.directories, ...found.keys()];
      expect(paths.length).toBeLessThanOrEqual(all.entries);
      expect(new Set(paths.map(fold)).size).toBe(paths.length);
      const sizes = files.map(({ size }) => size);
      expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(all.fileBytes);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(all.totalBytes);
      expect(refused.length).toBe(Math.min(refusedCount, all.refusedListed));
      seen.refused += refusedCount;
      if (broken !== undefined) seen.broken++;
      rmSync(root, { recursive: true });
    }),
    { numRuns: EACH },
  );
  // Enough of each kind, else this says little.
  expect(seen.kept).toBeGreaterThan(EACH / 4);
  expect(seen.broken).toBeGreaterThan(EACH / 4);
  expect(seen.refused).toBeGreaterThan(EACH);
  expect(process.memoryUsage().rss - before).toBeLessThan(400 * MIB);
});

test('what is refused costs neither memory nor disk, however long it is', async () => {
  const before = peakMemory();
  const chunk = Buffer.alloc(MIB, 'x');
  async function* source() {
    yield header({ name: 'huge', size: Buffer.from('\x80\0\0\0\0\0\0\x01\0\0\0\0', 'latin1') });
    for (let count = 0; count < 4096; count++) yield chunk;
    yield file('after');
    yield END;
  }
  const { files, refused } = await extractTar(source(), root);
  expect(refused).toEqual([{ path: 'huge', reason: 'is over 256 MiB' }]);
  expect(files.map(({ path }) => path)).toEqual(['after']);
  expect(peakMemory() - before).toBeLessThan(100 * MIB);
});

test('the default cap on entries holds, in bounded memory', async () => {
  const before = peakMemory();
  const { entries } = DEFAULT_EXTRACT_LIMITS;
  const more = 500;
  async function* source() {
    for (let at = 0; at < entries + more; at += 500) {
      const members = Array.from({ length: 500 }, (_, index) =>
        directory(`${'n'.repeat(80)}${at + index}`),
      );
      yield Buffer.concat(members);
    }
    yield END;
  }
  const { refused, refusedCount } = await extractTar(source(), root);
  expect(refusedCount).toBe(more);
  expect(refused[0]?.reason).toBe(`is beyond the first ${entries} entries`);
  expect(peakMemory() - before).toBeLessThan(400 * MIB);
});
