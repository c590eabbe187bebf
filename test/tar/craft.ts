/** Builds tar archives by hand, so that a test can break any rule of the format. */

export type RawHeader = {
  readonly name?: string | Buffer;
  readonly type?: string;
  readonly size?: number | Buffer;
  readonly mode?: number;
  readonly link?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly checksum?: number;
  /** Bytes at an offset, over whatever stands there. */
  readonly raw?: readonly (readonly [offset: number, bytes: string | Buffer])[];
};

export const END = Buffer.alloc(1024);

/** One 512-byte header; the checksum is right unless given. */
export function header(fields: RawHeader): Buffer {
  const block = Buffer.alloc(512);
  Buffer.from(fields.name ?? 'file').copy(block, 0, 0, 100);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  octal(fields.mode ?? 0o644, 100, 8);
  octal(1000, 108, 8);
  octal(1000, 116, 8);
  if (Buffer.isBuffer(fields.size)) fields.size.copy(block, 124);
  else octal(fields.size ?? 0, 124, 12);
  octal(1_700_000_000, 136, 12);
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.link ?? '', 157, 100, 'utf8');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(fields.prefix ?? '', 345, 155, 'utf8');
  for (const [at, bytes] of fields.raw ?? []) Buffer.from(bytes).copy(block, at);
  block.fill(' ', 148, 156);
  octal(fields.checksum ?? block.reduce((sum, byte) => sum + byte, 0), 148, 7);
  return block;
}

/** Content filled up to whole blocks. */
export function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function file(name: string | Buffer, content = 'content', fields: RawHeader = {}): Buffer {
  const size = Buffer.byteLength(content);
  return Buffer.concat([header({ name, size, ...fields }), padded(content)]);
}

export const directory = (name: string) => header({ name, type: '5', mode: 0o755 });
export const symlink = (name: string, link: string) => header({ name, type: '2', link });

/** An extended header of pax; a value may be anything, the lengths are right. */
export function pax(records: readonly (readonly [string, string | Buffer])[], type = 'x'): Buffer {
  const content = Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length;
      while (length !== rest.length + String(length).length) {
        length = rest.length + String(length).length;
      }
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
  return Buffer.concat([header({ name: 'pax', type, size: content.length }), padded(content)]);
}

/** GNU's entry before a member with a long name (`L`) or link target (`K`). */
export function gnuLong(type: 'L' | 'K', name: string): Buffer {
  const content = `${name}\0`;
  const size = Buffer.byteLength(content);
  return Buffer.concat([header({ name: '././@LongLink', type, size }), padded(content)]);
}

/** A stream of the bytes in chunks of `size`. */
export async function* streamOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
