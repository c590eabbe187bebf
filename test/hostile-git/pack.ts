/** Packs that are damaged, lie about themselves or grow beyond measure. */
import { createHash } from 'node:crypto';
import { constants, deflateRawSync, deflateSync } from 'node:zlib';
import { deltaSize, entryHeader, packEntry, packOf, TYPES } from '../git-check/object-store.ts';
import type { HostileCase, World } from './case.ts';

const [MIB, GIB] = [2 ** 20, 2 ** 30];

/** The pack of a plain change, spoiled. */
const spoiled = (name: string, spoil: (pack: Buffer) => Buffer): HostileCase => ({
  name,
  rules: ['fsck'],
  deliver: ({ save, bundle, newPack }) => {
    const tip = save({ 'new.txt': 'new\n' });
    return bundle({ 'refs/heads/work': tip }, spoil(newPack()));
  },
});

/** Entries beside those of a plain change, as a pack that is whole. */
const withEntries = (
  name: string,
  entries: (world: World) => readonly Buffer[],
  rules: HostileCase['rules'] = ['fsck'],
  count?: number,
): HostileCase => ({
  name,
  rules,
  deliver: (world) => {
    const tip = world.save({ 'new.txt': 'new\n' });
    const own = world.newPack();
    const all = [own.subarray(12, -20), ...entries(world)];
    const pack = packOf(all, count ?? own.readUInt32BE(8) + all.length - 1);
    return world.bundle({ 'refs/heads/work': tip }, pack);
  },
});

const delta = (base: Buffer, content: Buffer) => packEntry(TYPES.delta, content, base);
/** Copies `size` bytes from the base's start, `times` times. */
function copies(baseSize: number, size: number, times: number): Buffer {
  const copy = Buffer.from([0xf0, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff]);
  return Buffer.concat([
    deltaSize(baseSize),
    deltaSize(size * times),
    ...Array<Buffer>(times).fill(copy),
  ]);
}

const ZEROS = Buffer.alloc(MIB);

function idOfZeros(size: number): string {
  const hash = createHash('sha1').update(`blob ${size}\0`);
  for (let at = 0; at < size; at += MIB) hash.update(ZEROS);
  return hash.digest('hex');
}

/** As zlib writes it, but without ever holding it. */
function deflatedZeros(size: number): Buffer {
  const block = deflateRawSync(ZEROS, { finishFlush: constants.Z_FULL_FLUSH });
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE((size % 65521) * 65536 + 1);
  const blocks = Array<Buffer>(size / MIB).fill(block);
  return Buffer.concat([Buffer.from([0x78, 1]), ...blocks, Buffer.from([3, 0]), checksum]);
}

