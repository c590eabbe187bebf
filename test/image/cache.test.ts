import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheAllows, cacheKey } from '../../src/image/cache.ts';
import { writeCacheTools } from '../../src/image/cache-tools.ts';
import type { ImageRequest } from '../../src/image/request.ts';
import { engineHost } from '../machine/engine-host.ts';
import { tarArchive } from '../pack/tar.ts';
import { type PackOptions, type WrittenPack, writePack } from '../pack/writer.ts';
import { AZURITE_MISSING, startAzurite } from '../results-service/azurite-blob-store.ts';
import type { Fault } from '../results-service/fault.ts';
import { type ResultsService, startResultsService } from '../results-service/service.ts';
import { closeServers, type FileServer, serve } from './file-server.ts';
import { makeRunner, type Runner } from './job.ts';
import { listTree, temporary } from './temporary.ts';
import { uploadArchive } from './upload-archive.ts';

const folder = temporary();
afterEach(closeServers);

const VICTIM = join(tmpdir(), 'bottle-action-victim');

let service: ResultsService;
let server: FileServer;
let runner: Runner;
let pack: WrittenPack;
let request: Partial<ImageRequest>;
/** What the source serves; a test may change it. */
let served: Buffer<ArrayBuffer>;

async function openScene(blobs: 'disk' | 'azurite' = 'disk'): Promise<void> {
  service = await startResultsService(blobs === 'azurite' ? { blobs: await startAzurite() } : {});
  const layer = tarArchive([{ name: 'etc/hostname', body: 'bottle\n' }]);
  pack = await writePack(join(folder(), 'x.smolmachine'), { layers: [layer] });
  served = readFileSync(pack.path);
  server = await serve({ '/x.smolmachine': (response) => void response.end(served) });
  runner = makeRunner(folder());
  const source = { kind: 'url', url: `${server.url}/x.smolmachine` } as const;
  request = { source, sha256: pack.sha256, cache: 'read-write', trusted: true };
}

const job = (over: Partial<ImageRequest> = {}, env: Readonly<Record<string, string>> = {}) =>
  runner.run({ ...request, ...over }, { ...service.env, AWAIT_SAVE: '1', ...env });
const key = () =>
  cacheKey({
    platform: process.platform,
    arch: process.arch,
    smolvmVersion: '',
    sha256: pack.sha256,
  });
const emptyStore = () => rmSync(runner.store, { recursive: true });
const downloads = () => server.hits.get('/x.smolmachine') ?? 0;

describe.each(['disk', 'azurite'] as const)('with blobs in %s and the real client', (blobs) => {
  beforeEach(async (context) => {
    if (blobs === 'azurite' && AZURITE_MISSING) context.skip(AZURITE_MISSING);
    await openScene(blobs);
  });
  afterEach(() => service?.close());

  test('source, then store, then cache', async () => {
    const first = await job();
    expect(first.error).toBeUndefined();
    expect(first).toMatchObject({ facts: { hit: 'source' }, taken: true });
    expect(service.listCache().map((entry) => entry.key)).toEqual([key()]);
    expect((await job()).facts).toMatchObject({ hit: 'store', notices: [] });
    emptyStore();
    const third = await job({ needsRootfs: true });
    expect(third.facts).toMatchObject({ hit: 'cache', sha256: pack.sha256, notices: [] });
    expect(downloads()).toBe(1);
    expect(service.violations).toEqual([]);
    expect(readdirSync(join(runner.store, '.temporary'))).toEqual([]);
  });
});

