/**
 * The Actions cache behind the store. What it gives is believed only if its digest is a known one.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, Services } from '../host/host.ts';
import { writeCacheTools } from './cache-tools.ts';
import { sha256Of } from './digest.ts';

export type ImageCache = {
  readonly host: Pick<Host, 'which' | 'env' | 'log' | 'cancelled'>;
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

/**
 * The client wants paths that exist, and hashes their text into the entry's version. What is
 * archived is our tools' business, so the path is one that exists on every runner.
 */
const PATHS: readonly string[] = ['/dev/null'];

/** What a service that does not answer may cost the run. */
const LOOKUP_MS = 2000;

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
  const [path, tools] = [join(folder, 'restored.smolmachine'), join(folder, 'restore-tools')];
  await writeCacheTools(host, tools, path);
  try {
    await services.restoreCache([...PATHS], cacheKey(key), { tools, lookupMs: LOOKUP_MS });
  } catch (error) {
    host.log.info(`The cache did not answer: ${messageOf(error)}`);
  }
  const reason = await compare(path, key.sha256, maxBytes, host.cancelled);
  if (reason === undefined) return { kind: 'miss' };
  return reason === '' ? { kind: 'hit', path } : { kind: 'altered', reason };
}

/** What is wrong with the file: empty when it is the image, undefined when it is not there. */
async function compare(
  path: HostPath,
  sha256: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxBytes) return `it has ${size} bytes, more than ${maxBytes}`;
    const found = await sha256Of(file, signal);
    return found === sha256 ? '' : `its sha256 is ${found}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Saves the image at `file`; says whether the service took it. Never throws for the service. */
export async function saveImage(
  { host, services }: ImageCache,
  folder: HostPath,
  file: HostPath,
  key: CacheKeyParts,
): Promise<boolean> {
  const tools = join(folder, 'save-tools');
  await writeCacheTools(host, tools, file);
  try {
    return await services.saveCache([...PATHS], cacheKey(key), { tools });
  } catch (error) {
    host.log.info(`The cache did not take the image: ${messageOf(error)}`);
    return false;
  }
}
