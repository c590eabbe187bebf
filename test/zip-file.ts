/** Makes zips, also such as no honest writer makes. */
import { crc32, deflateRawSync } from 'node:zlib';

export type ZipPart = {
  readonly name: string;
  readonly content?: Buffer;
  readonly method?: number;
  /** Of a Unix file, in the upper half. */
  readonly attributes?: number;
  /** What the directory says instead of the truth. */
  readonly lies?: { size?: number; crc?: number; packed?: number; offset?: number; flags?: number };
};

export function packZip(parts: readonly ZipPart[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content = Buffer.from('x'), method = 8, attributes = 0, lies = {} } of parts) {
    const data = method === 8 ? deflateRawSync(content) : content;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    locals.push(local, Buffer.from(name), data);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(lies.flags ?? 8, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(lies.crc ?? crc32(content), 16);
    entry.writeUInt32LE(lies.packed ?? data.length, 20);
    entry.writeUInt32LE(lies.size ?? content.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(attributes, 38);
    entry.writeUInt32LE(lies.offset ?? offset, 42);
    central.push(entry, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
