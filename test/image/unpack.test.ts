import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readPack } from '../../src/image/pack.ts';
import { type PackFault, packFault } from '../../src/image/pack-fault.ts';
import { type UnpackLimits, unpackLayers } from '../../src/image/unpack.ts';
import { type TarEntry, tarArchive, tarEntry } from '../pack/tar.ts';
import { type PackOptions, writePack } from '../pack/writer.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
const LIMITS: UnpackLimits = { maxEntries: 1000, maxBytes: 2 ** 30, maxRatio: 200 };

async function unpackPack(options: PackOptions, limits = LIMITS) {
  const path = join(folder(), 'x.smolmachine');
  const [root, scratch] = [join(folder(), 'root'), join(folder(), 'scratch')];
  await writePack(path, options);
  for (const directory of [root, scratch]) mkdirSync(directory);
  const pack = await readPack({ path, arch: process.arch });
  const unpacked = await unpackLayers(pack, root, scratch, limits);
  return { root, unpacked };
}

/** Unpacks layers that are given as their entries, bottom first. */
const unpack = (...layers: readonly (readonly TarEntry[])[]) =>
  unpackPack({ layers: layers.map(tarArchive) });

const file = (name: string, body = name, mode = 0o644): TarEntry => ({ name, body, mode });
const directory = (name: string): TarEntry => ({ name, type: '5' });
const symlink = (name: string, link: string): TarEntry => ({ name, type: '2', link });
const hardlink = (name: string, link: string): TarEntry => ({ name, type: '1', link });
const mode = (path: string) => statSync(path).mode & 0o7777;

describe('layers become one tree', () => {
  test('files, directories, links and times', async () => {
    const { root } = await unpack([
      directory('usr/'),
      directory('./usr/bin/'),
      { ...file('usr/bin/tool', '#!', 0o755), mtime: 1_600_000_000 },
      symlink('bin', 'usr/bin'),
      hardlink('usr/bin/same', 'usr/bin/tool'),
      file('missing/parents/are/made', 'x'),
    ]);
    expect(listTree(root)).toEqual([
      ...['bin', 'missing/', 'missing/parents/', 'missing/parents/are/'],
      ...['missing/parents/are/made', 'usr/', 'usr/bin/', 'usr/bin/same', 'usr/bin/tool'],
    ]);
    expect(readlinkSync(join(root, 'bin'))).toBe('usr/bin');
    expect(statSync(join(root, 'usr/bin/tool')).mtimeMs).toBe(1_600_000_000_000);
    expect(statSync(join(root, 'usr/bin/same')).ino).toBe(statSync(join(root, 'bin/tool')).ino);
  });

  test('an upper layer replaces what a lower one had', async () => {
    const { root } = await unpack(
      [file('a', 'low'), directory('b/'), file('b/kept'), file('c'), directory('d/'), file('d/e')],
      [file('a', 'high'), directory('b/'), directory('c/'), file('c/in'), file('d', 'now a file')],
    );
    expect(listTree(root)).toEqual(['a', 'b/', 'b/kept', 'c/', 'c/in', 'd']);
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('high');
  });

  test('a file that replaces a hard link leaves the other name alone', async () => {
    const { root } = await unpack([file('a', 'one'), hardlink('b', 'a')], [file('b', 'two')]);
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('one');
  });

  test('whiteouts remove what lower layers had, and only that', async () => {
    const { root } = await unpack(
      [
        ...[file('gone'), file('kept'), file('dir/x'), file('dir/y'), file('old/1')],
        ...[file('old/sub/low'), file('both/low')],
      ],
      [
        { name: '.wh.gone' },
        { name: '.wh.never-there' },
        { name: 'dir/.wh.x' },
        file('old/new'),
        file('old/deep/er'),
        file('old/sub/high'),
        file('both/high'),
        { name: '.wh.both' },
        { name: 'old/.wh..wh..opq' },
        file('old/after'),
        { name: '.wh..wh.plnk', type: '5' },
      ],
    );
    expect(listTree(root)).toEqual([
      ...['both/', 'both/high', 'dir/', 'dir/y', 'kept', 'old/', 'old/after', 'old/deep/'],
      ...['old/deep/er', 'old/new', 'old/sub/', 'old/sub/high'],
    ]);
  });

  test('a whiteout does not remove what its own layer brings', async () => {
    const { root } = await unpack([file('a', 'low')], [file('a', 'high'), { name: '.wh.a' }]);
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('high');
  });

  test('an overlay whiteout, which is a device, removes too', async () => {
    const { root, unpacked } = await unpack([file('a'), file('b')], [{ name: 'a', type: '3' }]);
    expect(listTree(root)).toEqual(['b']);
    expect(unpacked.notices).toEqual([expect.stringContaining('character-device')]);
  });

  test('set-id bits and write permissions go, everything can be read', async () => {
    const { root } = await unpack([
      file('su', 'x', 0o4755),
      file('sg', 'x', 0o2711),
      file('secret', 'x', 0o000),
      file('open', 'x', 0o666),
      { ...directory('tmp/'), mode: 0o1777 },
      { ...directory('closed/'), mode: 0o000 },
      file('closed/in'),
    ]);
    expect(['su', 'sg', 'secret', 'open', 'tmp', 'closed'].map((n) => mode(join(root, n)))).toEqual(
      [0o755, 0o755, 0o644, 0o644, 0o755, 0o755],
    );
  });

  test('layers are applied in the manifest’s order, not in the archive’s', async () => {
    const [low, high] = [tarArchive([file('a', 'low')]), tarArchive([file('a', 'high')])];
    const path = join(folder(), 'probe.smolmachine');
    const { layers } = (await readManifest(path, [high, low])).assets;
    const { root } = await unpackPack({
      layers: [high, low],
      manifest: { assets: { ...EMPTY_ASSETS, layers: layers.toReversed() } },
    });
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('high');
  });

  test('a layer that is named twice is applied twice', async () => {
    const [one, two] = [tarArchive([file('a', 'one')]), tarArchive([file('a', 'two')])];
    const { layers } = (await readManifest(join(folder(), 'p.smolmachine'), [one, two])).assets;
    const [first, second] = layers as [(typeof layers)[0], (typeof layers)[0]];
    const { root } = await unpackPack({
      layers: [one, two],
      manifest: { assets: { ...EMPTY_ASSETS, layers: [first, second, first] } },
    });
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('one');
  });
});

