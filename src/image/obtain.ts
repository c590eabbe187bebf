/** Gets an image into the store from the nearest layer that has it: store, cache, source. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../errors.ts';
import type { Host, HostPath, Services } from '../host/host.ts';
import { cacheAllows, restoreImage } from './cache.ts';
import { sha256Of } from './digest.ts';
import { findLocked, parseImagesLock } from './images-lock.ts';
import { checkDigests, readPack } from './pack.ts';
import { packError } from './pack-fault.ts';
import type { ImageFacts, ImageLimits, ImageRequest } from './request.ts';
import { type Fetched, fetchSource, type ImageSource, isBuilt, sourceName } from './source.ts';
import { addImage, exclusively, findImage, inTemporary, type Store } from './store.ts';

export type Errand = {
  readonly host: Host;
  readonly services: Pick<Services, 'restoreCache' | 'saveCache'>;
  readonly store: Store;
  readonly request: ImageRequest;
  readonly source: ImageSource;
  readonly limits: ImageLimits;
  readonly platform: string;
  /** Grows as things are found that a person should know. */
  readonly notices: string[];
};

export type Obtained = { readonly sha256: string; readonly hit: ImageFacts['hit'] };

/** A name for what the image is made from, which stands for its digest until that is known. */
function inputsName({ request, source, platform }: Errand): string {
  const inputs = [sourceName(source), request.smolvm?.version ?? '', platform];
  return createHash('sha256').update(inputs.join('\n')).digest('hex');
}

/** Where the digest of what was built from these inputs is kept. */
function builtPath(errand: Errand): HostPath {
  return join(errand.store.root, '.built', inputsName(errand));
}

async function readBuilt(errand: Errand): Promise<string> {
  if (!isBuilt(errand.source)) return '';
  const text = await readFile(builtPath(errand), 'utf8').catch(() => '');
  return /^[0-9a-f]{64}$/.test(text) ? text : '';
}

async function writeBuilt(errand: Errand, sha256: string): Promise<void> {
  if (!isBuilt(errand.source)) return;
  const path = builtPath(errand);
  await mkdir(join(errand.store.root, '.built'), { recursive: true });
  await writeFile(`${path}.${errand.store.me}`, sha256);
  await rename(`${path}.${errand.store.me}`, path);
}

function lockedDigest({ request, source, platform }: Errand): string {
  const { file, text } = request.lock;
  return findLocked(parseImagesLock(file, text), sourceName(source), platform)?.sha256 ?? '';
}

/** The digest that the image must have, from where it was read; both empty when none is known. */
type Expected = { readonly sha256: string; readonly from: 'request' | 'lock' | 'file' | 'build' };

async function expectDigest(errand: Errand): Promise<Expected> {
  const { request, source } = errand;
  if (request.sha256 !== '') return { sha256: request.sha256, from: 'request' };
  const locked = lockedDigest(errand);
  if (locked !== '') return { sha256: locked, from: 'lock' };
  if (source.kind === 'url') {
    throw packError(sourceName(source), 'digest', 'an image by URL needs its sha256');
  }
  if (source.kind !== 'path') return { sha256: await readBuilt(errand), from: 'build' };
  if (source.proposed) throw needsDigest(sourceName(source));
  try {
    await using file = await open(source.path, 'r');
    return { sha256: await sha256Of(file, errand.host.cancelled), from: 'file' };
  } catch (error) {
    errand.host.cancelled.throwIfAborted();
    throw packError(sourceName(source), 'unreadable', String(error), error);
  }
}

/** What an outsider proposes may be worked on; it may not choose what it is worked on with. */
function needsDigest(name: string): BottleError {
  return new BottleError({
    outcome: 'untrusted',
    what: 'The image lies in a checkout whose head is not trusted, and no digest says which it must be',
    where: `image ${name}`,
    fix: 'Give image.sha256 in the manifest, the input image-sha256, or lock the image with mode: lock on the default branch.',
  });
}

async function isStored({ store, notices }: Errand, sha256: string): Promise<boolean> {
  const found = await exclusively(store, sha256, () => findImage(store, sha256));
  if (found === 'altered') {
    notices.push(
      `The stored image ${sha256} had changed on disk; it was removed and fetched again.`,
    );
  }
  return found === 'found';
}

/** Moves a checked file into the store, unless another job was faster. */
async function keep({ store }: Errand, sha256: string, file: HostPath): Promise<void> {
  await exclusively(store, sha256, async () => {
    if ((await findImage(store, sha256)) !== 'found') await addImage(store, sha256, file);
  });
}

/** Restores the image from the cache into `folder`; undefined when it is not there, or not it. */
async function fromCache(
  { host, services, request, source, limits, notices }: Errand,
  sha256: string,
  folder: HostPath,
): Promise<HostPath | undefined> {
  // A file on the runner is nearer than any cache.
  if (request.cache === 'off' || source.kind === 'path') return undefined;
  if (!cacheAllows(host.env, 'read')) return undefined;
  const smolvmVersion = request.smolvm?.version ?? '';
  const key = { platform: host.platform, arch: host.arch, smolvmVersion, sha256 };
  const cache = { host, services, maxBytes: limits.maxBytes };
  const restored = await restoreImage(cache, folder, key);
  if (restored.kind === 'hit') return restored.path;
  if (restored.kind === 'altered') {
    notices.push(
      `The cache held something else in place of the image ${sha256}: ${restored.reason}. ` +
        'It was thrown away and the image fetched again. Delete that cache entry.',
    );
  }
  return undefined;
}

/** Fetches from the source and checks all that can be checked. */
async function fromSource(errand: Errand, expected: Expected, folder: HostPath): Promise<Fetched> {
  const { host, request, source, limits } = errand;
  const context = { host, smolvm: request.smolvm, maxBytes: limits.maxBytes };
  const fetched = await fetchSource(context, source, folder);
  const { path, digests } = fetched;
  const name = sourceName(source);
  const pack = await readPack({ path, name, arch: host.arch });
  // A pack holds the time it was made, so one that is built again has other bytes.
  const rebuilt = isBuilt(source) && expected.from !== 'request';
  checkDigests(pack, digests, rebuilt ? '' : expected.sha256);
  if (expected.from === 'lock' && digests.sha256 !== expected.sha256) {
    errand.notices.push(
      `${name} was built again, because no copy of the locked build was found: its sha256 now is ` +
        `${digests.sha256}. Write the lock file anew with mode: lock.`,
    );
  }
  return fetched;
}

/** Gets the image into the store and marks it as used. One process fetches, others wait for it. */
export async function obtainImage(errand: Errand): Promise<Obtained> {
  const { store } = errand;
  return await exclusively(store, inputsName(errand), async () => {
    const expected = await expectDigest(errand);
    const { sha256 } = expected;
    if (sha256 !== '' && (await isStored(errand, sha256))) return { sha256, hit: 'store' };
    return await inTemporary(store, async (folder) => {
      const restored = sha256 === '' ? undefined : await fromCache(errand, sha256, folder);
      if (restored !== undefined) {
        await keep(errand, sha256, restored);
        return { sha256, hit: 'cache' };
      }
      const { path, digests } = await fromSource(errand, expected, folder);
      await keep(errand, digests.sha256, path);
      await writeBuilt(errand, digests.sha256);
      return { sha256: digests.sha256, hit: 'source' };
    });
  });
}
