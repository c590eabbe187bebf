/** What the attacks are about: secrets, routes, an upstream that may be reached and one that may not. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GatewayConfig } from '../../src/gateway/protocol.ts';
import { matchSecrets } from '../../src/secret/matcher.ts';
import { testAuthority } from '../upstream/authority.ts';
import { routeTo } from '../upstream/gateway-process.ts';
import { listen } from '../upstream/upstream.ts';
import type { Places } from './attack.ts';
import { type Recorder, startRecorder } from './recorder.ts';

/** Put in by the gateway; no attack of this suite has it. */
export const INJECTED = 'inj-Kd83hfQ2mZ7xWv5TbR1nLs9Y';
export const INJECTED_HEADER = 'hdr-Pw46jcU8gN2yAe7KqV3tMz5B';
/** A secret of the run that a guest somehow came by, and the canary that it was given. */
export const KNOWN = 'kn0wn/Secret+47"Xq9Zr2Lm8Vb6';
export const CANARY = 'svc_q8w2e7r4t1y6u3i9o5p0a8s2d7f4g1h6j3k9';

export const OPEN = 'api.example.test';
export const TUNNEL = 'tunnel.example.test';
export const PATHS = 'paths.example.test';
export const GRAPH = 'graph.example.test';
export const REDACT = 'redact.example.test';
export const HEADER = 'header.example.test';
export const SMALL = 'small.example.test';
export const WIDE = 'wide.example.test';
/** A route that the workflow should not have, to a name of this machine. */
export const LOOPBACK = 'localhost';
/** Names that the test's resolver knows; see `resolver.ts`. */
export const RESOLVED = ['private', 'metadata', 'mapped', 'loopback', 'rebinding', 'hijacked'].map(
  (label) => `${label}.resolved.test`,
);

/** What the attacker would like to reach. Each leads to its own server, were it let through. */
export const EVIL = 'evil.test';
const EVIL_NAMES = [
  EVIL,
  `${OPEN}.${EVIL}`,
  `evil-${OPEN}`,
  `evil${OPEN}`,
  `x.${OPEN}`,
  'example.test',
  `${WIDE}.${EVIL}`,
  `evil${WIDE}`,
  WIDE,
];

export type Ground = {
  readonly allowed: Recorder;
  readonly evil: Recorder;
  readonly places: Places;
  /** How many tried to reach a listener of `places`. */
  readonly touched: () => number;
  readonly config: Partial<GatewayConfig>;
  close(): Promise<void>;
};

const SECRETS = matchSecrets([
  { label: 'the known secret', value: KNOWN },
  { label: 'the canary', value: CANARY },
]);

/** Labels of the secrets that an upstream saw, in whatever encoding. */
export function secretsIn(bytes: Uint8Array): string[] {
  return [
    ...new Set(
      SECRETS.stream()
        .push(bytes)
        .map(({ label }) => label),
    ),
  ];
}

export async function openGround(): Promise<Ground> {
  const names = [OPEN, TUNNEL, PATHS, GRAPH, REDACT, HEADER, SMALL, `*.${WIDE}`];
  const allowed = await startRecorder(names);
  const evil = await startRecorder([...EVIL_NAMES, ...names, LOOPBACK, '*.resolved.test']);
  const runner = await listenOnRunner();
  const { certificate } = await testAuthority();
  return {
    allowed,
    evil,
    places: { ...runner.places, allowed: allowed.port },
    touched: runner.touched,
    config: {
      routes: routes([443, 80, runner.places.tcp, allowed.port]),
      secrets: [
        { name: 'KNOWN_SECRET', value: KNOWN },
        { name: 'CANARY', value: CANARY },
      ],
      extraAuthorities: certificate,
      connectTo: [
        ...names.flatMap((name) => allowed.place(name)),
        ...[`ok.${WIDE}`, `${KNOWN_LABEL}.${WIDE}`].flatMap((name) => allowed.place(name)),
        ...EVIL_NAMES.flatMap((name) => evil.place(name)),
        ...[OPEN, TUNNEL].flatMap((name) => evil.place(name, [22, 25, 8443])),
      ],
    },
    async close() {
      await runner.close();
      await Promise.all([allowed.close(), evil.close()]);
    },
  };
}

/** The canary as a label of a host name, which has no capitals. */
export const KNOWN_LABEL = CANARY.replaceAll('_', '-');

function routes(ports: readonly number[]): GatewayConfig['routes'] {
  const dlp = { outbound: ['known_secrets'], inbound: [], onMatch: 'block' } as const;
  const auth = { scheme: 'Bearer', header: 'authorization', name: 'TOKEN' } as const;
  const open = { tls: 'open', dlp } as const;
  return [
    routeTo(OPEN, { ...open, auth: { ...auth, value: INJECTED } }),
    routeTo(HEADER, {
      ...open,
      auth: { scheme: 'header', header: 'x-api-key', name: 'KEY', value: INJECTED_HEADER },
    }),
    routeTo(TUNNEL),
    routeTo(PATHS, {
      ...open,
      matches: [{ paths: [{ type: 'prefix', value: '/allowed' }], methods: ['GET', 'POST'] }],
    }),
    routeTo(GRAPH, { ...open, graphqlMutations: ['addComment'] }),
    routeTo(REDACT, { tls: 'open', dlp: { ...dlp, onMatch: 'redact' } }),
    routeTo(SMALL, { ...open, maxBytes: 10_000 }),
    routeTo(`*.${WIDE}`, open),
    ...[LOOPBACK, ...RESOLVED].map((host) => routeTo(host, { ports })),
  ];
}

/** Listeners that count who comes. */
async function listenOnRunner() {
  let touched = 0;
  const sockets = new Set<Socket>();
  const touch = () => {
    touched += 1;
  };
  const directory = mkdtempSync(join(tmpdir(), 'runner-'));
  const places = { unix: join(directory, 'host.sock'), abstract: randomBytes(12).toString('hex') };
  const servers = [0, 1, 2].map(() =>
    createServer((socket) => {
      touch();
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.end('hello\n');
    }),
  );
  const [overTcp, overUnix, overAbstract] = servers;
  const tcp = overTcp ? await listen(overTcp) : 0;
  await new Promise<void>((done) => overUnix?.listen(places.unix, done));
  await new Promise<void>((done) => overAbstract?.listen(`\0${places.abstract}`, done));
  const datagrams = createSocket('udp4', touch);
  await new Promise<void>((done) => datagrams.bind(0, '127.0.0.1', done));
  return {
    places: { ...places, tcp, udp: datagrams.address().port },
    touched: () => touched,
    async close() {
      datagrams.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
