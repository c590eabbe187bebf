/** What an HTTP/2 client says, byte by byte: any field, also those that no client would send. */

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME = { data: 0, headers: 1, settings: 4, ping: 6 };
const END_STREAM = 1;
const END_HEADERS = 4;

export type Fields = readonly (readonly [name: string, value: string])[];

/** Preface, settings and one request on stream 1; `body` absent: none. */
export function http2Request(fields: Fields, body?: string): Buffer {
  const end = body === undefined ? END_STREAM : 0;
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(FRAME.settings, 0, 0, ''),
    frame(FRAME.headers, END_HEADERS | end, 1, headerBlock(fields)),
    ...(body === undefined ? [] : [frame(FRAME.data, END_STREAM, 1, body)]),
    // Its answer shows that all before was read.
    frame(FRAME.ping, 0, 0, PING),
  ]);
}

const PING = 'escaping';
/** The head of `RST_STREAM` for stream 1 with `PROTOCOL_ERROR`. */
export const STREAM_RESET = Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 1]);

/** The pseudo fields of a plain request, and more. */
export function http2Fields(authority: string, path: string, more: Fields = []): Fields {
  return [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', authority],
    [':path', path],
    ...more,
  ];
}

/** RFC 7541, 6.2.2: each a literal that is in no table, without Huffman's code. */
function headerBlock(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const { length } = bytes;
  if (length < 127) return Buffer.concat([Buffer.from([length]), bytes]);
  const rest = length - 127;
  const digits = rest < 128 ? [rest] : [(rest & 127) | 128, rest >> 7];
  return Buffer.concat([Buffer.from([127, ...digits]), bytes]);
}

function frame(type: number, flags: number, stream: number, data: Buffer | string): Buffer {
  const payload = Buffer.from(data);
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
