/** Reads and validates a `.smolmachine` from its tail; its gigabytes are not read. */
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import type { Digests } from './digest.ts';
import { packError } from './pack-fault.ts';
import { type PackManifest, parsePackManifest } from './pack-manifest.ts';

/** Where the parts lie: zstd tar of assets ‖ JSON manifest ‖ 64-byte footer. Offsets in bytes. */
export type PackFooter = {
  readonly version: number;
  readonly assetsSize: number;
  readonly manifestOffset: number;
  readonly manifestSize: number;
  /** Over assets and manifest. */
  readonly crc32: number;
};

export type Pack = {
  readonly path: HostPath;
  /** How errors call it: its path, or the source that it was fetched from. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly bytes: number;
  readonly footer: PackFooter;
  readonly manifest: PackManifest;
  /** Sound, but a person should know. */
  readonly notices: readonly string[];
};

const FOOTER_SIZE = 64;
const MAX_MANIFEST = 16 * 1024 * 1024;
const VERSIONS: readonly number[] = [1, 2, 3];
const ZSTD_MAGIC = 0xfd2fb528;

/** The names that smolvm and OCI give to Node's architectures. */
const ARCHITECTURES: Readonly<Record<string, readonly string[]>> = {
  x64: ['amd64', 'x86_64'],
  arm64: ['arm64', 'aarch64'],
};

/** The bytes of a pack, wherever they are. */
export type PackBytes = {
  readonly size: number;
  /** Fewer than `length` bytes only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
};

function bytesOf(file: FileHandle, size: number): PackBytes {
  return {
    size,
    async read(offset, length) {
      const buffer = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
  };
}

/** Checks every field against the file's real size, so that nothing later can point astray. */
function parseFooter(name: string, tail: Buffer, fileSize: number): PackFooter {
  if (tail.length < FOOTER_SIZE) throw packError(name, 'too-small', `${fileSize} bytes`);
  const magic = tail.toString('latin1', 0, 8);
  if (magic !== 'SMOLPACK') throw packError(name, 'magic', `found ${JSON.stringify(magic)}`);
  const version = tail.readUInt32LE(8);
  if (!VERSIONS.includes(version)) throw packError(name, 'version', `version ${version}`);
  const [stubSize, assetsOffset, assetsSize, manifestOffset, manifestSize] = [
    12, 20, 28, 36, 44,
  ].map((at) => tail.readBigUInt64LE(at)) as [bigint, bigint, bigint, bigint, bigint];
  if (stubSize !== 0n || assetsOffset !== 0n) {
    throw packError(name, 'not-a-sidecar', `stub ${stubSize} bytes, assets at ${assetsOffset}`);
  }
  if (manifestSize === 0n || manifestSize > BigInt(MAX_MANIFEST)) {
    throw packError(name, 'manifest-size', `manifest of ${manifestSize} bytes`);
  }
  const end = BigInt(fileSize - FOOTER_SIZE);
  const parts =
    `assets ${assetsSize} bytes, manifest ${manifestSize} at ${manifestOffset}, ` +
    `${end} before the footer`;
  if (assetsSize > end || manifestOffset + manifestSize > end) {
    throw packError(name, 'beyond-end', parts);
  }
  if (manifestOffset < assetsSize) throw packError(name, 'overlap', parts);
  if (manifestOffset > assetsSize || manifestOffset + manifestSize < end) {
    throw packError(name, 'gap', parts);
  }
  return {
    version,
    assetsSize: Number(assetsSize),
    manifestOffset: Number(manifestOffset),
    manifestSize: Number(manifestSize),
    crc32: tail.readUInt32LE(52),
  };
}

function parseManifest(name: string, bytes: Buffer): PackManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw packError(name, 'manifest-json', messageOf(error), error);
  }
  const manifest = parsePackManifest(value);
  if (typeof manifest === 'string') throw packError(name, 'manifest-field', manifest);
  return manifest;
}

function checkManifest(name: string, manifest: PackManifest, arch: string): string[] {
  const [os, architecture] = manifest.platform.split('/');
  if (os !== 'linux' || !ARCHITECTURES[arch]?.includes(architecture ?? '')) {
    throw packError(name, 'platform', `${manifest.platform} on a runner with ${arch}`);
  }
  const secrets = Object.keys(manifest.secret_refs);
  if (secrets.length > 0) {
    throw packError(name, 'secret-refs', secrets.slice(0, 5).join(', '));
  }
  const notices: string[] = [];
  if (manifest.network) {
    notices.push('The image was packed with a network of its own; its machine does not get one.');
  }
  return notices;
}

export type PackSource = {
  readonly path: HostPath;
  /** How errors call it; default: its path. */
  readonly name?: string;
  /** Node's name for the runner's architecture. */
  readonly arch: string;
};

/** Checks all that the tail of a pack can show; reads no more than that. */
export async function parsePack(bytes: PackBytes, source: PackSource): Promise<Pack> {
  const { path, name = path, arch } = source;
  const tailSize = Math.min(FOOTER_SIZE, bytes.size);
  const footer = parseFooter(name, await bytes.read(bytes.size - tailSize, tailSize), bytes.size);
  const head = await bytes.read(0, Math.min(4, footer.assetsSize));
  if (head.length < 4 || head.readUInt32LE() !== ZSTD_MAGIC) {
    throw packError(name, 'assets', `they begin with ${head.toString('hex') || 'nothing'}`);
  }
  const manifest = parseManifest(
    name,
    await bytes.read(footer.manifestOffset, footer.manifestSize),
  );
  const notices = checkManifest(name, manifest, arch);
  return { path, name, bytes: bytes.size, footer, manifest, notices };
}

/**
 * Opens a pack and checks its tail. Throws `image-failed` with a `PackFault`. The
 * CRC32 is not checked here, because that reads the whole file: see `checkDigests`.
 */
export async function readPack(source: PackSource): Promise<Pack> {
  const { path, name = path } = source;
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    return await parsePack(bytesOf(file, (await file.stat()).size), source);
  } catch (error) {
    const isFile = error instanceof Error && 'errno' in error;
    throw isFile ? packError(name, 'unreadable', error.message, error) : error;
  } finally {
    await file?.close();
  }
}

/**
 * Compares what was read from the whole file with the footer, and with `sha256` unless it is
 * empty.
 */
export function checkDigests(pack: Pack, digests: Digests, sha256: string): void {
  if (sha256 !== '' && digests.sha256 !== sha256) {
    throw packError(pack.name, 'digest', `found ${digests.sha256}, expected ${sha256}`);
  }
  if (digests.crc32 !== pack.footer.crc32) {
    const [found, expected] = [digests.crc32, pack.footer.crc32].map((crc) => crc.toString(16));
    throw packError(pack.name, 'checksum', `found ${found}, its footer says ${expected}`);
  }
}
