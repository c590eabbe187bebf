/** Reads and validates a `.smolmachine` from its tail; its gigabytes are not read. */
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
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

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(buffer, read, length - read, offset + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return buffer.subarray(0, read);
}

/** Checks every field against the file's real size, so that nothing later can point astray. */
function parseFooter(path: HostPath, tail: Buffer, fileSize: number): PackFooter {
  if (tail.length < FOOTER_SIZE) throw packError(path, 'too-small', `${fileSize} bytes`);
  const magic = tail.toString('latin1', 0, 8);
  if (magic !== 'SMOLPACK') throw packError(path, 'magic', `found ${JSON.stringify(magic)}`);
  const version = tail.readUInt32LE(8);
  if (!VERSIONS.includes(version)) throw packError(path, 'version', `version ${version}`);
  const [stubSize, assetsOffset, assetsSize, manifestOffset, manifestSize] = [
    12, 20, 28, 36, 44,
  ].map((at) => tail.readBigUInt64LE(at)) as [bigint, bigint, bigint, bigint, bigint];
  if (stubSize !== 0n || assetsOffset !== 0n) {
    throw packError(path, 'not-a-sidecar', `stub ${stubSize} bytes, assets at ${assetsOffset}`);
  }
  if (manifestSize === 0n || manifestSize > BigInt(MAX_MANIFEST)) {
    throw packError(path, 'manifest-size', `manifest of ${manifestSize} bytes`);
  }
  const end = BigInt(fileSize - FOOTER_SIZE);
  const parts = `assets ${assetsSize} bytes, manifest ${manifestSize} at ${manifestOffset}, ${end} in all`;
  if (assetsSize > end || manifestOffset + manifestSize > end) {
    throw packError(path, 'beyond-end', parts);
  }
  if (manifestOffset < assetsSize) throw packError(path, 'overlap', parts);
  if (manifestOffset > assetsSize || manifestOffset + manifestSize < end) {
    throw packError(path, 'gap', parts);
  }
  return {
    version,
    assetsSize: Number(assetsSize),
    manifestOffset: Number(manifestOffset),
    manifestSize: Number(manifestSize),
    crc32: tail.readUInt32LE(52),
  };
}

function parseManifest(path: HostPath, bytes: Buffer): PackManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw packError(path, 'manifest-json', messageOf(error), error);
  }
  const manifest = parsePackManifest(value);
  if (typeof manifest === 'string') throw packError(path, 'manifest-field', manifest);
  return manifest;
}

function checkManifest(path: HostPath, manifest: PackManifest, arch: string): string[] {
  const [os, architecture] = manifest.platform.split('/');
  if (os !== 'linux' || !ARCHITECTURES[arch]?.includes(architecture ?? '')) {
    throw packError(path, 'platform', `${manifest.platform} on a runner with ${arch}`);
  }
  const secrets = Object.keys(manifest.secret_refs);
  if (secrets.length > 0) {
    throw packError(path, 'secret-refs', secrets.slice(0, 5).join(', '));
  }
  const notices: string[] = [];
  if (manifest.network) {
    notices.push('The image was packed with a network of its own; its machine does not get one.');
  }
  return notices;
}

async function readParts(file: FileHandle, path: HostPath, arch: string): Promise<Pack> {
  const { size: bytes } = await file.stat();
  const tail = await readAt(file, Math.max(0, bytes - FOOTER_SIZE), Math.min(FOOTER_SIZE, bytes));
  const footer = parseFooter(path, tail, bytes);
  const head = await readAt(file, 0, Math.min(4, footer.assetsSize));
  if (head.length < 4 || head.readUInt32LE() !== ZSTD_MAGIC) {
    throw packError(path, 'assets', `they begin with ${head.toString('hex') || 'nothing'}`);
  }
  const text = await readAt(file, footer.manifestOffset, footer.manifestSize);
  const manifest = parseManifest(path, text);
  return { path, bytes, footer, manifest, notices: checkManifest(path, manifest, arch) };
}

/**
 * Opens the pack at `path` and checks all that its tail can show; `arch` is Node's name for the
 * runner's architecture. Throws `image-failed` with a `PackFault`. The CRC32 is not checked here,
 * because that reads the whole file: see `digest.ts`.
 */
export async function readPack(path: HostPath, arch: string): Promise<Pack> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw packError(path, 'unreadable', messageOf(error), error);
  }
  try {
    return await readParts(file, path, arch);
  } catch (error) {
    throw error instanceof Error && 'errno' in error
      ? packError(path, 'unreadable', error.message, error)
      : error;
  } finally {
    await file.close();
  }
}