describe('a poisoned cache is never booted: re-fetched and named', () => {
  beforeEach(() => openScene());
  afterEach(() => service?.close());

  /** Uploads an archive under our key, as somebody with a client of their own could. */
  async function poison(archive: Buffer<ArrayBuffer>): Promise<void> {
    await uploadArchive(service, key(), archive);
  }

  const image = 'image.smolmachine';

  async function expectRefetched(reason: RegExp): Promise<void> {
    // The client leaves its own temporary directories behind.
    const watched = () => listTree(folder()).filter((path) => !/^(tools|temp|result-)/.test(path));
    const before = watched();
    const result = await job({ needsRootfs: true });
    expect(result.error).toBeUndefined();
    expect(result.facts).toMatchObject({ hit: 'source', sha256: pack.sha256 });
    expect(result.facts.notices).toEqual([expect.stringMatching(reason)]);
    expect(downloads()).toBe(1);
    expect(watched()).toEqual(before);
    expect(readdirSync(join(runner.store, '.temporary'))).toEqual([]);
  }

  test('an image with altered bytes', async () => {
    const body = Buffer.from(served);
    body[100] = (body[100] ?? 0) ^ 1;
    await poison(body);
    await expectRefetched(/its sha256 is/);
  });

  test.each<[what: string, manifest: PackOptions['manifest']]>([
    ['another image', { cpus: 7 }],
    ['an image for another architecture', { platform: 'linux/s390x' }],
  ])('%s under the same key', async (_what, manifest) => {
    const other = await writePack(join(folder(), 'other'), { ...(manifest && { manifest }) });
    await poison(readFileSync(other.path));
    await expectRefetched(new RegExp(other.sha256));
  });

  test.each([1, -1, -64])('an image that is cut at %i', async (end) => {
    await poison(served.subarray(0, end));
    await expectRefetched(/its sha256 is/);
  });

  test('an image with more behind it', async () => {
    await poison(Buffer.concat([served, Buffer.alloc(1)]));
    await expectRefetched(/its sha256 is/);
  });

  // The client would unpack these wherever they say.
  test.each([
    ['a name that leads up', { name: '../../victim', body: 'bad' }],
    ['an absolute name', { name: VICTIM, body: 'bad' }],
    ['a name in the home', { name: '.bashrc', body: 'bad' }],
    ['the image', { name: image, body: 'bad' }],
    ['a link', { name: 'link', type: '2', link: '/etc/passwd' }],
  ])('an archive with %s is not unpacked', async (_what, entry) => {
    await poison(zlib.zstdCompressSync(tarArchive([entry])));
    await expectRefetched(/its sha256 is/);
    expect(existsSync(VICTIM)).toBe(false);
  });

  test('more bytes than an image may have', async () => {
    await poison(Buffer.alloc(served.length + 1));
    request = { ...request, limits: { maxBytes: served.length } };
    await expectRefetched(/more than/);
  });

  test.each([404, 200])('a page of HTML with status %i in place of the blob', async (status) => {
    await job();
    emptyStore();
    service.faults.inject('GetBlob', { kind: 'body', status, body: '<html>not found</html>' });
    const result = await job();
    expect(result.facts).toMatchObject({ hit: 'source', sha256: pack.sha256 });
    expect(result.facts.notices).toHaveLength(1);
  });

  test('and the source is not believed either', async () => {
    await poison(Buffer.from('<html>'));
    served = Buffer.from('<html>');
    const { error } = await job();
    expect(error).toMatchObject({ outcome: 'image-failed', text: '' });
    expect(listTree(runner.store).filter((path) => path.includes('smolmachine'))).toEqual([]);
  });
});

