/** Measures how an image is had: from the store, and from the Actions cache on loopback. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeServers, serve } from '../test/image/file-server.ts';
import { type JobResult, makeRunner, type Runner } from '../test/image/job.ts';
import { TAR_END, tarHeader, tarPadding } from '../test/pack/tar.ts';
import { type WrittenPack, writePack } from '../test/pack/writer.ts';
import { type ResultsService, startResultsService } from '../test/results-service/service.ts';
import { type BenchRow, median } from './row.ts';

export type ImageBenchRow = BenchRow & {
  /** The most memory that our process held, and that the reference's did. */
  readonly memoryMib: number;
  readonly referenceMemoryMib: number;
};

const MIB = 2 ** 20;
const SIZE_MIB = Number(process.env.BENCH_IMAGE_MIB ?? 256);
const ROUNDS = Number(process.env.BENCH_IMAGE_ROUNDS ?? 5);
const REFERENCE = fileURLToPath(new URL('image-reference.ts', import.meta.url));

type Sample = { readonly milliseconds: number; readonly memoryBytes: number };

/** A pack of about `SIZE_MIB` that does not compress, as layers that are compressed already. */
async function makePack(folder: string) {
  const layer = join(folder, 'layer.tar');
  const size = SIZE_MIB * MIB;
  async function* archive(): AsyncGenerator<Uint8Array> {
    yield tarHeader({ name: 'noise', size });
    for (let written = 0; written < size; written += MIB) yield randomBytes(MIB);
    yield tarPadding(size);
    yield TAR_END;
  }
  await pipeline(Readable.from(archive(), { objectMode: false }), createWriteStream(layer));
  const pack = await writePack(join(folder, 'image.smolmachine'), { layers: [{ path: layer }] });
  rmSync(layer);
  return pack;
}

async function measureReference(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Sample> {
  const run = promisify(execFile);
  const child = await run(process.execPath, [REFERENCE, ...args], {
    env: { PATH: process.env.PATH, NO_PROXY: '127.0.0.1', ...env },
  });
  return JSON.parse(/^result (.*)$/m.exec(child.stdout)?.[1] ?? '');
}

function sampleOf(result: JobResult, hit: string): Sample {
  if (result.error || result.facts.hit !== hit) throw new Error(JSON.stringify(result));
  return { milliseconds: result.facts.milliseconds, memoryBytes: result.memoryBytes };
}

type Names = Pick<BenchRow, 'name' | 'against'>;

/** Takes turns, so that a busy moment hits both. */
async function compare(
  names: Names,
  ours: () => Promise<Sample>,
  reference: () => Promise<Sample>,
): Promise<ImageBenchRow> {
  const samples = { ours: [] as Sample[], reference: [] as Sample[] };
  for (let round = 0; round < ROUNDS; round++) {
    samples.reference.push(await reference());
    samples.ours.push(await ours());
  }
  const middle = (list: readonly Sample[]) => median(list.map((sample) => sample.milliseconds));
  const most = (list: readonly Sample[]) =>
    Math.round(Math.max(...list.map(({ memoryBytes }) => memoryBytes)) / MIB);
  const [our, their] = [middle(samples.ours), middle(samples.reference)];
  return {
    ...names,
    ours: Math.round(our),
    reference: Math.round(their),
    ratio: Math.round((our / their) * 100) / 100,
    memoryMib: most(samples.ours),
    referenceMemoryMib: most(samples.reference),
  };
}

type Scene = {
  readonly folder: string;
  readonly runner: Runner;
  readonly service: ResultsService;
  readonly pack: WrittenPack;
};

const SIZE = `${SIZE_MIB} MiB`;
const FROM_CACHE = `${SIZE} from the cache`;

async function benchStore({ runner, pack }: Scene): Promise<ImageBenchRow[]> {
  const source = { kind: 'path', path: pack.path } as const;
  const request = { source, sha256: pack.sha256 };
  await runner.run(request);
  const meta = join(runner.store, pack.sha256, 'meta.json');
  const verified = readFileSync(meta);
  const sha256 = () => measureReference({}, 'sha256', pack.path);
  const found = async () => sampleOf(await runner.run(request), 'store');
  const anew = async () => {
    writeFileSync(meta, '{}');
    return await found();
  };
  const against = 'sha256 of the file in Node';
  const first = await compare({ name: `${SIZE} from the store, verified`, against }, anew, sha256);
  writeFileSync(meta, verified);
  const name = `${SIZE} from the store, verified in this boot`;
  return [first, await compare({ name, against }, found, sha256)];
}

/** What the service would answer the client: where the entry's archive lies. */
async function downloadUrl(service: ResultsService, key: string): Promise<string> {
  const entry = service.listCache().find((listed) => listed.key === key);
  const method = 'github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL';
  const response = await fetch(`${service.url}/twirp/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.env.ACTIONS_RUNTIME_TOKEN}` },
    body: JSON.stringify({ key, version: entry?.version, restore_keys: [] }),
  });
  return String(((await response.json()) as Record<string, unknown>).signed_download_url);
}

async function benchCache({ folder, runner, service, pack }: Scene): Promise<ImageBenchRow[]> {
  const server = await serve({
    '/image': (response) => void createReadStream(pack.path).pipe(response),
  });
  const source = { kind: 'url', url: `${server.url}/image` } as const;
  const request = { source, sha256: pack.sha256, cache: 'read-write', trusted: true } as const;
  const emptyStore = () => rmSync(runner.store, { recursive: true, force: true });
  emptyStore();
  await runner.run(request, { ...service.env, AWAIT_SAVE: '1' });
  const key = service.listCache()[0]?.key ?? '';
  const env = {
    ...service.env,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: folder,
  };
  await measureReference(env, 'save', 'stock', pack.path);

  const ours = async () => {
    emptyStore();
    return sampleOf(await runner.run(request, service.env), 'cache');
  };
  const bare = async () => {
    const url = await downloadUrl(service, key);
    return await measureReference({}, 'transfer', url, join(folder, 'transferred'));
  };
  const stock = () => measureReference(env, 'restore', 'stock', pack.path);
  return [
    await compare({ name: FROM_CACHE, against: 'a bare transfer and sha256' }, ours, bare),
    await compare({ name: FROM_CACHE, against: 'stock restoreCache, unverified' }, ours, stock),
  ];
}

/** Sets up everything below a temp directory, which is removed afterwards. */
export async function benchImage(): Promise<ImageBenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-image-'));
  const service = await startResultsService();
  try {
    const pack = await makePack(folder);
    const scene = { folder, service, pack, runner: makeRunner(folder) };
    return [...(await benchStore(scene)), ...(await benchCache(scene))];
  } finally {
    closeServers();
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.table(await benchImage());
