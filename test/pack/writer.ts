/** Writes `.smolmachine` files: sound ones, and ones that are broken in exactly one way. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import type { PackManifest } from '../../src/image/pack-manifest.ts';
import { TAR_END, type TarEntry, tarEntry, tarHeader, tarPadding } from './tar.ts';

/** A layer: the bytes of an uncompressed tar, or a file that holds them. */
export type PackLayer = Uint8Array | { readonly path: string };

/** What the 64-byte footer says. */
export type FooterFields = {
  readonly magic: string;
  readonly version: number;
  readonly stubSize: number | bigint;
  readonly assetsOffset: number | bigint;
  readonly assetsSize: number | bigint;
  readonly manifestOffset: number | bigint;
  readonly manifestSize: number | bigint;
  readonly crc32: number;
};

export type PackOptions = {
  /** Bottom layer first. */
  readonly layers?: readonly PackLayer[];
  /** Merged over a manifest that is right for `layers` and this machine's architecture. */
  readonly manifest?: Partial<PackManifest>;
  readonly version?: 1 | 2 | 3;
  readonly corrupt?: {
    /** Overrides single footer fields. */
    readonly footer?: Partial<FooterFields>;
    /** Replaces the manifest's text; sizes and CRC in the footer fit it. */
    readonly manifestText?: string | Uint8Array;
    /** Replaces the compressed assets; sizes and CRC in the footer fit them. */
    readonly assets?: Uint8Array;
    /** More entries at the end of the asset archive. */
    readonly entries?: readonly TarEntry[];
    /** Cuts the finished bytes; given the whole file. Only for small packs. */
    readonly bytes?: (whole: Buffer) => Uint8Array;
  };
};

export type WrittenPack = {
  readonly path: string;
  /** Lower-case hex of the whole file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly footer: FooterFields;
};

/** smolvm's name of this machine's architecture: `amd64` or `arm64`. */
export const PACK_ARCH = process.arch === 'x64' ? 'amd64' : process.arch;

async function* layerBytes(layer: PackLayer): AsyncGenerator<Uint8Array> {
  if (layer instanceof Uint8Array) yield layer;
  else yield* createReadStream(layer.path, { highWaterMark: 1 << 20 });
}

async function layerSize(layer: PackLayer): Promise<number> {
  return layer instanceof Uint8Array ? layer.length : (await stat(layer.path)).size;
}

type LayerFacts = { readonly digest: string; readonly path: string; readonly size: number };

async function describeLayer(layer: PackLayer): Promise<LayerFacts> {
  const hash = createHash('sha256');
  for await (const chunk of layerBytes(layer)) hash.update(chunk);
  const hex = hash.digest('hex');
  return {
    digest: `sha256:${hex}`,
    path: `layers/${hex}.tar`,
    size: await layerSize(layer),
  };
}

function makeManifest(layers: readonly LayerFacts[], over: Partial<PackManifest>): PackManifest {
  return {
    mode: 'container',
    image: 'bottle-test:latest',
    digest: `sha256:${'0'.repeat(64)}`,
    platform: `linux/${PACK_ARCH}`,
    entrypoint: [],
    cmd: ['/bin/sh'],
    env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
    secret_refs: {},
    cpus: 2,
    mem: 1024,
    network: false,
    host_platform: `linux/${PACK_ARCH}`,
    created: '2026-01-01T00:00:00Z',
    smolvm_version: '1.9.2',
    assets: {
      libraries: [],
      agent_rootfs: { path: 'agent-rootfs.tar', size: 0 },
      layers: [...layers],
    },
    ...over,
  };
}

async function* assetArchive(
  layers: readonly PackLayer[],
  facts: readonly LayerFacts[],
  extra: readonly TarEntry[],
): AsyncGenerator<Uint8Array> {
  yield tarEntry({ name: 'agent-rootfs.tar' });
  yield tarEntry({ name: 'layers/', type: '5' });
  for (const [index, layer] of layers.entries()) {
    const { path, size } = facts[index] as LayerFacts;
    yield tarHeader({ name: path, size });
    yield* layerBytes(layer);
    yield tarPadding(size);
  }
  for (const entry of extra) yield tarEntry(entry);
  yield TAR_END;
}

function footerBytes(footer: FooterFields): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write(footer.magic, 0, 8, 'latin1');
  bytes.writeUInt32LE(footer.version, 8);
  bytes.writeBigUInt64LE(BigInt(footer.stubSize), 12);
  bytes.writeBigUInt64LE(BigInt(footer.assetsOffset), 20);
  bytes.writeBigUInt64LE(BigInt(footer.assetsSize), 28);
  bytes.writeBigUInt64LE(BigInt(footer.manifestOffset), 36);
  bytes.writeBigUInt64LE(BigInt(footer.manifestSize), 44);
  bytes.writeUInt32LE(footer.crc32, 52);
  return bytes;
}

/** Compresses with smolvm's level 3. */
function compress(archive: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: 3 };
  return Readable.from(archive, { objectMode: false }).pipe(zlib.createZstdCompress({ params }));
}

/** Writes one pack to `path`, streaming; layers may be gigabytes. */
export async function writePack(path: string, options: PackOptions = {}): Promise<WrittenPack> {
  const { layers = [], manifest = {}, version = 1, corrupt = {} } = options;
  const facts = await Promise.all(layers.map(describeLayer));
  const json = JSON.stringify(makeManifest(facts, manifest), null, 2);
  const text = Buffer.from(corrupt.manifestText ?? json);
  const archive = assetArchive(layers, facts, corrupt.entries ?? []);
  const hash = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  let footer: FooterFields | undefined;
  async function* parts(): AsyncGenerator<Uint8Array> {
    for await (const chunk of corrupt.assets ? [corrupt.assets] : compress(archive)) {
      crc = zlib.crc32(chunk, crc);
      bytes += chunk.length;
      yield chunk;
    }
    footer = {
      magic: 'SMOLPACK',
      version,
      stubSize: 0,
      assetsOffset: 0,
      assetsSize: bytes,
      manifestOffset: bytes,
      manifestSize: text.length,
      crc32: zlib.crc32(text, crc),
      ...corrupt.footer,
    };
    yield text;
    yield footerBytes(footer);
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    const { bytes: change } = corrupt;
    if (change) yield change(await buffer(parts()));
    else yield* parts();
  }
  let total = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of whole()) {
      hash.update(chunk);
      total += chunk.length;
      yield chunk;
    }
  }
  await pipeline(counted, createWriteStream(path));
  return { path, sha256: hash.digest('hex'), bytes: total, footer: footer as FooterFields };
}
