/**
 * The runner's own store of images, addressed by content:
 *
 *   <root>/<sha256>/image.smolmachine   read-only, verified
 *   <root>/<sha256>/rootfs/             its layers unpacked, where an engine needs them
 *   <root>/<sha256>/meta.json           when it was verified and unpacked
 *   <root>/<sha256>/use/<owner>         a process that uses it; the folder's mtime: the last use
 *   <root>/.temporary/<owner>.<random>/ being written; moved into place when complete
 *   <root>/.locks/<name>/               see lock.ts
 */
import {
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { type Locker, withLock } from '../lock/lock.ts';
import { bootId, currentOwner, hasEnded } from '../lock/owner.ts';
import { sha256Of } from './digest.ts';

export type Store = Locker & { readonly root: HostPath; readonly boot: string };

/**
 * The file's identity when it was last hashed; any difference means that it must be hashed again.
 */
type Fingerprint = {
  readonly boot: string;
  readonly device: string;
  readonly inode: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
};

/** What the store knows of an image. */
export type Meta = {
  readonly verified?: Fingerprint;
  /** The boot in which `rootfs/` was unpacked, its size, and what was left out of it. */
  readonly rootfs?: {
    readonly boot: string;
    readonly bytes: number;
    readonly notices: readonly string[];
  };
};

export type StoreHost = Locker['host'];

export async function openStore(root: HostPath, host: StoreHost): Promise<Store> {
  await mkdir(join(root, '.temporary'), { recursive: true });
  const me = await currentOwner(host);
  return { root, host, me, what: 'image', boot: await bootId(host) };
}

export function imageFolder(store: Store, sha256: string): HostPath {
  return join(store.root, sha256);
}

export function imagePath(store: Store, sha256: string): HostPath {
  return join(store.root, sha256, 'image.smolmachine');
}

/**
 * Runs `work` while no other process on this machine works on the image or source called `name`.
 */
export async function exclusively<T>(
  store: Store,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  return await withLock(join(store.root, '.locks', name), store, work);
}

/** Gives `work` a directory of its own beside the images, and removes what `work` leaves in it. */
export async function inTemporary<T>(
  store: Store,
  work: (folder: HostPath) => Promise<T>,
): Promise<T> {
  const name = `${store.me}.${store.host.randomName(8)}`;
  const folder = join(store.root, '.temporary', name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await removeTree(folder);
  }
}

/** Removes a tree even where an image made directories read-only. */
export async function removeTree(path: HostPath): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes from `folder` what belongs to processes that have ended; returns the names that remain.
 */
export async function sweepOwned(store: Store, folder: HostPath): Promise<string[]> {
  const kept: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const written = await stat(path).catch(() => undefined);
    if (!written) continue;
    const [owner = ''] = name.split('.');
    const ageMs = Date.now() - written.mtimeMs;
    if (await hasEnded(store.host, owner, store.me, ageMs)) await removeTree(path);
    else kept.push(name);
  }
  return kept;
}

/** Removes what processes left that were killed while they wrote. */
export async function sweepTemporary(store: Store): Promise<void> {
  await sweepOwned(store, join(store.root, '.temporary'));
}

export async function readMeta(store: Store, sha256: string): Promise<Meta> {
  try {
    return JSON.parse(await readFile(join(imageFolder(store, sha256), 'meta.json'), 'utf8'));
  } catch {
    return {}; // absent or damaged: everything is verified and unpacked anew
  }
}

export async function writeMeta(store: Store, sha256: string, meta: Meta): Promise<void> {
  const path = join(imageFolder(store, sha256), 'meta.json');
  const temporary = `${path}.${store.me}`;
  await writeFile(temporary, JSON.stringify(meta));
  await rename(temporary, path);
}

/** Marks the image as used by this process, and as used last now. */
async function markUse(store: Store, sha256: string): Promise<void> {
  const marks = join(imageFolder(store, sha256), 'use');
  await mkdir(marks, { recursive: true });
  for (const owner of await readdir(marks)) {
    if (await hasEnded(store.host, owner, store.me, 0))
      await rm(join(marks, owner), { force: true });
  }
  await writeFile(join(marks, store.me), '');
}

async function fingerprintOf(store: Store, path: HostPath) {
  const file = await open(path, 'r');
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  const fingerprint: Fingerprint = {
    boot: store.boot,
    device: String(dev),
    inode: String(ino),
    size: String(size),
    mtimeNs: String(mtimeNs),
    ctimeNs: String(ctimeNs),
  };
  return { file, fingerprint };
}

/** Hashes the stored file, unless it is the very file that was hashed in this boot. */
async function isIntact(store: Store, sha256: string): Promise<boolean> {
  const { file, fingerprint } = await fingerprintOf(store, imagePath(store, sha256));
  try {
    const meta = await readMeta(store, sha256);
    if (JSON.stringify(meta.verified) === JSON.stringify(fingerprint)) return true;
    if ((await sha256Of(file, store.host.cancelled)) !== sha256) return false;
    await writeMeta(store, sha256, { ...meta, verified: fingerprint });
    return true;
  } finally {
    await file.close();
  }
}

export type Found = 'found' | 'absent' | 'altered';

/**
 * Looks for an image and marks it as used. `altered`: its bytes had changed, and it was removed.
 * Call it inside `exclusively`.
 */
export async function findImage(store: Store, sha256: string): Promise<Found> {
  try {
    if (await isIntact(store, sha256)) {
      await markUse(store, sha256);
      return 'found';
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
  await removeTree(imageFolder(store, sha256));
  return 'altered';
}

/**
 * Moves the file at `from` (in a temporary folder of this store, with the digest `sha256`, which
 * the caller has checked) into the store and marks it as used. Call it inside `exclusively`.
 */
export async function addImage(store: Store, sha256: string, from: HostPath): Promise<void> {
  const folder = imageFolder(store, sha256);
  const path = imagePath(store, sha256);
  await removeTree(folder);
  await mkdir(folder, { recursive: true });
  await chmod(from, 0o444);
  await rename(from, path);
  const { file, fingerprint } = await fingerprintOf(store, path);
  await file.close();
  await writeMeta(store, sha256, { verified: fingerprint });
  await markUse(store, sha256);
}
