/**
 * Reads a tar stream from a hostile writer: ustar, GNU long names, pax, base-256 numbers.
 *
 * Members come out as they are; what may be done with their names, links and types is for the
 * caller to decide. Memory is bounded by one chunk of the source and the cap on extended headers,
 * and nothing is read before it is asked for.
 */
import { type ByteReader, createByteReader } from './byte-reader.ts';
import {
  BLOCK,
  checksumOf,
  FIELD,
  type Field,
  findNumber,
  paddingOf,
  readNumber,
} from './header.ts';
import { type PaxRecords, parsePax } from './pax.ts';
import { TarError } from './tar-error.ts';

type TarType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  /** A file whose content here is only its pieces. */
  | 'sparse'
  | 'unknown';

export type TarMember = {
  readonly type: TarType;
  /** As written, a trailing slash included; bytes that are not UTF-8 are U+FFFD. */
  readonly path: string;
  readonly rawPath: Buffer;
  /** Where a symbolic or hard link points; empty for the other types. */
  readonly linkPath: string;
  readonly rawLinkPath: Buffer;
  /** All twelve bits. */
  readonly mode: number;
  /** Seconds since the epoch; 0 where it is no number, or one from before. */
  readonly mtime: number;
  /** Bytes of content. */
  readonly size: number;
  /** The content; good until the next member is asked for, and skipped where nobody reads it. */
  readonly data: AsyncIterable<Buffer>;
};

export type TarOptions = {
  /** Most bytes of one extended header or long name; default 1 MiB. */
  readonly extensionBytes?: number;
  /** Further archives may follow the first, as in `cat a.tar b.tar`; default: they are not read. */
  readonly concatenated?: boolean;
};

const EXTENSION_BYTES = 1 << 20;

const TYPES: Readonly<Record<string, TarType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'sparse',
};
/** Types without content, whatever the size field says; what reads image layers does the same. */
const HEADER_ONLY = /^[1-6]$/;

/**
 * Throws `TarError`; what the source throws goes through. Bytes after the last end mark are not
 * read.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  options: TarOptions = {},
): AsyncGenerator<TarMember, void, undefined> {
  const reader = createByteReader(source);
  try {
    for (;;) {
      const extension: Extension = {};
      const header = await readHeader(reader, options, extension);
      if (header === undefined) return;
      const member = memberOf(header, extension);
      if (flagOf(header) === 'S') await skipSparseMap(reader, header);
      const content = { left: member.size };
      yield { ...member, data: contentOf(reader, content) };
      const rest = content.left + paddingOf(member.size);
      content.left = 0;
      await reader.skip(rest);
    }
  } finally {
    await reader.close();
  }
}

/** What stood in the headers before a member's own. */
type Extension = { pax?: PaxRecords; longName?: Buffer; longLink?: Buffer };

/** The next member's own header, with the extended ones before it; undefined at the end mark. */
async function readHeader(
  reader: ByteReader,
  { extensionBytes = EXTENSION_BYTES, concatenated = false }: TarOptions,
  extension: Extension,
): Promise<Buffer | undefined> {
  for (;;) {
    const header = await reader.exactly(BLOCK);
    if (header.every((byte) => byte === 0)) {
      if (Object.keys(extension).length > 0) {
        throw new TarError('corrupt', 'an extended header stands before no member');
      }
      if (!concatenated || (await reader.atEnd())) return undefined;
      continue;
    }
    if (readNumber(header, FIELD.checksum) !== checksumOf(header)) {
      throw new TarError('corrupt', 'the checksum of a header is wrong');
    }
    const flag = flagOf(header);
    const size = readNumber(header, FIELD.size);
    if (flag === 'g') await reader.skip(size + paddingOf(size));
    else if (flag === 'x' || flag === 'L' || flag === 'K') {
      const content = await readExtension(reader, size, extensionBytes);
      addExtension(extension, flag, content);
    } else return header;
  }
}

async function readExtension(reader: ByteReader, size: number, most: number): Promise<Buffer> {
  if (size > most) {
    throw new TarError('too-large', `an extended header has ${size} bytes`);
  }
  // The chunk that it lies in would else be kept as long as the name.
  const content = Buffer.from(await reader.exactly(size));
  await reader.skip(paddingOf(size));
  return content;
}

function addExtension(extension: Extension, flag: 'x' | 'L' | 'K', content: Buffer): void {
  const key = ({ x: 'pax', L: 'longName', K: 'longLink' } as const)[flag];
  if (extension[key] !== undefined) {
    throw new TarError('corrupt', 'a member has two extended headers of one kind');
  }
  if (key === 'pax') extension.pax = parsePax(content);
  else extension[key] = untilNul(content);
  const { pax, longName, longLink } = extension;
  if ((pax?.path && longName) || (pax?.linkpath && longLink)) {
    throw new TarError('corrupt', 'a member has two long names');
  }
}

function memberOf(header: Buffer, { pax = {}, longName, longLink }: Extension) {
  const flag = flagOf(header);
  const rawPath = pax.path ?? longName ?? shortName(header);
  const type = pax.sparse ? 'sparse' : (TYPES[flag] ?? 'unknown');
  const isLink = type === 'symlink' || type === 'hardlink';
  const target = isLink ? (pax.linkpath ?? longLink ?? text(header, FIELD.link)) : Buffer.alloc(0);
  // Before ustar had a type for it, a directory was a file with a slash at the end.
  const isOldDirectory = type === 'file' && rawPath.at(-1) === SLASH;
  return {
    type: isOldDirectory ? ('directory' as const) : type,
    path: rawPath.toString('utf8'),
    rawPath,
    linkPath: target.toString('utf8'),
    rawLinkPath: target,
    mode: readNumber(header, FIELD.mode) & 0o7777,
    mtime: pax.mtime ?? findNumber(header, FIELD.mtime) ?? 0,
    size: HEADER_ONLY.test(flag) ? 0 : (pax.size ?? readNumber(header, FIELD.size)),
  };
}

const SLASH = 0x2f;

function flagOf(header: Buffer): string {
  return header.toString('latin1', FIELD.type[0], FIELD.type[0] + 1);
}

function shortName(header: Buffer): Buffer {
  const name = text(header, FIELD.name);
  // GNU's older format keeps other things where POSIX has the prefix.
  const isPosix = header.toString('latin1', FIELD.magic[0], FIELD.magic[0] + 6) === 'ustar\0';
  const prefix = isPosix ? text(header, FIELD.prefix) : Buffer.alloc(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

function text(header: Buffer, [offset, length]: Field): Buffer {
  return Buffer.from(untilNul(header.subarray(offset, offset + length)));
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** GNU's old sparse format: further blocks of the map stand before the content. */
async function skipSparseMap(reader: ByteReader, header: Buffer): Promise<void> {
  let more = header[482] !== 0;
  while (more) more = (await reader.exactly(BLOCK))[504] !== 0;
}

async function* contentOf(
  reader: ByteReader,
  content: { left: number },
): AsyncGenerator<Buffer, void, undefined> {
  while (content.left > 0) {
    const chunk = await reader.some(content.left);
    content.left -= chunk.length;
    yield chunk;
  }
}
