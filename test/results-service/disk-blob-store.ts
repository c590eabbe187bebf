/** Blobs on disk behind signed URLs: the part of Azure's protocol that the clients speak, and no more. */
import { createHmac, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobStore } from './blob-store.ts';
import type { Fault, Faults, Operation } from './fault.ts';

/** Two segments before the blob's name: the client takes hosts such as 127.0.0.1 for path-style. */
export const BLOB_PATH = '/account/actions-results/';
const URL_MINUTES = 10;
const CHUNK = 1 << 20;

type Answer = {
  status: number;
  headers?: Record<string, string>;
  body?: Uint8Array | string | Readable;
};

export type DiskBlobStoreOptions = {
  readonly directory: string;
  /** Of the URLs that are signed. */
  readonly origin: string;
  readonly faults: Faults;
  /** Told of each request that no client of ours should send. */
  readonly onViolation: (what: string) => void;
};

export function createDiskBlobStore(options: DiskBlobStoreOptions): BlobStore {
  const key = randomBytes(32);
  const fileOf = (blob: string) => join(options.directory, blob);
  return {
    signedUrl(blob, permission, answer = {}) {
      const url = new URL(BLOB_PATH + blob, options.origin);
      url.searchParams.set('se', String(Date.now() + URL_MINUTES * 60_000));
      url.searchParams.set('sp', permission === 'read' ? 'r' : 'cw');
      if (answer.disposition !== undefined) url.searchParams.set('rscd', answer.disposition);
      if (answer.type !== undefined) url.searchParams.set('rsct', answer.type);
      url.searchParams.set('sig', signatureOf(url, key));
      return url.href;
    },
    read: (blob) => readFile(fileOf(blob)).catch(() => undefined),
    size: (blob) => sizeOf(fileOf(blob)),
    remove: (blob) => rm(fileOf(blob), { force: true }),
    async serve(request, response, url) {
      await send(response, request.method === 'HEAD', await answerTo(request, url, options, key));
    },
    close: async () => {},
  };
}

async function answerTo(
  request: IncomingMessage,
  url: URL,
  options: DiskBlobStoreOptions,
  key: Buffer,
): Promise<Answer> {
  const blob = url.pathname.slice(BLOB_PATH.length);
  const operation = operationOf(request, url);
  const refusal = checkRequest(request, url, operation, blob, signatureOf(url, key));
  if (operation === undefined || refusal !== undefined) {
    options.onViolation(`${request.method} ${url.pathname}${url.search}: ${refusal}`);
    await buffer(request);
    return { status: 403, body: `<Error><Code>${refusal}</Code></Error>` };
  }
  const fault = options.faults.take(operation);
  if (fault?.kind === 'slow') await delay(fault.ms);
  if (fault?.kind === 'status' || fault?.kind === 'body') {
    await buffer(request);
    return fault.kind === 'status' ? faultyStatus(fault) : fault;
  }
  const file = join(options.directory, blob);
  if (operation.startsWith('Put')) return await put(operation, file, url, request);
  const size = await sizeOf(file);
  return size === undefined ? { status: 404 } : await get(file, size, request, url, fault);
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

/** Blocks wait in a directory beside the blob until their list puts them together. */
async function put(
  operation: Operation,
  file: string,
  url: URL,
  request: IncomingMessage,
): Promise<Answer> {
  const blocks = `${file}.blocks`;
  const blockFile = (id: string) => join(blocks, Buffer.from(id).toString('hex'));
  if (operation === 'PutBlock') {
    await mkdir(blocks, { recursive: true });
    const block = blockFile(url.searchParams.get('blockid') ?? '');
    await pipeline(request, createWriteStream(block));
  } else if (operation === 'PutBlockList') {
    const list = await text(request);
    const ids = [...list.matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, id]) => id ?? '');
    await pipeline(readAll(ids.map(blockFile)), createWriteStream(file));
    await rm(blocks, { recursive: true, force: true });
  } else {
    await pipeline(request, createWriteStream(file));
  }
  return { status: 201 };
}

async function* readAll(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: CHUNK });
}

