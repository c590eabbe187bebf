/**
 * Reads requests as they arrive at an upstream, in the one form that no two readers can read in two
 * ways: what is only tolerated by RFC 9112 is an error here. Written apart from the gateway's readers.
 */

export type ReadRequest = {
  readonly method: string;
  readonly target: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly host: string;
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
};

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([A-Z-]+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/;
const FIELD = /^([^:]+): ?(.*)$/s;
/** Visible characters, with single places of space between them, and bytes over ASCII. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
/** What would change how a message is read, or whose it is, if somebody took it from behind. */
const NEVER_TRAILERS = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'authorization',
  'cookie',
]);

/** `rest`: the beginning of a request that is not complete. @throws When it is not in that one form. */
export function readRequests(bytes: Buffer): { requests: ReadRequest[]; rest: string } {
  const requests: ReadRequest[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    const read = readRequest(rest);
    if (read === undefined) break;
    requests.push(read.request);
    rest = read.rest;
  }
  return { requests, rest };
}

function readRequest(text: string): { request: ReadRequest; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = text.slice(0, end).split('\r\n');
  const [, method = '', target = ''] = REQUEST_LINE.exec(line) ?? fail('request line', line);
  const headers = lines.map(readField);
  const values = (name: string) => headers.filter(([given]) => given === name).map(([, v]) => v);
  const [host = '', ...moreHosts] = values('host');
  if (!/^[a-z0-9.-]+(?::\d+)?$/.test(host) || moreHosts.length > 0) fail('Host', lines.join('|'));
  const body = readBody(text.slice(end + 4), values('content-length'), values('transfer-encoding'));
  if (body === undefined) return undefined;
  const { content, trailers, rest } = body;
  return { request: { method, target, headers, host, body: content, trailers }, rest };
}

function readField(line: string): readonly [string, string] {
  const [, name = '', value = ''] = FIELD.exec(line) ?? fail('field', line);
  if (!TOKEN.test(name) || !VALUE.test(value)) fail('field', line);
  return [name.toLowerCase(), value];
}

type Body = { content: string; trailers: ReadRequest['trailers']; rest: string };

function readBody(text: string, lengths: string[], codings: string[]): Body | undefined {
  if (lengths.length + codings.length > 1) fail('framing', `${lengths} ${codings}`);
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding !== 'chunked') fail('Transfer-Encoding', coding);
    return readChunks(text);
  }
  const written = lengths[0] ?? '0';
  if (!/^(?:0|[1-9]\d{0,14})$/.test(written)) fail('Content-Length', written);
  const length = Number(written);
  if (text.length < length) return undefined;
  return { content: text.slice(0, length), trailers: [], rest: text.slice(length) };
}

function readChunks(text: string): Body | undefined {
  let content = '';
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end < 0) return undefined;
    const size = rest.slice(0, end);
    if (!/^(?:0|[1-9a-f][0-9a-f]{0,7})$/i.test(size)) fail('chunk', size);
    const length = Number.parseInt(size, 16);
    rest = rest.slice(end + 2);
    if (length === 0) break;
    if (rest.length < length + 2) return undefined;
    if (rest.slice(length, length + 2) !== '\r\n') fail('end of chunk', rest.slice(length, 9));
    content += rest.slice(0, length);
    rest = rest.slice(length + 2);
  }
  if (rest.startsWith('\r\n')) return { content, trailers: [], rest: rest.slice(2) };
  const end = rest.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const trailers = rest.slice(0, end).split('\r\n').map(readField);
  for (const [name] of trailers) if (NEVER_TRAILERS.has(name)) fail('trailer', name);
  return { content, trailers, rest: rest.slice(end + 4) };
}

function fail(what: string, where: string): never {
  throw new Error(`an upstream could misread the ${what}: ${JSON.stringify(where.slice(0, 200))}`);
}
