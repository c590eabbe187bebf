/** Cache entries whose blob was changed behind the service's back, in Microsoft's own blob server. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { BlockBlobClient } from '@azure/storage-blob';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { tarArchive } from '../pack/tar.ts';
import { type WrittenPack, writePack } from '../pack/writer.ts';
import { AZURITE_MISSING, startAzurite } from '../results-service/azurite-blob-store.ts';
import type { BlobStore } from '../results-service/blob-store.ts';
import { type ResultsService, startResultsService } from '../results-service/service.ts';
import { closeServers, type FileServer, serve } from './file-server.ts';
import { makeRunner, type Runner } from './job.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
const VICTIM = join(tmpdir(), 'bottle-action-azurite-victim');

let azurite: BlobStore | undefined;
let service: ResultsService;
let server: FileServer;
let runner: Runner;
let pack: WrittenPack;

beforeAll(async () => {
  if (AZURITE_MISSING === '') azurite = await startAzurite();
});
afterAll(() => azurite?.close());

beforeEach(async (context) => {
  if (azurite === undefined) return context.skip(AZURITE_MISSING);
  service = await startResultsService({ blobs: { ...azurite, close: async () => {} } });
  const layer = tarArchive([{ name: 'etc/hostname', body: 'bottle\n' }]);
  pack = await writePack(join(folder(), 'x.smolmachine'), { layers: [layer] });
  const served = readFileSync(pack.path);
  server = await serve({ '/x.smolmachine': (response) => void response.end(served) });
  runner = makeRunner(folder());
});
afterEach(async () => {
  closeServers();
  await service?.close();
});

const job = () =>
  runner.run(
    {
      source: { kind: 'url', url: `${server.url}/x.smolmachine` },
      sha256: pack.sha256,
      cache: 'read-write',
      trusted: true,
      needsRootfs: true,
    },
    { ...service.env, AWAIT_SAVE: '1' },
  );

/** An image that is whole, but not the one. */
async function otherImage(manifest: Readonly<Record<string, unknown>>): Promise<Buffer> {
  const layer = tarArchive([{ name: 'etc/hostname', body: 'taken over\n' }]);
  const other = await writePack(join(folder(), 'other'), { layers: [layer], manifest });
  return readFileSync(other.path);
}

function flipped(image: Buffer): Buffer {
  const bytes = Buffer.from(image);
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  return bytes;
}

const leadingUp = [
  { name: '../../../../victim', body: 'bad' },
  { name: VICTIM, body: 'bad' },
];

test.each<[what: string, alter: (image: Buffer) => Buffer | Promise<Buffer>]>([
  ['altered bytes', flipped],
  ['another image', () => otherImage({})],
  ['an image for another architecture', () => otherImage({ platform: 'linux/s390x' })],
  ['half of the image', (image) => image.subarray(0, image.length / 2)],
  ['nothing', () => Buffer.alloc(0)],
  ['an archive that leads up', () => zlib.zstdCompressSync(tarArchive(leadingUp))],
  ['an error page', () => Buffer.from('<html>404 Not Found</html>')],
])(
  '%s in place of the image: never booted, deleted, re-fetched and named',
  async (_what, alter) => {
    expect(await job()).toMatchObject({ facts: { hit: 'source' }, taken: true });
    const blob = service.listCache()[0]?.blob ?? '';
    const image = await service.readCache(service.listCache()[0]?.key ?? '');
    const altered = await alter(image);
    const url = azurite?.signedUrl(blob, 'write') ?? '';
    await new BlockBlobClient(url).upload(altered, altered.length);
    rmSync(runner.store, { recursive: true });

    const second = await job();
    expect(second.error).toBeUndefined();
    expect(second.facts).toMatchObject({ hit: 'source', sha256: pack.sha256 });
    expect(second.facts.notices).toEqual([
      expect.stringMatching(/The cache held something else .* its sha256 is .* Delete that cache/),
    ]);
    expect(server.hits.get('/x.smolmachine')).toBe(2);
    const stored = join(runner.store, pack.sha256);
    expect(readFileSync(join(stored, 'image.smolmachine'))).toEqual(image);
    expect(readFileSync(join(stored, 'rootfs/etc/hostname'), 'utf8')).toBe('bottle\n');

    expect(readdirSync(join(runner.store, '.temporary'))).toEqual([]);
    expect(listTree(folder()).filter((path) => /victim|cache\.tzst/.test(path))).toEqual([]);
    expect(existsSync(VICTIM)).toBe(false);
    expect((await job()).facts).toMatchObject({ hit: 'store', notices: [] });
    expect(service.violations).toEqual([]);
  },
);
