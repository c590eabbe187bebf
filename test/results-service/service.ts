/** GitHub's results service on loopback: artifacts, caches and their blobs. Strict, or it would prove nothing. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createArtifactService, type StoredArtifact } from './artifact-service.ts';
import type { BlobStore } from './blob-store.ts';
import { createCacheService, type StoredCacheEntry } from './cache-service.ts';
import { BLOB_PATH, createDiskBlobStore } from './disk-blob-store.ts';
import { createFaults, type Faults, type Operation } from './fault.ts';
import { type Method, RpcError } from './rpc.ts';
import { type CacheScope, readToken, signToken } from './token.ts';
import { unzip } from './unzip.ts';

export type ResultsService = {
  readonly url: string;
  /** What a step needs in its environment, with a token for the default branch. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for other cache scopes: a pull request, a read-only token. */
  envFor(scopes: readonly CacheScope[]): Record<string, string>;
  readonly faults: Faults;
  /** What no proper client would have sent: unknown routes, wrong sizes, missing signatures. */
  readonly violations: readonly string[];
  listArtifacts(): StoredArtifact[];
  /** The files of an artifact, unzipped; one that was uploaded raw is one file. */
  readArtifact(name: string): Promise<Map<string, Buffer>>;
  /** As it was uploaded. */
  readBytes(name: string): Promise<Buffer>;
  listCache(): StoredCacheEntry[];
  /** The archive under exactly this key. */
  readCache(key: string): Promise<Buffer>;
  close(): Promise<void>;
};

export type ResultsServiceOptions = {
  /** Default: blobs on disk in a temp directory, behind the service's own port. */
  readonly blobs?: BlobStore;
  /**
   * Signs blob URLs for a host of Azure's, which `env` leads back to this machine: the cache client
   * then downloads as it does on GitHub, in ranges, and not by one plain GET.
   */
  readonly azureHost?: boolean;
};

const MAIN: readonly CacheScope[] = [{ scope: 'refs/heads/main', permission: 3 }];
const AZURE_HOST = 'bottle.blob.core.windows.net';
const LOOPBACK_DNS = fileURLToPath(new URL('loopback-dns.ts', import.meta.url));
const PREFIX = '/twirp/github.actions.results.api.v1.';

export async function startResultsService(
  options: ResultsServiceOptions = {},
): Promise<ResultsService> {
  const key = randomBytes(32);
  const run = { runId: randomUUID(), jobId: randomUUID() };
  const violations: string[] = [];
  const onViolation = (what: string) => void violations.push(what);
  const faults = createFaults();
  const directory = await mkdtemp(join(tmpdir(), 'results-'));
  const { server, origin, port } = await listen((request, response) => answer(request, response));
  const blobOrigin = options.azureHost ? `http://${AZURE_HOST}:${port}` : origin;
  const store =
    options.blobs ?? createDiskBlobStore({ directory, origin: blobOrigin, faults, onViolation });
  const artifacts = createArtifactService(store, onViolation);
  const caches = createCacheService(store, onViolation);
  const calls: CallContext = {
    methods: {
      ...withPrefix('ArtifactService', artifacts.methods),
      ...withPrefix('CacheService', caches.methods),
    },
    faults,
    key,
    onViolation,
  };
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const target = new URL(request.url ?? '/', origin);
    const isBlob = target.pathname.startsWith(BLOB_PATH);
    const blobAnswer = isBlob ? store.serve?.(request, response, target) : undefined;
    (blobAnswer ?? answerCall(request, response, target, calls)).catch((error: unknown) => {
      onViolation(`${request.method} ${request.url}: ${error}`);
      response.destroy();
    });
  };
  const envFor = (scopes: readonly CacheScope[]) => ({
    ...environment(origin, signToken({ ...run, scopes }, key)),
    ...(options.azureHost ? { NODE_OPTIONS: `--import ${LOOPBACK_DNS}` } : {}),
  });
  return {
    url: origin,
    env: envFor(MAIN),
    envFor,
    faults,
    violations,
    listArtifacts: artifacts.list,
    async readArtifact(name) {
      const { bytes, isZip } = await artifacts.read(name);
      return isZip ? unzip(bytes) : new Map([[name, bytes]]);
    },
    readBytes: async (name) => (await artifacts.read(name)).bytes,
    listCache: caches.list,
    readCache: caches.read,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function listen(handler: RequestListener) {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, port, origin: `http://127.0.0.1:${port}` };
}

function environment(origin: string, token: string): Record<string, string> {
  return {
    ACTIONS_RESULTS_URL: `${origin}/`,
    ACTIONS_RUNTIME_URL: `${origin}/`,
    ACTIONS_RUNTIME_TOKEN: token,
    ACTIONS_CACHE_URL: `${origin}/`,
    ACTIONS_CACHE_SERVICE_V2: 'True',
  };
}

function withPrefix(service: string, methods: Record<string, Method>): Record<string, Method> {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [`${PREFIX}${service}/${name}`, method]),
  );
}

type CallContext = {
  readonly methods: Readonly<Record<string, Method>>;
  readonly faults: Faults;
  readonly key: Buffer;
  readonly onViolation: (what: string) => void;
};

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  { methods, faults, key, onViolation }: CallContext,
): Promise<void> {
  const method = methods[target.pathname];
  const fault = faults.take((target.pathname.split('/').at(-1) ?? '') as Operation);
  if (fault?.kind === 'slow') await delay(fault.ms);
  if (fault?.kind === 'status') {
    const retry = fault.retryAfterSeconds;
    if (retry !== undefined) response.setHeader('retry-after', String(retry));
    return sendJson(response, fault.status, { code: 'unavailable', msg: 'injected' });
  }
  if (fault?.kind === 'body') {
    response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.body);
    return;
  }
  try {
    if (method === undefined || request.method !== 'POST') {
      throw new RpcError(404, 'bad_route', `no handler for ${request.method} ${target.pathname}`);
    }
    const claims = readToken(request.headers.authorization, key);
    if (claims === undefined) throw new RpcError(401, 'unauthenticated', 'no usable bearer token');
    sendJson(response, 200, await method(await json(request), claims));
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    if (VIOLATION_CODES.includes(error.code)) onViolation(`${target.pathname}: ${error.message}`);
    sendJson(response, error.status, { code: error.code, msg: error.message });
  }
}

/** The others are answers that a proper client must be able to take. */
const VIOLATION_CODES = ['bad_route', 'malformed', 'unauthenticated', 'permission_denied'];

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