export const PACKS: readonly HostileCase[] = [
  spoiled('a pack that is cut off', (pack) => pack.subarray(0, pack.length - 30)),
  spoiled('a pack that is cut off in its header', (pack) => pack.subarray(0, 6)),
  spoiled('no pack', () => Buffer.alloc(0)),
  spoiled('a pack of other bytes', () => Buffer.from('#!/bin/sh\necho hello\n'.repeat(20))),
  spoiled('a pack with a wrong checksum', (pack) =>
    Buffer.concat([pack.subarray(0, -20), Buffer.alloc(20, 7)]),
  ),
  spoiled('a pack with one bit turned', (pack) => {
    const turned = Buffer.from(pack);
    turned[40] = (turned[40] as number) ^ 4;
    return turned;
  }),
  spoiled('a pack of version 9', (pack) => {
    const other = Buffer.from(pack);
    other[7] = 9;
    return other;
  }),
  spoiled('a pack with bytes after its end', (pack) => Buffer.concat([pack, Buffer.alloc(99)])),
  spoiled('a pack with much after its end', (pack) => Buffer.concat([pack, Buffer.alloc(MIB)])),
  spoiled('two packs in a row', (pack) => Buffer.concat([pack, pack])),
  withEntries('a pack with fewer objects than it says', () => [], ['fsck'], 99),
  withEntries('a pack with more objects than it says', () => [], ['fsck'], 1),
  withEntries('a pack with four billion objects', () => [], ['fsck'], 0xffffffff),
  withEntries('an object of no type', () => [packEntry(0, Buffer.from('x'))]),
  withEntries('an object of an unknown type', () => [packEntry(5, Buffer.from('x'))]),
  withEntries('an object that is longer than it says', () => [
    Buffer.concat([entryHeader(TYPES.blob, 3), deflateSync(Buffer.alloc(5000, 1))]),
  ]),
  withEntries('an object that is shorter than it says', () => [
    Buffer.concat([entryHeader(TYPES.blob, 5000), deflateSync(Buffer.from('abc'))]),
  ]),
  withEntries('an object that says that it is as large as can be', () => [
    Buffer.concat([entryHeader(TYPES.blob, 2 ** 52), deflateSync(Buffer.from('abc'))]),
  ]),
  withEntries('an object whose size has no end', () => [
    Buffer.concat([Buffer.from([0xb0]), Buffer.alloc(40, 0xff), deflateSync(Buffer.from('abc'))]),
  ]),
  withEntries('an object that is not compressed', () => [
    Buffer.concat([entryHeader(TYPES.blob, 20), Buffer.from('no zlib at all here!')]),
  ]),
  withEntries('a thin pack whose base is nowhere', () => [
    delta(Buffer.alloc(20, 9), Buffer.concat([deltaSize(3), deltaSize(1), Buffer.from([1, 65])])),
  ]),
  withEntries('deltas that build on each other', () => {
    const content = Buffer.concat([deltaSize(3), deltaSize(1), Buffer.from([1, 65])]);
    return [delta(Buffer.alloc(20, 1), content), delta(Buffer.alloc(20, 2), content)];
  }),
  withEntries('a delta that builds on itself', () => [
    packEntry(TYPES.offset, Buffer.from([1, 1, 1, 65]), Buffer.from([0])),
  ]),
  withEntries('a delta that builds on what is before the pack', () => [
    packEntry(TYPES.offset, Buffer.from([1, 1, 1, 65]), Buffer.from([0xff, 0xff, 0x7f])),
  ]),
  withEntries('a delta that copies from beyond its base', ({ blob }) => [
    delta(Buffer.from(blob('Hello\n'), 'hex'), copies(6, 60_000, 1)),
  ]),
  withEntries('a delta with other sizes than its base', ({ blob }) => [
    delta(Buffer.from(blob('Hello\n'), 'hex'), copies(7, 6, 1)),
  ]),
  withEntries('a delta with an operation that nobody knows', ({ blob }) => [
    delta(
      Buffer.from(blob('Hello\n'), 'hex'),
      Buffer.concat([deltaSize(6), deltaSize(6), Buffer.from([0, 1, 2])]),
    ),
  ]),
  withEntries(
    'a delta that becomes 15 GiB',
    ({ blob }) => {
      const content = Buffer.alloc(15 * MIB, 'x');
      const base = Buffer.from(blob(content), 'hex');
      return [packEntry(TYPES.blob, content), delta(base, copies(content.length, 15 * MIB, 1024))];
    },
    ['fsck', 'file-size'],
  ),
  {
    name: 'a file of 1 GiB that packs to one MiB',
    rules: ['file-size', 'fsck'],
    deliver: ({ tree, commit, base, bundle, newPack }) => {
      const id = idOfZeros(GIB);
      const tip = commit({ tree: tree([{ name: 'bomb', id }]), parents: [base] });
      const bomb = Buffer.concat([entryHeader(TYPES.blob, GIB), deflatedZeros(GIB)]);
      const own = newPack();
      const pack = packOf([own.subarray(12, -20), bomb], own.readUInt32BE(8) + 1);
      return bundle({ 'refs/heads/work': tip }, pack);
    },
  },
  withEntries(
    'the same object twice',
    ({ blob }) => {
      const content = Buffer.from('twice\n');
      blob(content);
      return [packEntry(TYPES.blob, content), packEntry(TYPES.blob, content)];
    },
    ['fsck'],
  ),
  withEntries(
    'an object that the checkout has already',
    () => [packEntry(TYPES.blob, Buffer.from('Hello\n'))],
    [],
  ),
  {
    name: 'a chain of 5,000 deltas',
    rules: [],
    deliver: (world) => {
      const tip = world.save({ 'new.txt': 'new\n' });
      const own = world.newPack();
      const base = Buffer.from(world.blob('Hello\n'), 'hex');
      const insert = (index: number) =>
        Buffer.from([4, 66, index >> 12, (index >> 6) & 63, index & 63]);
      const content = (from: number, index: number) =>
        Buffer.concat([deltaSize(from), deltaSize(4), insert(index)]);
      const entries = [own.subarray(12, -20), delta(base, content(6, 0))];
      for (let index = 1; index <= 5000; index += 1) {
        const back = Buffer.from([entries.at(-1)?.length ?? 0]);
        entries.push(packEntry(TYPES.offset, content(4, index), back));
      }
      const pack = packOf(entries, own.readUInt32BE(8) + entries.length - 1);
      return world.bundle({ 'refs/heads/work': tip }, pack);
    },
  },
];
