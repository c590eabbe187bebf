/**
 * Expands the disk templates of a smolvm release, so that parallel boots do not each do it. They are
 * mostly holes: 20 GiB to read may be 5 MiB to keep, so zeros are skipped, not written.
 */
import { createReadStream } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, createZstdDecompress } from 'node:zlib';
import type { HostPath } from '../../host/host.ts';

const ENDING = '.ext4.zst';
const CHUNK = 512 * 1024;
const ZEROS = Buffer.alloc(CHUNK);
/** The window of zstd's highest ordinary level. */
const MAX_WINDOW_LOG = 27;
/** Of one template, as it appears. */
const MAX_BYTES = 64 * 2 ** 30;

/** Replaces each `*.ext4.zst` in `directory` with the file that it holds. */
export async function expandTemplates(directory: HostPath): Promise<void> {
  const names = await readdir(directory);
  await Promise.all(
    names
      .filter((name) => name.endsWith(ENDING))
      .map(async (name) => {
        const plain = name.slice(0, -'.zst'.length);
        // smolvm prefers the plain one, so it may be there already.
        if (!names.includes(plain)) await expand(join(directory, name), join(directory, plain));
        await rm(join(directory, name));
      }),
  );
}

async function expand(from: HostPath, to: HostPath): Promise<void> {
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const zstd = createZstdDecompress({ params, chunkSize: CHUNK });
  const source = createReadStream(from).on('error', (error) => zstd.destroy(error));
  await using file = await open(to, 'wx', 0o644);
  let size = 0;
  for await (const chunk of source.pipe(zstd) as AsyncIterable<Buffer>) {
    const isHole = ZEROS.subarray(0, chunk.length).equals(chunk);
    if (!isHole) await file.write(chunk, 0, chunk.length, size);
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`${from} holds more than ${MAX_BYTES} bytes`);
  }
  await file.truncate(size);
}
