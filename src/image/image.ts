/** Has the plan's image ready to boot: found in the store, restored from the cache, or fetched. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { Host, Services } from '../host/host.ts';
import { toolCache } from '../tool-cache.ts';
import { cacheAllows, saveImage } from './cache.ts';
import { evict } from './evict.ts';
import { type Errand, type Obtained, obtainImage } from './obtain.ts';
import { readPack } from './pack.ts';
import { type EnsuredImage, IMAGE_LIMITS, type ImageRequest } from './request.ts';
import { sourceName } from './source.ts';
import { imagePath, inTemporary, openStore } from './store.ts';
import { ensureRootfs } from './stored-rootfs.ts';

/** What saving to the cache may cost the run; the transfer then goes on beside it. */
const SAVE_BUDGET_MS = 2000;

function hostImage(): EnsuredImage {
  const facts = { sha256: '', platform: '', bytes: 0, source: 'host', hit: 'host' } as const;
  return {
    image: { kind: 'host' },
    facts: { ...facts, milliseconds: 0, notices: [] },
    saved: Promise.resolve(false),
  };
}

/** Saves what was fetched just now, from runs that may leave something behind. */
async function save(errand: Errand, { sha256, hit }: Obtained): Promise<boolean> {
  const { host, services, store, request, source, limits } = errand;
  if (hit !== 'source' || source.kind === 'path') return false;
  if (request.cache !== 'read-write' || !request.trusted) return false;
  if (!cacheAllows(host.env, 'write')) return false;
  const smolvmVersion = request.smolvm?.version ?? '';
  const key = { platform: host.platform, arch: host.arch, smolvmVersion, sha256 };
  const cache = { host, services, maxBytes: limits.maxBytes };
  try {
    return await inTemporary(store, async (folder) => {
      return await saveImage(cache, folder, imagePath(store, sha256), key);
    });
  } catch (error) {
    host.log.info(`The image was not saved to the cache: ${messageOf(error)}`);
    return false;
  }
}

async function waitAtMost(promise: Promise<unknown>, budgetMs: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(budgetMs, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  timer.abort();
}

/**
 * Makes the requested image ready: in the store, verified, with its layers unpacked if asked for.
 *
 * Throws `image-failed` when it is broken or cannot be had, `config-invalid` when the request asks
 * for what it may not have. The image stays in use by this process until it ends.
 */
export async function ensureImage(
  host: Host,
  services: Pick<Services, 'restoreCache' | 'saveCache'>,
  request: ImageRequest,
): Promise<EnsuredImage> {
  const { source } = request;
  if (source.kind === 'host') return hostImage();
  const started = host.now();
  const limits = { ...IMAGE_LIMITS, ...request.limits };
  const platform = `linux/${host.arch === 'x64' ? 'amd64' : host.arch}`;
  const store = await openStore(join(toolCache(host.env), 'images'), host);
  const notices: string[] = [];
  const errand = { host, services, store, request, source, limits, platform, notices };
  const obtained = await obtainImage(errand);
  const { sha256, hit } = obtained;
  const path = imagePath(store, sha256);
  const pack = await readPack({ path, name: sourceName(source), arch: host.arch });
  notices.push(...pack.notices);
  const saved = save(errand, obtained);
  const rootfs = request.needsRootfs
    ? await ensureRootfs(store, sha256, pack, limits.unpack)
    : undefined;
  notices.push(...(rootfs?.notices ?? []));
  await waitAtMost(saved, SAVE_BUDGET_MS);
  await evict(store, limits.store);
  const milliseconds = host.now() - started;
  const { bytes, name } = pack;
  return {
    image: { kind: 'smolmachine', path, ...(rootfs ? { rootfs: rootfs.path } : {}) },
    facts: { sha256, platform, bytes, source: name, hit, milliseconds, notices },
    saved,
  };
}
