/** Blobs on disk behind signed URLs: the part of Azure's protocol that the clients speak, and no more. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { BlobStore } from './blob-store.ts';
import type { Fault, Faults, Operation } from './fault.ts';

/** Two segments before the blob's name: the client takes hosts such as 127.0.0.1 for path-style. */
export const BLOB_PATH = '/account/actions-results/';
const URL_MINUTES = 10;

type Answer = { status: number; headers?: Record<string, string>; body?: Uint8Array | string };

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
    remove: (blob) => rm(fileOf(blob), { force: true }),
    async serve(request, response, url) {
      send(response, request.method === 'HEAD', await answerTo(request, url, options, key));
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
  const body = await buffer(request);
  const operation = operationOf(request, url);
  const refusal = checkRequest(request, url, operation, blob, signatureOf(url, key));
  if (operation === undefined || refusal !== undefined) {
    options.onViolation(`${request.method} ${url.pathname}${url.search}: ${refusal}`);
    return { status: 403, body: `<Error><Code>${refusal}</Code></Error>` };
  }
  const fault = options.faults.take(operation);
  if (fault?.kind === 'slow') await delay(fault.ms);
  if (fault?.kind === 'status') return faultyStatus(fault);
  if (fault?.kind === 'body') return { status: fault.status, body: fault.body };
  const file = join(options.directory, blob);
  if (operation.startsWith('Put')) return put(operation, file, url, body);
  const stored = await readFile(file).catch(() => undefined);
  return stored === undefined
    ? { status: 404 }
    : answerWith(damage(stored, fault), request, url, fault);
}

/** Blocks wait in a directory beside the blob until their list puts them together. */
async function put(operation: Operation, file: string, url: URL, body: Buffer): Promise<Answer> {
  const blocks = `${file}.blocks`;
  const blockFile = (id: string) => join(blocks, Buffer.from(id).toString('hex'));
  if (operation === 'PutBlock') {
    await mkdir(blocks, { recursive: true });
    await writeFile(blockFile(url.searchParams.get('blockid') ?? ''), body);
  } else if (operation === 'PutBlockList') {
    const ids = [...body.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, id]) => id);
    const parts = await Promise.all(ids.map((id) => readFile(blockFile(id ?? ''))));
    await writeFile(file, Buffer.concat(parts));
    await rm(blocks, { recursive: true, force: true });
  } else {
    await writeFile(file, body);
  }
  return { status: 201 };
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

function damage(bytes: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.kind === 'truncate') return bytes.subarray(0, fault.keep);
  if (fault?.kind !== 'corrupt') return bytes;
  const copy = Buffer.from(bytes);
  copy[fault.at] = (copy[fault.at] ?? 0) ^ 0xff;
  return copy;
}

/** The blob or the range of it that was asked for. After `cut` the length promises more than comes. */
function answerWith(
  stored: Buffer,
  request: IncomingMessage,
  url: URL,
  fault: Fault | undefined,
): Answer {
  const asked = String(request.headers['x-ms-range'] ?? request.headers.range ?? '');
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(asked) ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(to ? Number(to) + 1 : stored.length, stored.length);
  const body = stored.subarray(start, end);
  const disposition = url.searchParams.get('rscd');
  return {
    status: from === undefined ? 200 : 206,
    headers: {
      'content-length': String(body.length),
      'content-type': url.searchParams.get('rsct') ?? 'application/octet-stream',
      'accept-ranges': 'bytes',
      'x-ms-blob-type': 'BlockBlob',
      ...(disposition === null ? {} : { 'content-disposition': disposition }),
      ...(from === undefined
        ? {}
        : { 'content-range': `bytes ${start}-${end - 1}/${stored.length}` }),
    },
    body: fault?.kind === 'cut' ? body.subarray(0, fault.keep) : body,
  };
}

function send(response: ServerResponse, headOnly: boolean, answer: Answer): void {
  const body = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, {
    etag: '"0x1"',
    'last-modified': new Date().toUTCString(),
    'x-ms-request-id': '00000000-0000-0000-0000-000000000000',
    'x-ms-version': '2025-11-05',
    'content-length': String(body.length),
    ...answer.headers,
  });
  if (headOnly) response.end();
  else if (Number(answer.headers?.['content-length'] ?? body.length) > body.length) {
    response.write(body, () => response.destroy());
  } else response.end(body);
}
