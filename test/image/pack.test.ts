import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { digestFile } from '../../src/image/digest.ts';
import { checkDigests, readPack } from '../../src/image/pack.ts';
import { PACK_FAULTS, type PackFault, packFault } from '../../src/image/pack-fault.ts';
import { tarArchive } from '../pack/tar.ts';
import { PACK_ARCH, type PackOptions, writePack } from '../pack/writer.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
const LAYER = tarArchive([{ name: 'etc/hostname', body: 'bottle\n' }]);
const OTHER_ARCH = process.arch === 'x64' ? 'arm64' : 'amd64';
const HUGE = 2n ** 64n - 1n;

/** Reads the pack as the action does for a source without a known sha256: tail, then checksum. */
async function validate(path: string, sha256 = '') {
  const pack = await readPack({ path, arch: process.arch });
  checkDigests(pack, await digestFile(path), sha256);
  return pack;
}

/** The manifest of a sound pack as text, with one edit. */
function manifestText(edit: (manifest: Record<string, unknown>) => void): string {
  const manifest: Record<string, unknown> = {
    image: 'a',
    digest: 'b',
    platform: `linux/${PACK_ARCH}`,
    cpus: 1,
    mem: 256,
    assets: { agent_rootfs: { path: 'agent-rootfs.tar', size: 0 }, layers: [] },
  };
  edit(manifest);
  return JSON.stringify(manifest);
}

const set = (key: string, value: unknown) => ({
  corrupt: { manifestText: manifestText((manifest) => Object.assign(manifest, { [key]: value })) },
});
const without = (key: string) => ({
  corrupt: {
    manifestText: manifestText((manifest) => {
      delete manifest[key];
    }),
  },
});
const assets = (value: object) =>
  set('assets', { agent_rootfs: { path: 'r', size: 0 }, layers: [], ...value });
