/** The first message of a TLS client with any name, or none, and with any extension. RFC 8446, 4.1.2. */

export type HelloParts = {
  /** Each an entry of its own in the list of names; none: no such extension. */
  readonly names?: readonly string[];
  readonly extensions?: readonly Buffer[];
  /** Into how many records it is cut. */
  readonly records?: number;
};

export const ENCRYPTED_HELLO = extension(0xfe0d, Buffer.alloc(64, 1));
export const ENCRYPTED_NAME = extension(0xffce, Buffer.alloc(64, 1));

export function clientHello(parts: HelloParts): Buffer {
  const { names = [], extensions = [], records = 1 } = parts;
  const all = [
    ...(names.length > 0 ? [serverNames(names)] : []),
    extension(43, Buffer.from([2, 3, 4])),
    ...extensions,
  ];
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 8)),
    vector(2, Buffer.from([0x13, 1, 0x13, 2])),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(all)),
  ]);
  const message = Buffer.concat([Buffer.from([1]), vector(3, body)]);
  const size = Math.ceil(message.length / records);
  const cut = Array.from({ length: records }, (_, at) =>
    message.subarray(at * size, (at + 1) * size),
  );
  return Buffer.concat(
    cut.map((part) => Buffer.concat([Buffer.from([22, 3, 1]), vector(2, part)])),
  );
}

export function serverNames(names: readonly string[]): Buffer {
  const entries = names.map((name) => Buffer.concat([Buffer.from([0]), vector(2, name)]));
  return extension(0, vector(2, Buffer.concat(entries)));
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 0xff]), vector(2, data)]);
}

/** The bytes behind their length. */
function vector(size: number, data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  const length = Buffer.alloc(size);
  length.writeUIntBE(bytes.length, 0, size);
  return Buffer.concat([length, bytes]);
}
