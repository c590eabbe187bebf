/** Sigstore and GitHub's attestations on loopback: Fulcio, a timestamp authority, an OIDC issuer, a store. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { testAuthority } from '../upstream/authority.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const load = createRequire(`${FOLDER}package.json`);

/** Why signatures cannot be tried here; empty when they can. */
export const SIGSTORE_MISSING = existsSync(`${FOLDER}node_modules/@sigstore/mock`)
  ? ''
  : "needs Sigstore's verifier: npm ci --prefix test/attest";

type Bytes = ArrayBufferView<ArrayBuffer>;
type KeyPair = ReturnType<typeof keyPair>;
type Handler = {
  readonly path: string;
  fn(body: string): Promise<{
    readonly statusCode: number;
    readonly response: string | Bytes;
    readonly contentType?: string;
  }>;
};

/** As far as it is used here: the folder's packages are not there for the compiler. */
type Mock = {
  initializeCTLog(keys: KeyPair): Promise<{ publicKey: Buffer; logID: Bytes }>;
  initializeCA(keys: KeyPair, log: unknown): Promise<{ rootCertificate: Bytes }>;
  initializeTSA(
    keys: KeyPair,
  ): Promise<{ rootCertificate: Bytes; intCertificate: Bytes; getCurrentTime(): Date }>;
  fulcioHandler(ca: unknown, options: { subjectClaim: string }): Handler;
  tsaHandler(tsa: unknown, options: { strict: boolean }): Handler;
};

export type LoopbackSigstore = {
  /** For the step that signs. */
  readonly env: Readonly<Record<string, string>>;
  /** The OIDC token that the issuer gives out: a secret. */
  readonly identity: string;
  /** What the attestations API got. */
  readonly stored: unknown[];
  /** Hosts that were asked for. */
  readonly asked: string[];
  /** Lets the named part refuse. */
  refuse(part: 'fulcio' | 'store'): void;
  /** The statement of a bundle that verifies, offline. @throws What the verifier says. */
  verify(bundle: unknown): { readonly subject: readonly { name: string }[] };
  close(): Promise<void>;
};

const HOSTS = ['fulcio.githubapp.com', 'timestamp.githubapp.com'];
const CLAIMS = {
  sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  iss: 'https://token.actions.example',
  repository: 'octo-org/octo-repo',
  ref: 'refs/heads/main',
  workflow_ref: 'octo-org/octo-repo/.github/workflows/bottle.yml@refs/heads/main',
};

