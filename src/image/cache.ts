/** The Actions cache behind the store. What it gives is believed only if its digest is a known one. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, Services } from '../host/host.ts';
import { readCacheTarOutcome, writeCacheTar } from './cache-tar.ts';

export type ImageCache = {
  readonly host: Pick<Host, 'nodePath' | 'which' | 'env' | 'log'>;
  readonly services: Pick<Services, 'restoreCache' | 'saveCache'>;
  readonly maxBytes: number;
};

/** What the key must hold beside the digest: entries of Linux and macOS share one name space. */
export type CacheKeyParts = {
  readonly platform: string;
  readonly arch: string;
  /** Empty where no smolvm is used. */
  readonly smolvmVersion: string;
  /** Lower-case hex. The key ends with it, because the service matches keys by prefix. */
  readonly sha256: string;
};

export type Restored =
  | { readonly kind: 'hit'; readonly path: HostPath }
  | { readonly kind: 'miss' }
  /** There was an entry, and it was not the image. */
  | { readonly kind: 'altered'; readonly reason: string };

/** What tar's eleven octal digits can say. */
const LARGEST = 8 ** 11 - 1;

/**
 * The client wants paths that exist, and hashes their text into the entry's version. Which file is
 * archived is our `tar`'s business, so the path is one that exists on every runner.
 */
const PATHS: readonly string[] = ['/dev/null'];

export function cacheKey({ platform, arch, smolvmVersion, sha256 }: CacheKeyParts): string {
  return `bottle-smolmachine-v1-${platform}-${arch}-smolvm${smolvmVersion}-${sha256}`;
}

/** Is there a cache here, and may this run read or write it? */
export function cacheAllows(env: Host['env'], what: 'read' | 'write'): boolean {
  if (!env.ACTIONS_RESULTS_URL && !env.ACTIONS_CACHE_URL) return false;
  // `write` allows both; a mode that is not known allows all, as it does for the client.
  const forbidden = what === 'read' ? ['none', 'write-only'] : ['none', 'read'];
  return !forbidden.includes((env.ACTIONS_CACHE_MODE ?? '').trim().toLowerCase());
}

/** Restores the image into the fresh directory `folder` and compares its digest with the key's. */
export async function restoreImage(
  { host, services, maxBytes }: ImageCache,
  folder: HostPath,
  key: CacheKeyParts,
): Promise<Restored> {
  const [file, outcome] = [join(folder, 'restored.smolmachine'), join(folder, 'restored.json')];
  const tools = join(folder, 'restore-tools');
  await writeCacheTar(host, tools, { file, outcome, maxBytes });
  let there: boolean;
  try {
    there = await services.restoreCache([...PATHS], cacheKey(key), { tools });
  } catch (error) {
    host.log.info(`The cache did not answer: ${messageOf(error)}`);
    return { kind: 'miss' };
  }
  const result = await readCacheTarOutcome(outcome);
  if (result?.kind === 'refused') return { kind: 'altered', reason: result.reason };
  if (!there || !result) return { kind: 'miss' };
  if (result.sha256 !== key.sha256) {
    return { kind: 'altered', reason: `its sha256 is ${result.sha256}` };
  }
  return { kind: 'hit', path: file };
}

/** Saves the image at `file`; says whether the service took it. Never throws for the service. */
export async function saveImage(
  { host, services, maxBytes }: ImageCache,
  folder: HostPath,
  file: HostPath,
  key: CacheKeyParts,
): Promise<boolean> {
  if ((await stat(file)).size > LARGEST) return false;
  const tools = join(folder, 'save-tools');
  await writeCacheTar(host, tools, { file, outcome: join(folder, 'saved.json'), maxBytes });
  try {
    return await services.saveCache([...PATHS], cacheKey(key), { tools });
  } catch (error) {
    host.log.info(`The cache did not take the image: ${messageOf(error)}`);
    return false;
  }
}
