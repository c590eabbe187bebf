/** How an artifact's files are packed for their upload: as one raw file, or zipped more or less. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { HostPath } from '../host/host.ts';

export type Packing =
  /** The file as it is. */
  | { readonly kind: 'raw'; readonly file: HostPath }
  | { readonly kind: 'zip'; readonly level: 0 | 1 | 6 };

const MIB = 1 << 20;
/** From here on the time that a zip costs is worth more than its name for a file. */
const LARGE_FILE = 64 * MIB;
/** Level 6 takes 40 s for a GiB and level 1 a third of that, for a tenth more bytes. */
const LARGE_SET = 32 * MIB;
/** A smaller file says little, and costs little. */
const SMALL_FILE = 4096;
const MOST_SAMPLES = 256;

export function choosePacking(files: readonly HostPath[]): Packing {
  const sized = files.map((path) => ({ path, size: sizeOf(path) }));
  const [only] = sized;
  if (sized.length === 1 && only && only.size >= LARGE_FILE) {
    return { kind: 'raw', file: only.path };
  }
  const total = sized.reduce((sum, { size }) => sum + size, 0);
  const largest = sized
    .filter(({ size }) => size >= SMALL_FILE)
    .sort((a, b) => b.size - a.size)
    .slice(0, MOST_SAMPLES);
  const dense = largest.filter(isDense).reduce((sum, { size }) => sum + size, 0);
  if (dense * 2 > total) return { kind: 'zip', level: 0 };
  return { kind: 'zip', level: total > LARGE_SET ? 1 : 6 };
}

function sizeOf(path: HostPath): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const DENSE_NAMES = new Set(
  '7z apk avif br bz2 crate deb docx flac gif gz jar jpeg jpg lz4 lzma m4a mov mp3 mp4 ogg png pptx rar rpm smolmachine tgz webm webp whl woff2 xlsx xz zip zst'.split(
    ' ',
  ),
);
const SAMPLE = 4096;
/** Bits per byte. Of 4096 random bytes the measure is 7.95; base64 is 6, text 4 to 5. */
const DENSE_ENTROPY = 7.5;

/** Would packing it again make it smaller? By its name, else by bytes from three places of it. */
function isDense({ path, size }: { readonly path: HostPath; readonly size: number }): boolean {
  if (DENSE_NAMES.has(extname(path).slice(1).toLowerCase())) return true;
  const places = [0, Math.floor(size / 2), Math.max(0, size - SAMPLE)];
  return readSamples(path, places).every((sample) => entropyOf(sample) > DENSE_ENTROPY);
}

function readSamples(path: HostPath, places: readonly number[]): Buffer[] {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const samples: Buffer[] = [];
    for (const place of places) {
      const sample = Buffer.alloc(SAMPLE);
      samples.push(sample.subarray(0, readSync(file, sample, 0, SAMPLE, place)));
    }
    return samples;
  } catch {
    // What cannot be read will be said by the upload.
    return [Buffer.alloc(0)];
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function entropyOf(bytes: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) {
    const share = count / bytes.length;
    if (count > 0) bits -= share * Math.log2(share);
  }
  return bits;
}