const footer = (fields: NonNullable<PackOptions['corrupt']>['footer']) => ({
  corrupt: { footer: fields as NonNullable<typeof fields> },
});
const cut = (change: (whole: Buffer) => Uint8Array) => ({ corrupt: { bytes: change } });
/** Where the parts of a finished pack begin. */
const manifestAt = (whole: Buffer) => Number(whole.readBigUInt64LE(whole.length - 64 + 36));
const flip = (whole: Buffer, at: number) => {
  const changed = Buffer.from(whole);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

const BROKEN: readonly [what: string, fault: PackFault, options: PackOptions][] = [
  ['an empty file', 'too-small', cut(() => Buffer.alloc(0))],
  ['one byte', 'too-small', cut(() => Buffer.alloc(1))],
  ['63 bytes of footer', 'too-small', cut((whole) => whole.subarray(-63))],
  ['a footer alone', 'beyond-end', cut((whole) => whole.subarray(-64))],
  ['magic of another file', 'magic', footer({ magic: 'SMOLSECT' })],
  ['magic in lower case', 'magic', footer({ magic: 'smolpack' })],
  ['no magic', 'magic', footer({ magic: '' })],
  ['a page of HTML', 'magic', cut(() => Buffer.from('<html>not found</html>'.repeat(9)))],
  ['zeros', 'magic', cut(() => Buffer.alloc(4096))],
  ['version 0', 'version', footer({ version: 0 })],
  ['version 4', 'version', footer({ version: 4 })],
  ['the largest version', 'version', footer({ version: 2 ** 32 - 1 })],
  ['a stub', 'not-a-sidecar', footer({ stubSize: 1 })],
  ['the largest stub', 'not-a-sidecar', footer({ stubSize: HUGE })],
  ['assets after a stub', 'not-a-sidecar', footer({ stubSize: 5, assetsOffset: 5 })],
  ['assets beyond the end', 'not-a-sidecar', footer({ assetsOffset: HUGE })],
  ['the largest assets', 'beyond-end', footer({ assetsSize: HUGE })],
  ['assets of 2^53 bytes', 'beyond-end', footer({ assetsSize: 2n ** 53n })],
  ['assets of no bytes', 'gap', footer({ assetsSize: 0 })],
  ['assets one byte short', 'gap', footer({ assetsSize: 10 })],
  ['assets over the manifest', 'overlap', footer({ assetsSize: 700 })],
  ['the manifest at 0', 'overlap', footer({ manifestOffset: 0 })],
  ['the manifest far beyond the end', 'beyond-end', footer({ manifestOffset: HUGE })],
  ['a manifest whose end wraps around', 'beyond-end', footer({ manifestOffset: HUGE - 99n })],
  ['the manifest over the footer', 'beyond-end', footer({ manifestSize: 1_000_000 })],
  ['a manifest of no bytes', 'manifest-size', footer({ manifestSize: 0 })],
  ['a manifest of 16 MiB + 1', 'manifest-size', footer({ manifestSize: 2 ** 24 + 1 })],
  ['the largest manifest', 'manifest-size', footer({ manifestSize: HUGE })],
  ['a short manifest', 'gap', footer({ manifestSize: 10 })],
  ['another CRC32', 'checksum', footer({ crc32: 0 })],
  ['a flipped bit in the assets', 'checksum', cut((whole) => flip(whole, 20))],
  ['a flipped bit in the CRC32', 'checksum', cut((whole) => flip(whole, whole.length - 12))],
  ['the first byte missing', 'beyond-end', cut((whole) => whole.subarray(1))],
  ['the last byte missing', 'magic', cut((whole) => whole.subarray(0, -1))],
  ['the footer missing', 'magic', cut((whole) => whole.subarray(0, -64))],
  ['half the footer', 'magic', cut((whole) => whole.subarray(0, -32))],
  ['the manifest missing', 'magic', cut((whole) => whole.subarray(0, manifestAt(whole)))],
  ['half the assets', 'magic', cut((whole) => whole.subarray(0, manifestAt(whole) / 2))],
  ['one byte of assets', 'too-small', cut((whole) => whole.subarray(0, 1))],
  ['a byte more at the front', 'gap', cut((whole) => Buffer.concat([Buffer.alloc(1), whole]))],
  ['a byte more at the end', 'magic', cut((whole) => Buffer.concat([whole, Buffer.alloc(1)]))],
  [
    'the middle missing',
    'beyond-end',
    cut((whole) => Buffer.concat([whole.subarray(0, 30), whole.subarray(40)])),
  ],
  ['assets that are a plain tar', 'assets', { corrupt: { assets: tarArchive([]) } }],
  ['assets that are gzip', 'assets', { corrupt: { assets: Buffer.from([0x1f, 0x8b, 8, 0, 0]) } }],
  ['three bytes of zstd', 'assets', { corrupt: { assets: Buffer.from([0x28, 0xb5, 0x2f]) } }],
  ['no assets at all', 'assets', { corrupt: { assets: Buffer.alloc(0) } }],
  ['a manifest that is no JSON', 'manifest-json', { corrupt: { manifestText: '{' } }],
  ['a manifest of zeros', 'manifest-json', { corrupt: { manifestText: Buffer.alloc(9) } }],
  [
    'a manifest that is not UTF-8',
    'manifest-json',
    { corrupt: { manifestText: Buffer.from('{"image":"\xff"}', 'latin1') } },
  ],
  ['a manifest of brackets', 'manifest-json', { corrupt: { manifestText: '['.repeat(99_999) } }],
  ['a manifest that is a list', 'manifest-field', { corrupt: { manifestText: '[]' } }],
  ['a manifest that is null', 'manifest-field', { corrupt: { manifestText: 'null' } }],
  ['a manifest that is a text', 'manifest-field', { corrupt: { manifestText: '"x"' } }],
  ['no image', 'manifest-field', without('image')],
  ['no digest', 'manifest-field', without('digest')],
  ['no platform', 'manifest-field', without('platform')],
  ['no cpus', 'manifest-field', without('cpus')],
  ['no mem', 'manifest-field', without('mem')],
  ['no assets in the manifest', 'manifest-field', without('assets')],
  ['cpus 0', 'manifest-field', set('cpus', 0)],
  ['half a cpu', 'manifest-field', set('cpus', 0.5)],
  ['mem as text', 'manifest-field', set('mem', '256')],
  ['an unknown mode', 'manifest-field', set('mode', 'host')],
  ['env as an object', 'manifest-field', set('env', { A: 'b' })],
  ['a million numbers in env', 'manifest-field', set('env', Array(1_000_000).fill(1))],
  ['layers as an object', 'manifest-field', assets({ layers: {} })],
  ['a layer without a path', 'manifest-field', assets({ layers: [{ digest: 'x', size: 1 }] })],
  [
    'a layer of negative size',
    'manifest-field',
    assets({ layers: [{ digest: 'x', path: 'y', size: -1 }] }),
  ],
  [
    'a hundred thousand layers',
    'manifest-field',
    assets({ layers: Array(100_000).fill({ digest: 'x', path: 'y', size: 1 }) }),
  ],
  ['another architecture', 'platform', set('platform', `linux/${OTHER_ARCH}`)],
  ['another system', 'platform', set('platform', `darwin/${PACK_ARCH}`)],
  ['an empty platform', 'platform', set('platform', '')],
  ['a platform without a system', 'platform', set('platform', PACK_ARCH)],
  ['secrets of the runner', 'secret-refs', set('secret_refs', { TOKEN: { from_env: 'TOKEN' } })],
  ['secrets of an odd name', 'secret-refs', set('secret_refs', { __proto__x: 1 })],
];

describe('a broken pack ends in an error that says how', () => {
  test('the table is as long as it should be', () => {
    expect(BROKEN.length).toBeGreaterThanOrEqual(60);
  });

  test.each(BROKEN)('%s: %s', async (_what, fault, options) => {
    const path = join(folder(), 'x.smolmachine');
    await writePack(path, { layers: [LAYER], ...options });
    const error = await validate(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BottleError);
    expect(packFault(error)).toBe(fault);
    const { outcome, what, where, fix } = error as BottleError;
    expect(outcome).toBe('image-failed');
    expect(what).toBe(`The image ${PACK_FAULTS[fault]}`);
    expect(where.startsWith(`${path}: `)).toBe(true);
    expect(where.length).toBeLessThan(1000);
    expect(fix).not.toBe('');
    expect(listTree(folder())).toEqual(['x.smolmachine']);
  });

  test.each([
    ['a missing file', 'absent.smolmachine'],
    ['a directory', '.'],
  ])('%s cannot be read', async (_what, name) => {
    const error = await validate(join(folder(), name)).catch((thrown: unknown) => thrown);
    expect(packFault(error)).toBe('unreadable');
  });

  test('another sha256 than the one that was asked for', async () => {
    const path = join(folder(), 'x.smolmachine');
    const { sha256 } = await writePack(path, { layers: [LAYER] });
    await expect(validate(path, sha256)).resolves.toMatchObject({ path });
    const error = await validate(path, '0'.repeat(64)).catch((thrown: unknown) => thrown);
    expect(packFault(error)).toBe('digest');
  });
});

describe('a sound pack', () => {
  test.each([1, 2, 3] as const)('of version %i is read from its tail', async (version) => {
    const path = join(folder(), 'x.smolmachine');
    const written = await writePack(path, { layers: [LAYER], version });
    const pack = await validate(path, written.sha256);
    expect(pack).toMatchObject({
      path,
      name: path,
      bytes: written.bytes,
      footer: { version, assetsSize: written.footer.assetsSize, crc32: written.footer.crc32 },
      notices: [],
    });
    expect(pack.manifest.assets.layers).toHaveLength(1);
  });

  test('of a newer smolvm may have keys that are not known', async () => {
    const path = join(folder(), 'x.smolmachine');
    await writePack(path, set('user', 'node'));
    await expect(validate(path)).resolves.toMatchObject({ path });
  });

  test('with a network of its own is said to get none', async () => {
    const path = join(folder(), 'x.smolmachine');
    await writePack(path, { manifest: { network: true } });
    const { notices } = await validate(path);
    expect(notices).toEqual([expect.stringContaining('does not get one')]);
  });

  test.each([0, 1, 63, 64, 65, 4096, 9_000_000])('digests are right for %i bytes', async (size) => {
    const bytes = Buffer.alloc(size, 'bottle');
    const path = join(folder(), 'x');
    writeFileSync(path, bytes);
    const digests = await digestFile(path);
    expect(digests.bytes).toBe(size);
    expect(digests.crc32).toBe(crc32(bytes.subarray(0, Math.max(0, size - 64))));
  });
});
