/** Unpacks the container layers of a pack into a root file system. */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { BottleError, messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import { readTar } from '../tar/read.ts';
import { TarError } from '../tar/tar-error.ts';
import type { Pack } from './pack.ts';
import { type PackFault, packError, packFault } from './pack-fault.ts';
import { applyMember, type Rootfs, startLayer, startRootfs } from './rootfs.ts';

export type UnpackLimits = {
  readonly maxEntries: number;
  /** Of the unpacked archive. */
  readonly maxBytes: number;
  /** Unpacked bytes for each packed one; small archives may have more. */
  readonly maxRatio: number;
};

export type Unpacked = {
  readonly bytes: number;
  readonly entries: number;
  readonly notices: readonly string[];
};

/** Below this size no ratio is suspicious. */
const RATIO_FLOOR = 64 * 1024 * 1024;
/**
 * zstd's window as a power of two: what level 19 uses at most, and so the memory that it may take.
 */
const MAX_WINDOW_LOG = 25;
const CHUNK = 1 << 20;

/** Names the fault of an error that a part threw; those that have a name pass. */
function asFault(pack: Pack, fault: PackFault, error: unknown): unknown {
  if (error instanceof BottleError) return error;
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new BottleError({
      outcome: 'image-failed',
      what: 'There is no room to unpack the image',
      where: `${pack.name}: ${messageOf(error)}`,
      fix: 'Free disk space, or use a runner with more of it.',
      cause: error,
    });
  }
  const isFormat = error instanceof TarError || code.startsWith('ZSTD_') || code.startsWith('ERR_');
  // The file system refuses names that are too long, and links that are empty.
  const isName = ['ENAMETOOLONG', 'ELOOP', 'ENOENT', 'EINVAL', 'EMLINK'].includes(code);
  return isFormat || isName ? packError(pack.name, fault, messageOf(error), error) : error;
}

/** The asset archive, decompressed. Throws `bomb` once it exceeds the limits. */
async function* readAssets(pack: Pack, limits: UnpackLimits): AsyncGenerator<Buffer> {
  const { assetsSize } = pack.footer;
  const most = Math.min(limits.maxBytes, Math.max(RATIO_FLOOR, assetsSize * limits.maxRatio));
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const stream = zlib.createZstdDecompress({ params, chunkSize: CHUNK });
  const file = createReadStream(pack.path, { end: assetsSize - 1, highWaterMark: CHUNK });
  file.on('error', (error) => stream.destroy(error));
  let bytes = 0;
  try {
    for await (const chunk of file.pipe(stream)) {
      bytes += chunk.length;
      if (bytes > most) throw packError(pack.name, 'bomb', `more than ${most} bytes`);
      yield chunk;
    }
  } catch (error) {
    throw asFault(pack, 'assets', error);
  } finally {
    file.destroy();
  }
}

async function applyLayer(
  pack: Pack,
  rootfs: Rootfs,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  let bytes = 0;
  startLayer(rootfs);
  try {
    for await (const member of readTar(source)) {
      bytes += member.size;
      await applyMember(rootfs, member);
    }
  } catch (error) {
    throw asFault(pack, 'layer', error);
  }
  return bytes;
}

/** Applies the layers bottom first; one that comes before its turn waits in a file of `folder`. */
async function applyLayers(
  pack: Pack,
  rootfs: Rootfs,
  folder: HostPath,
  limits: UnpackLimits,
): Promise<number> {
  const order = pack.manifest.assets.layers.map(({ path }) => path);
  const waiting = new Map<string, HostPath>();
  let next = 0;
  let bytes = 0;
  const applyWaiting = async () => {
    for (let file = waiting.get(order[next] ?? ''); file; file = waiting.get(order[next] ?? '')) {
      bytes += await applyLayer(pack, rootfs, createReadStream(file, { highWaterMark: CHUNK }));
      next += 1;
    }
  };
  for await (const member of readTar(readAssets(pack, limits))) {
    const path = member.path.replace(/^\.\//, '');
    if (member.type !== 'file' || !order.includes(path) || waiting.has(path)) continue;
    if (order[next] === path && order.lastIndexOf(path) === next) {
      bytes += await applyLayer(pack, rootfs, member.data);
      next += 1;
    } else {
      const file = join(folder, `layer-${waiting.size}.tar`);
      await pipeline(member.data, createWriteStream(file, { flags: 'wx' }));
      waiting.set(path, file);
    }
    await applyWaiting();
  }
  const missing = order[next];
  if (missing !== undefined) throw packError(pack.name, 'asset-missing', missing);
  return bytes;
}

/**
 * Unpacks the layers of `pack` into the empty directory `root`; `folder` is for temporary files.
 * Throws `image-failed` with a `PackFault`. What it wrote until then is for the caller to remove.
 */
export async function unpackLayers(
  pack: Pack,
  root: HostPath,
  folder: HostPath,
  limits: UnpackLimits,
): Promise<Unpacked> {
  const { mode, assets } = pack.manifest;
  if (mode !== 'container' || assets.layers.length === 0) {
    throw packError(pack.name, 'no-layers', `mode ${mode}, ${assets.layers.length} layers`);
  }
  const rootfs = startRootfs(pack.name, root, limits.maxEntries);
  try {
    const bytes = await applyLayers(pack, rootfs, folder, limits);
    const notices = [...rootfs.skipped].map(([kind, count]) => {
      return `${count} entries of the image were left out: ${kind}.`;
    });
    return { bytes, entries: rootfs.entries, notices };
  } catch (error) {
    if (packFault(error)) throw error;
    throw asFault(pack, 'assets', error);
  }
}
