/** Tar archives for tests, byte by byte, so that a test can say exactly what is wrong with one. */

export type TarEntry = {
  readonly name: string;
  /**
   * `0` file · `1` hard link · `2` symlink · `3` char device · `5` directory · `6` FIFO · …
   * Default `0`.
   */
  readonly type?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly link?: string;
  readonly body?: string | Uint8Array;
  /** What the header claims; default: the length of `body`. */
  readonly size?: number;
  readonly devmajor?: number;
  readonly devminor?: number;
};

const BLOCK = 512;

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** One 512-byte ustar header. `name` and `link` are at most 100 bytes. */
function ustarHeader(entry: TarEntry, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(entry.name, 0, 100);
  header.write(octal(entry.mode ?? (entry.type === '5' ? 0o755 : 0o644), 8), 100);
  header.write(octal(entry.uid ?? 0, 8), 108);
  header.write(octal(entry.gid ?? 0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(entry.mtime ?? 1_700_000_000, 12), 136);
  header.write('        ', 148);
  header.write(entry.type ?? '0', 156);
  header.write(entry.link ?? '', 157, 100);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(octal(entry.devmajor ?? 0, 8), 329);
  header.write(octal(entry.devminor ?? 0, 8), 337);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let total = bytes + String(bytes).length;
  if (String(total).length !== String(bytes).length) total = bytes + String(total).length;
  return `${total}${rest}`;
}

/** Zeros that fill `size` bytes up to a whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** The header blocks of an entry; names over 100 bytes go through a pax header. */
export function tarHeader(entry: TarEntry): Buffer {
  const size = entry.size ?? Buffer.byteLength(entry.body ?? '');
  const records: string[] = [];
  if (Buffer.byteLength(entry.name) > 100) records.push(paxRecord('path', entry.name));
  if (Buffer.byteLength(entry.link ?? '') > 100) {
    records.push(paxRecord('linkpath', entry.link ?? ''));
  }
  const header = ustarHeader(entry, size);
  if (records.length === 0) return header;
  return Buffer.concat([tarEntry({ name: 'pax', type: 'x', body: records.join('') }), header]);
}

/** One whole entry: headers, body, padding. */
export function tarEntry(entry: TarEntry): Buffer {
  const body = Buffer.from(entry.body ?? '');
  return Buffer.concat([tarHeader(entry), body, tarPadding(body.length)]);
}

/** A whole archive. */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), TAR_END]);
}

export const TAR_END = Buffer.alloc(2 * BLOCK);