describe('the cache is optional', () => {
  beforeEach(() => openScene());
  afterEach(() => service?.close());

  test('an entry is the image, byte for byte', async () => {
    await job();
    expect(await service.readCache(key())).toEqual(served);
    expect(listTree(join(folder(), 'temp')).filter((path) => path.endsWith('.tzst'))).toEqual([]);
  });

  test('the runner’s tar serves whoever else calls it meanwhile', async () => {
    const [tools, archive] = [join(folder(), 'tools-only'), join(folder(), 'other.tar')];
    await writeCacheTools(engineHost(), tools, join(folder(), 'image'));
    writeFileSync(archive, tarArchive([{ name: 'hello.txt', body: 'hello' }]));
    execFileSync(join(tools, 'tar'), ['-xf', archive, '-C', folder()]);
    expect(readFileSync(join(folder(), 'hello.txt'), 'utf8')).toBe('hello');
    expect(existsSync(archive)).toBe(true);
  });

  test.each<[what: string, over: Partial<ImageRequest>, env: Record<string, string>]>([
    ['an event that outsiders cause', { trusted: false }, {}],
    ['cache: read', { cache: 'read' }, {}],
    ['cache: off', { cache: 'off' }, {}],
    ['mode read', {}, { ACTIONS_CACHE_MODE: 'read' }],
    ['mode none', {}, { ACTIONS_CACHE_MODE: 'none' }],
    ['no service', {}, { ACTIONS_RESULTS_URL: '', ACTIONS_CACHE_URL: '' }],
  ])('nothing is saved for %s', async (_what, over, env) => {
    expect(await job(over, env)).toMatchObject({ facts: { hit: 'source' }, taken: false });
    expect(service.listCache()).toEqual([]);
  });

  test('nothing is restored in mode write-only', async () => {
    await job();
    emptyStore();
    const result = await job({}, { ACTIONS_CACHE_MODE: 'write-only' });
    expect(result.facts).toMatchObject({ hit: 'source' });
  });

  test('nothing is restored while no digest is known', async () => {
    const source = { kind: 'oci', reference: 'localhost/x:1' } as const;
    const { error } = await job({ source, sha256: '' });
    expect(error?.what).toContain('smolvm');
    expect(service.listCache()).toEqual([]);
  });

  test.each<[what: string, status: number]>([
    ['a 503', 503],
    ['a 409', 409],
    ['a 429', 429],
  ])('%s at saving costs two seconds at most', async (_what, status) => {
    service.faults.inject('CreateCacheEntry', { kind: 'status', status });
    const plain = await runner.run(request, { AWAIT_SAVE: '' });
    emptyStore();
    const { facts, milliseconds } = await runner.run(request, service.env);
    expect(facts).toMatchObject({ hit: 'source' });
    // The time that one is allowed, and what the restore that came before it took.
    expect(milliseconds - plain.milliseconds).toBeLessThan(2000 + 2500);
  });

  test.each<[what: string, fault: Fault]>([
    ['a 503', { kind: 'status', status: 503 }],
    ['no answer', { kind: 'slow', ms: 60_000 }],
  ])('%s at the lookup costs two seconds, not 33, and is a miss', async (_what, fault) => {
    service.faults.inject('GetCacheEntryDownloadURL', fault);
    const { facts, error } = await runner.run(request, service.env);
    expect(error).toBeUndefined();
    expect(facts).toMatchObject({ hit: 'source', notices: [] });
    expect(facts.milliseconds).toBeLessThan(10_000);
    // Nothing of what was left running may touch the job: the next one finds all in its place.
    expect((await job()).facts).toMatchObject({ hit: 'store', notices: [] });
    expect(readdirSync(join(runner.store, '.temporary'))).toEqual([]);
  });

  test('a restore that takes longer than a lookup may is waited for', async () => {
    await job();
    emptyStore();
    service.faults.inject('GetBlob', { kind: 'slow', ms: 3000 });
    expect((await job()).facts).toMatchObject({ hit: 'cache', notices: [] });
    expect(downloads()).toBe(1);
  });

  test('a service that is down is a miss', async () => {
    service.faults.inject('GetCacheEntryDownloadURL', { kind: 'status', status: 400 });
    expect((await job({ cache: 'read' })).facts).toMatchObject({ hit: 'source', notices: [] });
  });
});

test.each<[mode: string | undefined, read: boolean, write: boolean]>([
  [undefined, true, true],
  ['', true, true],
  ['write', true, true],
  ['read', true, false],
  ['write-only', false, true],
  ['none', false, false],
  [' Read ', true, false],
  ['something new', true, true],
])('cache mode %o allows to read %o, to write %o', (mode, read, write) => {
  const env = { ACTIONS_RESULTS_URL: 'http://x/', ACTIONS_CACHE_MODE: mode };
  expect(cacheAllows(env, 'read')).toBe(read);
  expect(cacheAllows(env, 'write')).toBe(write);
});
