/** Takes secrets out of the files that leave the run. */
import { createHash } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import type { HostPath } from '../host/host.ts';
import type { CollectedFile, RefusedEntry } from '../outputs/outputs.ts';
import { countFound, type Found, type Redactor, sumFound } from './redact.ts';

export type CleanFiles = {
  readonly files: readonly CollectedFile[];
  readonly refused: readonly RefusedEntry[];
  readonly notices: readonly string[];
  readonly found: Found;
};

type Cleaned = {
  readonly found: Found;
  /** Present when the file was rewritten. */
  readonly now?: { readonly size: number; readonly sha256: string };
};

/**
 * Text is rewritten. A binary file, one with NUL bytes, would be broken by that: it is kept as it
 * is and named in a notice, unless `binary` says otherwise. A file that cannot be read, or whose very
 * name holds a secret, is left behind. `clean`: what was searched before.
 */
export async function cleanFiles(
  files: readonly CollectedFile[],
  directory: HostPath,
  redactor: Redactor,
  binary: 'keep' | 'rewrite' = 'keep',
  clean: ReadonlySet<string> = new Set(),
): Promise<CleanFiles> {
  const kept: CollectedFile[] = [];
  const refused: RefusedEntry[] = [];
  const notices: string[] = [];
  const sum: Found[] = [];
  const named = await namesHoldSecrets(files, redactor);
  for (const file of files) {
    const name = named ? await redactor.text(file.path) : undefined;
    if (name && name.found.size > 0) {
      refused.push({ path: name.text, reason: 'its name holds a secret' });
      sum.push(name.found);
      continue;
    }
    if (clean.has(file.path)) {
      kept.push(file);
      continue;
    }
    try {
      const { found, now } = await cleanFile(file.path, directory, redactor, binary);
      kept.push({ ...file, ...now });
      sum.push(found);
      if (found.size > 0 && !now) {
        const count = countFound(found);
        notices.push(`${file.path} is binary, holds ${count} secret values and was left as it is`);
      }
    } catch (error) {
      refused.push({ path: file.path, reason: `cannot be searched: ${messageOf(error)}` });
    }
  }
  return { files: kept, refused, notices, found: sumFound(sum) };
}

/** Nothing that belongs together reaches over so many line breaks. */
const BETWEEN_NAMES = '\n'.repeat(64);

/** All names at once, since there may be 100,000. False: none does. */
async function namesHoldSecrets(
  files: readonly CollectedFile[],
  redactor: Redactor,
): Promise<boolean> {
  const names = files.map(({ path }) => path).join(BETWEEN_NAMES);
  return (await redactor.text(names)).found.size > 0;
}

async function cleanFile(
  name: string,
  directory: HostPath,
  redactor: Redactor,
  binary: 'keep' | 'rewrite',
): Promise<Cleaned> {
  const path = join(directory, name);
  let hasNul = false;
  const redacting = redactor.stream();
  for await (const chunk of read(path)) {
    hasNul ||= chunk.includes(0);
    await redacting.push(chunk);
  }
  await redacting.end();
  const found = redacting.found();
  if (found.size === 0 || (hasNul && binary === 'keep')) return { found };
  return { found, now: await rewrite(path, join(directory, '.redacting'), redactor) };
}

async function rewrite(path: HostPath, scratch: HostPath, redactor: Redactor) {
  const hash = createHash('sha256');
  let size = 0;
  const redacting = redactor.stream();
  const measure = (chunk: Uint8Array) => {
    hash.update(chunk);
    size += chunk.length;
    return chunk;
  };
  async function* redacted() {
    for await (const chunk of read(path)) yield measure(await redacting.push(chunk));
    yield measure(await redacting.end());
  }
  await pipeline(redacted, createWriteStream(scratch));
  await rename(scratch, path);
  return { size, sha256: hash.digest('hex') };
}

async function* read(path: HostPath): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  yield* file.createReadStream({ highWaterMark: 1024 * 1024 });
}