function signatureOf(url: URL, key: Buffer): string {
  const signed = [...url.searchParams].filter(([name]) => SIGNED.includes(name)).sort();
  const text = JSON.stringify([url.pathname, signed]);
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** The parts of the query that the signature covers. */
const SIGNED = ['se', 'sp', 'rscd', 'rsct'];

function operationOf(request: IncomingMessage, url: URL): Operation | undefined {
  const comp = url.searchParams.get('comp');
  if (request.method === 'GET' && comp === null) return 'GetBlob';
  if (request.method === 'HEAD' && comp === null) return 'HeadBlob';
  if (request.method !== 'PUT') return undefined;
  if (comp === 'block') return 'PutBlock';
  if (comp === 'blocklist') return 'PutBlockList';
  return comp === null ? 'PutBlob' : undefined;
}

/** Why the request is not served. */
function checkRequest(
  request: IncomingMessage,
  url: URL,
  operation: Operation | undefined,
  blob: string,
  signature: string,
): string | undefined {
  const query = url.searchParams;
  if (operation === undefined) return 'UnsupportedOperation';
  if (!/^[a-z0-9.-]+$/.test(blob)) return 'InvalidResourceName';
  if (query.get('sig') !== signature) return 'AuthenticationFailed';
  if (Number(query.get('se')) < Date.now()) return 'AuthenticationExpired';
  if (query.get('sp') !== (operation.startsWith('Put') ? 'cw' : 'r')) return 'PermissionMismatch';
  if (request.headers['x-ms-structured-body'] !== undefined) return 'StructuredBodyNotSupported';
  if (operation === 'PutBlock' && !query.get('blockid')) return 'MissingBlockId';
  if (operation === 'PutBlob' && request.headers['x-ms-blob-type'] !== 'BlockBlob') {
    return 'InvalidBlobType';
  }
  return undefined;
}

function faultyStatus(fault: Extract<Fault, { kind: 'status' }>): Answer {
  const retry = fault.retryAfterSeconds;
  return {
    status: fault.status,
    headers: retry === undefined ? {} : { 'retry-after': String(retry) },
    body: '<Error><Code>ServerBusy</Code></Error>',
  };
}

/** The blob or the range of it that was asked for. After `cut` the length promises more than comes. */
async function get(
  file: string,
  size: number,
  request: IncomingMessage,
  url: URL,
  fault: Fault | undefined,
): Promise<Answer> {
  const stored = fault?.kind === 'truncate' ? Math.min(fault.keep, size) : size;
  const asked = String(request.headers['x-ms-range'] ?? request.headers.range ?? '');
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(asked) ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) + 1 : stored, stored);
  const body = Readable.from(readRange(file, start, end, fault), { objectMode: false });
  const disposition = url.searchParams.get('rscd');
  return {
    status: from === undefined ? 200 : 206,
    headers: {
      'content-length': String(end - start),
      'content-type': url.searchParams.get('rsct') ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      'x-ms-blob-type': 'BlockBlob',
      ...(disposition === null ? {} : { 'content-disposition': disposition }),
      ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${stored}` }),
    },
    body: fault?.kind === 'cut' ? (await buffer(body)).subarray(0, fault.keep) : body,
  };
}

async function* readRange(
  file: string,
  start: number,
  end: number,
  fault: Fault | undefined,
): AsyncGenerator<Buffer> {
  if (start >= end) return;
  let position = start;
  for await (const chunk of createReadStream(file, { start, end: end - 1, highWaterMark: CHUNK })) {
    const at = fault?.kind === 'corrupt' ? fault.at - position : -1;
    if (at >= 0 && at < chunk.length) chunk[at] ^= 0xff;
    position += chunk.length;
    yield chunk;
  }
}

async function send(response: ServerResponse, headOnly: boolean, answer: Answer): Promise<void> {
  const body = answer.body instanceof Readable ? answer.body : Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, {
    etag: '"0x1"',
    'last-modified': new Date().toUTCString(),
    'x-ms-request-id': '00000000-0000-0000-0000-000000000000',
    'x-ms-version': '2025-11-05',
    ...(body instanceof Readable ? {} : { 'content-length': String(body.length) }),
    ...answer.headers,
  });
  if (headOnly) response.end();
  // A client that leaves early does nothing wrong.
  else if (body instanceof Readable) await pipeline(body, response).catch(() => {});
  else if (Number(answer.headers?.['content-length'] ?? body.length) > body.length) {
    response.write(body, () => response.destroy());
  } else response.end(body);
}
