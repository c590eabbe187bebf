/**
 * Reads a `.smolmachine` as `create --from` does: footer and manifest are checked, the CRC is not.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import zlib from 'node:zlib';
import type { PackManifest } from '../../../src/image/pack-manifest.ts';
import { SmolvmError } from './command.ts';

export type PackFacts = {
  readonly manifest: PackManifest;
  /** zstd-compressed tar. */
  readonly assets: Buffer;
  readonly crcFits: boolean;
};

const FOOTER = 64;
export const ARCH = process.arch === 'x64' ? 'amd64' : process.arch;

export function readPack(path: string): PackFacts {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    throw new SmolvmError(
      `config operation failed: create from .smolmachine: file not found: ${path}`,
    );
  }
  const pack = parsePack(readFileSync(path));
  const arch = pack.manifest.platform.split('/').at(-1) ?? '';
  if (arch === ARCH) return pack;
  throw new SmolvmError(
    `config operation failed: platform mismatch: this artifact is built for architecture '${arch}', this machine is '${ARCH}'`,
  );
}

export function parsePack(whole: Buffer): PackFacts {
  const failure = (text: string) =>
    new SmolvmError(`config operation failed: read .smolmachine: ${text}`);
  if (whole.length < FOOTER) throw failure('sidecar file too small to contain footer');
  const footer = whole.subarray(-FOOTER);
  if (footer.toString('latin1', 0, 8) !== 'SMOLPACK') {
    throw failure('invalid magic: expected SMOLPACK');
  }
  const version = footer.readUInt32LE(8);
  if (version < 1 || version > 3) throw failure(`unsupported version: ${version}`);
  const field = (offset: number) => Number(footer.readBigUInt64LE(offset));
  const [assetsAt, assetsSize, manifestAt, manifestSize] = [
    field(20),
    field(28),
    field(36),
    field(44),
  ];
  const assets = whole.subarray(assetsAt, assetsAt + assetsSize);
  const manifest = whole.subarray(manifestAt, manifestAt + manifestSize);
  return {
    manifest: parseManifest(manifest.toString('utf8'), failure),
    assets,
    crcFits: zlib.crc32(manifest, zlib.crc32(assets)) === footer.readUInt32LE(52),
  };
}

function parseManifest(json: string, failure: (text: string) => Error): PackManifest {
  try {
    return JSON.parse(json) as PackManifest;
  } catch (error) {
    throw failure(`manifest: ${error}`);
  }
}

/** Unpacks the assets of the pack at `path` into `directory`. */
export function extractAssets(path: string, directory: string): void {
  const { assets, manifest } = readPack(path);
  mkdirSync(directory, { recursive: true });
  let archive: Buffer;
  try {
    archive = zlib.zstdDecompressSync(assets);
  } catch (error) {
    throw new SmolvmError(`config operation failed: extract assets: ${error}`);
  }
  untar(archive, directory);
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
}

/** Lays one layer over `rootfs`, with the owners that it names; `.wh.` entries delete. */
export function applyLayer(layer: string, rootfs: string): void {
  untar(readFileSync(layer), rootfs);
  for (const entry of readdirSync(rootfs, { recursive: true, encoding: 'utf8' })) {
    const name = basename(entry);
    if (!name.startsWith('.wh.')) continue;
    rmSync(join(rootfs, entry));
    rmSync(join(rootfs, dirname(entry), name.slice(4)), { recursive: true, force: true });
  }
}

function untar(archive: Buffer, directory: string): void {
  const result = spawnSync('tar', ['-x', '-p', '--numeric-owner', '-C', directory, '-f', '-'], {
    input: archive,
  });
  if (result.status === 0) return;
  throw new SmolvmError(`storage operation failed: unpack: ${String(result.stderr).trim()}`);
}
