/**
 * Keeps the store within its limits: the least recently used images go, never one that is in use.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from '../lock/lock.ts';
import {
  imageFolder,
  imagePath,
  readMeta,
  removeTree,
  type Store,
  sweepOwned,
  sweepTemporary,
} from './store.ts';

export type StoreLimits = {
  /** Of all images with their unpacked trees. */
  readonly maxBytes: number;
  /** Since the last use. */
  readonly maxAgeMs: number;
};

type Candidate = { readonly sha256: string; readonly bytes: number; readonly usedMs: number };

async function listImages(store: Store): Promise<Candidate[]> {
  const names = (await readdir(store.root)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return await Promise.all(
    names.map(async (sha256) => {
      const used = await stat(join(imageFolder(store, sha256), 'use')).catch(() => undefined);
      const image = await stat(imagePath(store, sha256)).catch(() => undefined);
      const { rootfs } = await readMeta(store, sha256);
      const bytes = (image?.size ?? 0) + (rootfs?.bytes ?? 0);
      return { sha256, bytes, usedMs: used?.mtimeMs ?? 0 };
    }),
  );
}

/** Removes the image unless a living process uses it or holds its lock; says whether it went. */
async function evictImage(store: Store, sha256: string): Promise<boolean> {
  let removed = false;
  await tryLock(join(store.root, '.locks', sha256), store, async () => {
    const users = await sweepOwned(store, join(imageFolder(store, sha256), 'use'));
    if (users.length > 0) return;
    await removeTree(imageFolder(store, sha256));
    removed = true;
  });
  return removed;
}

/**
 * Removes what killed processes left, images unused for longer than `maxAgeMs`, and then the least
 * recently used ones until the rest fits into `maxBytes`. Returns the digests that went.
 */
export async function evict(store: Store, limits: StoreLimits): Promise<string[]> {
  await sweepTemporary(store);
  const images = (await listImages(store)).sort((a, b) => a.usedMs - b.usedMs);
  const removed: string[] = [];
  let total = images.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { sha256, bytes, usedMs } of images) {
    const expired = Date.now() - usedMs > limits.maxAgeMs;
    if (!expired && total <= limits.maxBytes) continue;
    if (!(await evictImage(store, sha256))) continue;
    total -= bytes;
    removed.push(sha256);
  }
  return removed;
}