const EMPTY_ASSETS = { libraries: [], agent_rootfs: { path: 'agent-rootfs.tar', size: 0 } };

async function readManifest(path: string, layers: readonly Uint8Array[]) {
  await writePack(path, { layers });
  return (await readPack({ path, arch: process.arch })).manifest;
}

describe('nothing is written outside the tree', () => {
  /** A file and a directory beside the root that hostile entries aim at. */
  function bait(): () => void {
    mkdirSync(join(folder(), 'outside'));
    writeFileSync(join(folder(), 'outside/file'), 'untouched');
    return () => {
      expect(listTree(join(folder(), 'outside'))).toEqual(['file']);
      expect(readFileSync(join(folder(), 'outside/file'), 'utf8')).toBe('untouched');
    };
  }

  const outside = (name: string) => join(folder(), 'outside', name);

  test.each<[what: string, entries: () => TarEntry[]]>([
    ['a name with ..', () => [file('../outside/file', 'bad')]],
    ['a name with .. inside', () => [file('a/../../outside/file', 'bad')]],
    ['an absolute name', () => [file(outside('file'), 'bad')]],
    ['a directory with ..', () => [directory('../outside/new/')]],
    ['a link with ..', () => [symlink('../outside/new', 'x')]],
    ['a hard link to ..', () => [hardlink('a', '../outside/file'), file('a', 'bad')]],
    ['an absolute hard link', () => [hardlink('a', outside('file'))]],
    ['a whiteout of ..', () => [{ name: '.wh...' }]],
    ['a whiteout of .', () => [{ name: '.wh..' }]],
    ['a whiteout of nothing', () => [{ name: '.wh.' }]],
    ['a whiteout with ..', () => [{ name: '../outside/.wh.file' }]],
    ['an opaque mark with ..', () => [{ name: '../outside/.wh..wh..opq' }]],
  ])('%s is refused', async (_what, entries) => {
    const check = bait();
    const error = await unpack(entries()).catch((thrown: unknown) => thrown);
    expect(packFault(error)).toBe('escape');
    check();
  });

  test.each<[what: string, entries: () => TarEntry[]]>([
    ['a file through a link', () => [symlink('l', folder()), file('l/outside/file', 'bad')]],
    ['a file through ..', () => [symlink('l', '../..'), file('l/outside/file', 'bad')]],
    ['a file in place of a link', () => [symlink('l', outside('file')), file('l', 'bad')]],
    [
      'a file through links to links',
      () => [symlink('a', 'b'), symlink('b', '../../../..'), file(`a${outside('file')}`, 'bad')],
    ],
    ['a directory through a link', () => [symlink('l', outside('')), directory('l/new/')]],
    ['a whiteout through a link', () => [symlink('l', outside('')), { name: 'l/.wh.file' }]],
    [
      'an opaque mark through a link',
      () => [symlink('l', outside('')), { name: 'l/.wh..wh..opq' }],
    ],
    ['a link through a link', () => [symlink('l', outside('')), symlink('l/new', 'x')]],
    [
      'a link that replaces the directory just used',
      () => [directory('d/'), file('d/a'), symlink('d', outside('')), file('d/file', 'bad')],
    ],
  ])('%s stays inside', async (_what, entries) => {
    const check = bait();
    await unpack([], entries());
    check();
  });

  test('a hard link through a link outside finds nothing', async () => {
    const check = bait();
    const entries = [symlink('l', outside('')), hardlink('a', 'l/file'), file('a', 'bad')];
    const error = await unpack(entries).catch((thrown: unknown) => thrown);
    expect(packFault(error)).toBe('layer');
    check();
  });

  test('a hard link to a symbolic link does not follow it', async () => {
    const check = bait();
    const { root } = await unpack([symlink('l', outside('file')), hardlink('a', 'l')]);
    expect(lstatSync(join(root, 'a')).isSymbolicLink()).toBe(true);
    check();
  });

  test('devices, pipes and names that are no UTF-8 are left out and counted', async () => {
    const { root, unpacked } = await unpack([
      { name: 'null', type: '3', devmajor: 1, devminor: 3 },
      { name: 'sda', type: '4', devmajor: 8 },
      { name: 'pipe', type: '6' },
      file('kept'),
    ]);
    expect(listTree(root)).toEqual(['kept']);
    expect(unpacked.notices).toHaveLength(3);
  });
});

