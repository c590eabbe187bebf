/** Reads the first message of a TLS client: the name it asks for, and whether it hides another. */

export type HelloReading =
  /** Not complete yet: ask again with more. */
  | { readonly kind: 'more' }
  | {
      readonly kind: 'hello';
      /** As sent: letters, digits, `.`, `_` and `-`. Undefined: it names none. */
      readonly serverName: string | undefined;
      /** The name may be a front for another that is encrypted (ECH, or ESNI before it). */
      readonly encryptedHello: boolean;
      /** Protocols offered, one character a byte. */
      readonly alpn: readonly string[];
    }
  /** Not TLS, or a hello that two readers could read in two ways. */
  | { readonly kind: 'not-tls' };

/** Today's largest hellos, with post-quantum keys, take 2 KiB. */
const MAX_HELLO_LENGTH = 16 * 1024;
const MAX_RECORD_LENGTH = 2 ** 14;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const HOST_NAME = 0;
const EXTENSION = { serverName: 0, alpn: 16, encryptedHello: 0xfe0d, encryptedName: 0xffce };

const MORE: HelloReading = { kind: 'more' };
const NOT_TLS: HelloReading = { kind: 'not-tls' };

/** `bytes`: all that the client has sent so far; what follows the hello is not looked at. */
export function readClientHello(bytes: Uint8Array): HelloReading {
  try {
    const message = readMessage(bytes.subarray(0, MAX_HELLO_LENGTH));
    if (message) return readHello(message);
    return bytes.length < MAX_HELLO_LENGTH ? MORE : NOT_TLS;
  } catch (error) {
    if (error instanceof Malformed) return NOT_TLS;
    throw error;
  }
}

/** A length that lies, or a field that has no place. */
class Malformed extends Error {}

type Fields = {
  readonly left: number;
  /** Big-endian, of so many bytes. */
  number(size: number): number;
  bytes(length: number): Uint8Array;
  /** The bytes whose length stands before them, in so many bytes. */
  vector(size: number): Fields;
  /** All that is left, one character a byte. */
  text(): string;
  /** @throws {Malformed} unless all was read. */
  end(): void;
};

function readFields(bytes: Uint8Array): Fields {
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Malformed();
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (size: number) => take(size).reduce((value, byte) => value * 256 + byte, 0);
  return {
    get left() {
      return bytes.length - at;
    },
    number,
    bytes: take,
    vector: (size) => readFields(take(number(size))),
    text: () => Buffer.from(take(bytes.length - at)).toString('latin1'),
    end() {
      if (at < bytes.length) throw new Malformed();
    },
  };
}

/**
 * The body of the hello, out of as many records as it came in; undefined when more must come. It is
 * alone in its records: a second message behind it would go by unread.
 */
function readMessage(bytes: Uint8Array): Uint8Array | undefined {
  const fragments: Uint8Array[] = [];
  let length = 0;
  let wanted: number | undefined;
  let rest = bytes;
  while (rest.length > 0) {
    const fragment = readRecord(rest);
    if (!fragment) return undefined;
    fragments.push(fragment);
    length += fragment.length;
    rest = rest.subarray(5 + fragment.length);
    wanted ??= readLength(Buffer.concat(fragments));
    if (wanted === undefined || length < wanted) continue;
    if (length > wanted) throw new Malformed();
    return Buffer.concat(fragments).subarray(4);
  }
  return undefined;
}

function readRecord(bytes: Uint8Array): Uint8Array | undefined {
  const [type, major, , high, low] = bytes;
  if (type !== HANDSHAKE_RECORD || (major ?? 3) !== 3) throw new Malformed();
  if (high === undefined || low === undefined) return undefined;
  const length = high * 256 + low;
  if (length === 0 || length > MAX_RECORD_LENGTH) throw new Malformed();
  return bytes.length < 5 + length ? undefined : bytes.subarray(5, 5 + length);
}

/** Of the whole message; undefined when its head is not complete. */
function readLength(message: Uint8Array): number | undefined {
  if (message[0] !== CLIENT_HELLO) throw new Malformed();
  if (message.length < 4) return undefined;
  const length = readFields(message.subarray(1)).number(3);
  if (length > MAX_HELLO_LENGTH) throw new Malformed();
  return 4 + length;
}

/** RFC 8446, 4.1.2. */
function readHello(body: Uint8Array): HelloReading {
  const fields = readFields(body);
  const version = fields.number(2);
  fields.bytes(32);
  const session = fields.vector(1);
  const ciphers = fields.vector(2);
  const compressions = fields.vector(1);
  if (version >> 8 !== 3 || session.left > 32 || compressions.left === 0) return NOT_TLS;
  if (ciphers.left === 0 || ciphers.left % 2 !== 0) return NOT_TLS;
  const extensions =
    fields.left === 0 ? new Map<number, Fields>() : readExtensions(fields.vector(2));
  fields.end();
  return {
    kind: 'hello',
    serverName: readServerName(extensions.get(EXTENSION.serverName)),
    encryptedHello:
      extensions.has(EXTENSION.encryptedHello) || extensions.has(EXTENSION.encryptedName),
    alpn: readProtocols(extensions.get(EXTENSION.alpn)),
  };
}

function readExtensions(list: Fields): Map<number, Fields> {
  const extensions = new Map<number, Fields>();
  while (list.left > 0) {
    const type = list.number(2);
    if (extensions.has(type)) throw new Malformed();
    extensions.set(type, list.vector(2));
  }
  return extensions;
}

/** RFC 6066, 3: one entry a type, and no type but `host_name` was ever given out. */
function readServerName(extension: Fields | undefined): string | undefined {
  if (!extension) return undefined;
  const list = extension.vector(2);
  extension.end();
  if (list.number(1) !== HOST_NAME) throw new Malformed();
  const name = list.vector(2).text();
  list.end();
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw new Malformed();
  return name;
}

/** RFC 7301, 3.1. */
function readProtocols(extension: Fields | undefined): string[] {
  if (!extension) return [];
  const list = extension.vector(2);
  extension.end();
  const protocols: string[] = [];
  while (list.left > 0) protocols.push(list.vector(1).text());
  if (protocols.length === 0 || protocols.includes('')) throw new Malformed();
  return protocols;
}
