/** What the image stage is measured against, each in a process of its own: argv[2] names it. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { peakMemory } from '../test/image/peak-memory.ts';

const CHUNK = 1 << 20;

async function sha256(path: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: CHUNK }), hash);
  hash.digest('hex');
}

/** A bare transfer into a file, which is then hashed. */
async function transfer(url: string, path: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
  await sha256(path);
}

/** The cache client as every action uses it. */
async function save(key: string, path: string): Promise<void> {
  const { saveCache } = await import('@actions/cache');
  if ((await saveCache([path], key)) < 0) throw new Error('not saved');
}

async function restore(key: string, path: string): Promise<void> {
  const { restoreCache } = await import('@actions/cache');
  if ((await restoreCache([path], key)) !== key) throw new Error('not restored');
}

const [, , name, ...args] = process.argv as [string, string, string, string, string];
const references = { sha256, transfer, save, restore };
const started = performance.now();
await references[name as keyof typeof references](...args);
const milliseconds = performance.now() - started;
console.log(`\nresult ${JSON.stringify({ milliseconds, memoryBytes: peakMemory() })}`);