/** A zstd frame of `bytes` zeros. */
function zeros(bytes: number): Buffer {
  return zlib.zstdCompressSync(Buffer.alloc(bytes));
}

const asset = (path: string) => ({ digest: 'd', path, size: 1 });
const withAssets = (assets: Uint8Array, ...layers: string[]): PackOptions => ({
  manifest: { assets: { ...EMPTY_ASSETS, layers: layers.map(asset) } },
  corrupt: { assets },
});
const zstd = (bytes: Uint8Array) => zlib.zstdCompressSync(bytes);
const entry = (fields: Partial<TarEntry>) => tarArchive([{ name: 'a', body: 'x', ...fields }]);
const hostile = (fields: Partial<TarEntry>): PackOptions => ({ layers: [entry(fields)] });
const inner = (bytes: Uint8Array): PackOptions => ({ layers: [bytes] });

const BROKEN: readonly [what: string, fault: PackFault, options: PackOptions][] = [
  ['a pack of a machine’s disk', 'no-layers', { layers: [entry({})], manifest: { mode: 'vm' } }],
  ['no layers', 'no-layers', {}],
  ['a layer that is not there', 'asset-missing', withAssets(zstd(tarArchive([])), 'layers/x.tar')],
  [
    'a layer that is a directory',
    'asset-missing',
    withAssets(zstd(tarArchive([directory('layers/x.tar')])), 'layers/x.tar'),
  ],
  ['zeros for assets', 'asset-missing', withAssets(zeros(4096), 'layers/x.tar')],
  ['assets that end early', 'assets', withAssets(zeros(99_999).subarray(0, 12), 'layers/x.tar')],
  [
    'assets with a damaged block',
    'assets',
    withAssets(Buffer.concat([zeros(9).subarray(0, 5), Buffer.alloc(50, 0xff)]), 'layers/x.tar'),
  ],
  ['assets that are no tar', 'assets', withAssets(zstd(Buffer.alloc(2048, 'x')), 'layers/x.tar')],
  [
    'an archive that ends in a layer',
    'layer',
    withAssets(zstd(tarEntry({ name: 'layers/x.tar', size: 9999 })), 'layers/x.tar'),
  ],
  ['a zstd window of 128 MiB', 'assets', withAssets(bigWindow(), 'layers/x.tar')],
  ['a layer that is no tar', 'layer', inner(Buffer.alloc(2048, 'x'))],
  ['a layer cut in a header', 'layer', inner(entry({}).subarray(0, 100))],
  ['a layer cut in a file', 'layer', inner(entry({ body: 'x'.repeat(900) }).subarray(0, 1024))],
  ['a header with a wrong checksum', 'layer', inner(Buffer.from(entry({}).fill('y', 0, 1)))],
  ['a file that claims 8 GiB', 'layer', hostile({ size: 8 ** 11 - 1 })],
  ['a sparse file', 'layer', hostile({ type: 'S' })],
  ['a type that nobody knows', 'layer', hostile({ type: 'V' })],
  ['a component of 256 bytes', 'layer', hostile({ name: 'n'.repeat(256) })],
  ['a name of 5000 bytes', 'layer', hostile({ name: `${'n'.repeat(200)}/`.repeat(25) })],
  ['a symbolic link to nothing', 'layer', hostile({ type: '2', link: '', body: '' })],
  ['a hard link to nothing', 'layer', hostile({ type: '1', link: '', body: '' })],
  ['a hard link to what is absent', 'layer', hostile({ type: '1', link: 'absent', body: '' })],
  ['a hard link to the root', 'layer', hostile({ type: '1', link: '.', body: '' })],
  ['a file below a file', 'layer', inner(tarArchive([file('a'), file('a/b')]))],
  [
    'links in a circle',
    'layer',
    inner(tarArchive([symlink('a', 'b'), symlink('b', 'a'), file('a/x')])),
  ],
  [
    'a bomb in a layer',
    'bomb',
    withAssets(
      zstd(tarArchive([{ name: 'layers/x.tar', body: Buffer.alloc(2 ** 27) }])),
      'layers/y',
    ),
  ],
  [
    'a bomb of entries',
    'bomb',
    inner(tarArchive(Array.from({ length: 1001 }, (_, index) => file(`f${index}`)))),
  ],
  ['a bomb of directories', 'bomb', hostile({ name: 'd/'.repeat(1001) })],
];

/** A frame that asks its reader for 2^27 bytes of memory: RFC 8878, 3.1.1.1.2. */
function bigWindow(): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (27 - 10) << 3]);
  return Buffer.concat([header, Buffer.from([0x01, 0x00, 0x00])]);
}

describe('a broken layer ends in an error that says how', () => {
  test.each(BROKEN)('%s: %s', async (_what, fault, options) => {
    const error = await unpackPack(options).catch((thrown: unknown) => thrown);
    expect(packFault(error)).toBe(fault);
    const top = listTree(folder()).filter((path) => /^[^/]+\/?$/.test(path));
    expect(top).toEqual(['root/', 'scratch/', 'x.smolmachine']);
  });

  test('the limit of bytes holds whatever the ratio', async () => {
    const layers = [tarArchive([{ name: 'a', body: Buffer.alloc(5000) }])];
    const error = await unpackPack({ layers }, { ...LIMITS, maxBytes: 4096 }).catch(
      (e: unknown) => e,
    );
    expect(packFault(error)).toBe('bomb');
  });
});