export async function startSigstore(certificateFile: string): Promise<LoopbackSigstore> {
  const mock: Mock = load('@sigstore/mock');
  const ctLog = await mock.initializeCTLog(keyPair());
  const ca = await mock.initializeCA(keyPair(), ctLog);
  const tsa = await mock.initializeTSA(keyPair());
  // The verifier reads three decimals of a second or none, and the mock leaves out their last zeros.
  tsa.getCurrentTime = () => new Date(Math.floor(Date.now() / 1000) * 1000);
  const handlers = [
    mock.fulcioHandler(ca, { subjectClaim: 'sub' }),
    mock.tsaHandler(tsa, { strict: true }),
  ];
  const refused = new Set<string>();
  const stored: unknown[] = [];
  const asked: string[] = [];
  const identity = unsignedToken({ ...CLAIMS, jti: randomUUID() });

  const authority = await testAuthority();
  const secure = createHttpsServer(await authority.issue(HOSTS, 'good'), async (request, reply) => {
    const host = request.headers.host ?? '';
    asked.push(host);
    const handler = handlers.find(({ path }) => path === request.url);
    if (handler === undefined || (refused.has('fulcio') && host.startsWith('fulcio'))) {
      reply.writeHead(400).end('refused');
      return;
    }
    const { statusCode, response, contentType } = await handler.fn(await text(request));
    const body = typeof response === 'string' ? response : bytesOf(response);
    reply.writeHead(statusCode, { 'content-type': contentType ?? 'text/plain' }).end(body);
  });
  const securePort = await listen(secure);

  /** The issuer, the store, and a proxy that leads every name to the one above. */
  const plain = createHttpServer(async (request, reply) => {
    const answer = await answerPlain(request, { identity, refused, stored });
    reply.writeHead(answer.status, { 'content-type': 'application/json' });
    reply.end(JSON.stringify(answer.body));
  });
  plain.on('connect', (_request, client: Socket) => {
    const upstream = connect(securePort, '127.0.0.1');
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    upstream.pipe(client).pipe(upstream);
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  const port = await listen(plain);

  return {
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/oidc?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token-of-the-tests',
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: certificateFile,
    },
    identity,
    stored,
    asked,
    refuse: (part) => void refused.add(part),
    verify: (bundle) => verifyOffline(bundle, { ca, tsa, ctLog }),
    async close() {
      for (const server of [secure, plain]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

type PlainState = {
  readonly identity: string;
  readonly refused: ReadonlySet<string>;
  readonly stored: unknown[];
};

async function answerPlain(request: IncomingMessage, { identity, refused, stored }: PlainState) {
  const { url = '', method, headers } = request;
  if (url.startsWith('/oidc?') && url.includes('audience=sigstore')) {
    const known = headers.authorization === 'Bearer request-token-of-the-tests';
    return known ? { status: 200, body: { value: identity } } : { status: 401, body: {} };
  }
  if (method === 'POST' && url === '/repos/octo-org/octo-repo/attestations') {
    if (refused.has('store')) return { status: 403, body: { message: 'no' } };
    stored.push(JSON.parse(await text(request)).bundle);
    return { status: 201, body: { id: 1 } };
  }
  return { status: 404, body: { message: `${method} ${url}` } };
}

type Roots = {
  readonly ca: { readonly rootCertificate: Bytes };
  readonly tsa: { readonly rootCertificate: Bytes; readonly intCertificate: Bytes };
  readonly ctLog: { readonly publicKey: Buffer; readonly logID: Bytes };
};

/** With nothing but the bundle and the roots: no network. */
function verifyOffline(bundle: unknown, { ca, tsa, ctLog }: Roots) {
  const { toSignedEntity, toTrustMaterial, Verifier } = load('@sigstore/verify');
  const { bundleFromJSON } = load('@sigstore/bundle');
  const validFor = { start: new Date(0).toISOString(), end: '2100-01-01T00:00:00Z' };
  const chain = (...certificates: Bytes[]) => ({
    subject: { organization: 'tests', commonName: 'tests' },
    uri: '',
    certChain: {
      certificates: certificates.map((der) => ({ rawBytes: bytesOf(der).toString('base64') })),
    },
    validFor,
  });
  const { TrustedRoot } = load('@sigstore/protobuf-specs');
  const root = TrustedRoot.fromJSON({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [],
    certificateAuthorities: [chain(ca.rootCertificate)],
    ctlogs: [
      {
        baseUrl: 'https://ct.example',
        hashAlgorithm: 'SHA2_256',
        publicKey: {
          rawBytes: ctLog.publicKey.toString('base64'),
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
          validFor,
        },
        logId: { keyId: bytesOf(ctLog.logID).toString('base64') },
      },
    ],
    timestampAuthorities: [chain(tsa.intCertificate, tsa.rootCertificate)],
  });
  const verifier = new Verifier(toTrustMaterial(root), {
    tlogThreshold: 0,
    ctlogThreshold: 1,
    timestampThreshold: 1,
  });
  const parsed = bundleFromJSON(bundle);
  verifier.verify(toSignedEntity(parsed), {
    subjectAlternativeName: CLAIMS.sub,
    extensions: { issuer: CLAIMS.iss },
  });
  return JSON.parse(parsed.content.dsseEnvelope.payload.toString());
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function bytesOf(view: Bytes): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function unsignedToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
}

async function listen(server: {
  listen(port: number, host: string, ready: () => void): unknown;
  address(): unknown;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
