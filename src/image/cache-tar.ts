/**
 * The `tar` that the cache client finds on its PATH, in place of the runner's.
 *
 * The client runs `tar -P` over whatever the cache holds, so an entry that somebody else wrote could
 * put files anywhere; without `zstd` on the runner it compresses with gzip, 47 s a GiB; and the image
 * would have to be hashed in a further pass. This one writes exactly one file, to a place that the
 * archive does not name, with Node's zstd, and hashes it on the way. Entries stay ordinary `.tzst`.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';

export type CacheTarSettings = {
  /** The image: read by a save, written by a restore; it must not exist then. */
  readonly file: HostPath;
  /** Largest image that a restore writes. */
  readonly maxBytes: number;
  /** Where the outcome is written as JSON: `CacheTarOutcome`. */
  readonly outcome: HostPath;
};

/** What became of the archive. */
export type CacheTarOutcome =
  | { readonly kind: 'done'; readonly sha256: string; readonly bytes: number }
  | { readonly kind: 'refused'; readonly reason: string };

/** The sum of a header's bytes with the checksum field read as spaces. */
function sumHeader(header: Buffer): number {
  const copy = Buffer.from(header);
  copy.fill(0x20, 148, 156);
  return copy.reduce((sum, byte) => sum + byte, 0);
}

/** A ustar header for the one member, read-only. */
function makeHeader(size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('image.smolmachine', 0);
  header.write('0000444\x000000000\x000000000\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\0`, 124);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${sumHeader(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The size of the member whose header this is. Throws for any other member. */
function readHeader(header: Buffer, maxBytes: number): number {
  const text = (from: number, to: number) => header.toString('latin1', from, to).split('\0')[0];
  if (Number.parseInt(text(148, 156) ?? '', 8) !== sumHeader(header)) {
    throw new Error('it is not a tar archive');
  }
  const [name, type] = [text(0, 100), text(156, 157)];
  if (name !== 'image.smolmachine' || type !== '0') {
    throw new Error(`it holds ${JSON.stringify(name)}, which is not the image`);
  }
  const size = Number.parseInt(text(124, 136) ?? '', 8);
  if (!(size <= maxBytes)) throw new Error(`it holds ${size} bytes, more than ${maxBytes}`);
  return size;
}

async function createArchive(to: string, { file }: CacheTarSettings): Promise<void> {
  const fs = process.getBuiltinModule('node:fs');
  const zlib = process.getBuiltinModule('node:zlib');
  const { pipeline } = process.getBuiltinModule('node:stream/promises');
  const chunkSize = 1 << 20;
  async function* archive(): AsyncGenerator<Uint8Array> {
    const { size } = fs.statSync(file);
    yield makeHeader(size);
    yield* fs.createReadStream(file, { highWaterMark: chunkSize });
    yield Buffer.alloc(((512 - (size % 512)) % 512) + 1024);
  }
  // An image is compressed already: the fastest level stores it as it is.
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: -7 };
  await pipeline(archive, zlib.createZstdCompress({ params, chunkSize }), fs.createWriteStream(to));
}

async function extractArchive(
  from: string,
  { file, maxBytes }: CacheTarSettings,
): Promise<CacheTarOutcome> {
  const fs = process.getBuiltinModule('node:fs');
  const zlib = process.getBuiltinModule('node:zlib');
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { pipeline } = process.getBuiltinModule('node:stream/promises');
  const chunkSize = 1 << 20;
  const hash = createHash('sha256');
  const output = await fs.promises.open(file, 'wx', 0o600);
  let head = Buffer.alloc(0);
  let [size, bytes, trailer] = [-1, 0, 0];
  const take = async (chunk: Buffer) => {
    const body = chunk.subarray(0, size - bytes);
    const written = output.writeFile(body);
    hash.update(body); // while it is written
    await written;
    bytes += body.length;
    const rest = chunk.subarray(body.length);
    trailer += rest.length;
    if (trailer > chunkSize || rest.some((byte) => byte !== 0)) {
      throw new Error('it holds more than the image');
    }
  };
  const parse = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      if (size >= 0) {
        await take(chunk);
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length < 512) continue;
      size = readHeader(head.subarray(0, 512), maxBytes);
      await take(head.subarray(512));
    }
  };
  const input = fs.createReadStream(from, { highWaterMark: chunkSize });
  await pipeline(input, zlib.createZstdDecompress({ chunkSize }), parse);
  await output.close();
  if (bytes !== size) throw new Error('it is truncated');
  return { kind: 'done', sha256: hash.digest('hex'), bytes };
}

async function runCacheTar(settings: CacheTarSettings): Promise<void> {
  const fs = process.getBuiltinModule('node:fs');
  // `--posix -cf <to> …` or `-xf <from> …`, as the client calls it.
  const [, , first, second, third] = process.argv;
  const finish = (outcome: CacheTarOutcome) => {
    fs.writeFileSync(settings.outcome, JSON.stringify(outcome));
  };
  try {
    if (first === '-xf') finish(await extractArchive(second ?? '', settings));
    else await createArchive(third ?? '', settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    finish({ kind: 'refused', reason });
    fs.writeSync(2, `The image's cache entry is refused: ${reason}\n`);
    process.exitCode = 2;
  }
}

/**
 * The program runs in a process of its own, from the text of the functions above: they use each other
 * and ask the process for Node's modules, and nothing else. So no further bundle is needed.
 */
const PROGRAM = [
  sumHeader,
  makeHeader,
  readHeader,
  createArchive,
  extractArchive,
  runCacheTar,
].join('\n');

/** Text for a shell, as one word. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Writes the programs that go first on the client's PATH into the new directory `folder`. Calls that
 * are not the client's reach the runner's own tar.
 */
export async function writeCacheTar(
  host: Pick<Host, 'nodePath' | 'which'>,
  folder: HostPath,
  settings: CacheTarSettings,
): Promise<void> {
  await mkdir(folder);
  const program = join(folder, 'tar.cjs');
  await writeFile(program, `${PROGRAM}\n${runCacheTar.name}(${JSON.stringify(settings)});\n`);
  const tar = `#!/bin/sh
case "$1" in
  -xf | --posix) exec ${quote(host.nodePath)} ${quote(program)} "$@" ;;
  -tf) exit 0 ;; # the client's listing in debug mode
esac
exec ${quote(host.which('tar') ?? 'tar')} "$@"
`;
  // The client asks for zstd's version only, to learn whether there is one; gtar is its choice on macOS.
  const zstd = '#!/bin/sh\necho "zstd v1.5.7"\n';
  for (const [name, text] of Object.entries({ tar, gtar: tar, zstd })) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
}

/** What the program said; undefined when it was not run to its end. */
export async function readCacheTarOutcome(path: HostPath): Promise<CacheTarOutcome | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
