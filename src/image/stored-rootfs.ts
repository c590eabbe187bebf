/** The unpacked tree of a stored image: made once per digest and boot, then shared by all jobs. */
import { chmod, mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import type { Pack } from './pack.ts';
import {
  exclusively,
  imageFolder,
  inTemporary,
  readMeta,
  removeTree,
  type Store,
  writeMeta,
} from './store.ts';
import { type UnpackLimits, unpackLayers } from './unpack.ts';

export type StoredRootfs = { readonly path: HostPath; readonly notices: readonly string[] };

/**
 * Unpacks the layers of the stored `pack`, unless this boot did so already. A tree from before a
 * reboot is made anew: a power cut may have lost what had not reached the disk.
 */
export async function ensureRootfs(
  store: Store,
  sha256: string,
  pack: Pack,
  limits: UnpackLimits,
): Promise<StoredRootfs> {
  const path = join(imageFolder(store, sha256), 'rootfs');
  return await exclusively(store, sha256, async () => {
    const meta = await readMeta(store, sha256);
    const there = await stat(path).catch(() => undefined);
    if (there && meta.rootfs?.boot === store.boot) return { path, notices: meta.rootfs.notices };
    return await inTemporary(store, async (folder) => {
      const root = join(folder, 'rootfs');
      await mkdir(root);
      await chmod(root, 0o755);
      const { bytes, notices } = await unpackLayers(pack, root, folder, limits);
      await removeTree(path);
      await rename(root, path);
      await writeMeta(store, sha256, { ...meta, rootfs: { boot: store.boot, bytes, notices } });
      return { path, notices };
    });
  });
}
