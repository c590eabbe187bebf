/**
 * Measures the gateway beside squid, a bare relay and a plain reverse proxy. All on loopback: client,
 * upstream and proxy are a process each, and the same client speaks to all proxies (to the gateway over
 * its unix socket, to the others over TCP). On a machine of two cores client and upstream take their
 * share from each proxy alike.
 */
import { testAuthority } from '../test/upstream/authority.ts';
import {
  type GatewayProcess,
  routeTo,
  startGatewayProcess,
} from '../test/upstream/gateway-process.ts';
import { type Child, startChild } from './gateway/child.ts';
import { cpuMilliseconds } from './gateway/cpu.ts';
import type { Hop } from './gateway/hop.ts';
import { watchMemory } from './gateway/memory.ts';
import { NO_SQUID, startSquid } from './gateway/squid.ts';
import { type BenchRow, makeRow, median } from './row.ts';

const ROUNDS = 5;
const TUNNELLED = 'bytes.example.test';
const OPENED = 'https.example.test';
const STREAMS = 1_000;
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 100_000);
/** The whole goal is 10; less shows a leak as well, only not one that small. */
const GIB = Number(process.env.BENCH_GIB ?? 2);

type Ground = {
  readonly client: Child;
  readonly reference: Child;
  readonly authority: string;
  readonly secret: { readonly key: string; readonly cert: string };
  /** Ports of the upstream. */
  readonly bytes: number;
  readonly https: number;
};

/**
 * Goals: tunnels at least as fast as squid's and at most 2 ms slower (95th percentile) than none;
 * opened TLS at least 0.8 of a plain Node's; 10,000 routes at most 1.2 times the time of 10; memory
 * within 10 % of where it began.
 */
export async function benchGateway(): Promise<BenchRow[]> {
  const [client, upstream, reference] = ['load.ts', 'upstream.ts', 'reference.ts'].map((file) =>
    startChild(`./${file}`),
  ) as [Child, Child, Child];
  const authority = await testAuthority();
  const secret = await authority.issue([OPENED], 'good');
  const ports = await upstream.call<{ bytes: number; https: number }>('start', secret);
  const ground = { client, reference, authority: authority.certificate, secret, ...ports };
  try {
    return [
      ...(await withGateway(ground, 2, (gateway) => benchTunnels(ground, gateway))),
      ...(await withGateway(ground, 2, (gateway) => benchOpened(ground, gateway))),
      await benchRoutes(ground),
      ...(await withGateway(ground, 2, (gateway) => benchMemory(ground, gateway))),
    ];
  } finally {
    await Promise.all([client.stop(), upstream.stop(), reference.stop()]);
  }
}

async function withGateway<T>(
  { authority, bytes, https }: Ground,
  routes: number,
  use: (gateway: GatewayProcess) => Promise<T>,
): Promise<T> {
  const others = Array.from({ length: routes - 2 }, (_, i) => routeTo(`host${i}.example.test`));
  const to = { port: 443, address: '127.0.0.1' };
  const gateway = await startGatewayProcess({
    routes: [...others, routeTo(TUNNELLED), routeTo(OPENED, { tls: 'open' })],
    connectTo: [
      { ...to, host: TUNNELLED, toPort: bytes },
      { ...to, host: OPENED, toPort: https },
    ],
    extraAuthorities: authority,
  });
  try {
    return await use(gateway);
  } finally {
    await gateway.stop();
  }
}

function through({ socket, token }: GatewayProcess, host: string): Hop {
  return { kind: 'gateway', socket, token, authority: `${host}:443` };
}

async function benchTunnels(ground: Ground, gateway: GatewayProcess): Promise<BenchRow[]> {
  const { client, reference, bytes } = ground;
  if (NO_SQUID !== '') console.log(`not run beside squid: ${NO_SQUID}`);
  const squid = NO_SQUID === '' ? await startSquid(TUNNELLED) : undefined;
  const relay = await reference.call<number>('startRelay', { to: bytes });
  const proxies: Ways = {
    gateway: { hop: through(gateway, TUNNELLED), pid: gateway.pid },
    ...(squid && {
      squid: {
        hop: { kind: 'connect', port: squid.port, authority: `${TUNNELLED}:${bytes}` },
        pid: squid.pid,
      },
    }),
    'a bare relay': { hop: { kind: 'direct', port: relay }, pid: reference.pid },
  };
  const load = (work: string, options: object) => (proxy: Way) =>
    client.call<number>(work, { proxy: proxy.hop, servername: TUNNELLED, ...options });
  const one = { streams: 1, bytes: 2 ** 29 };
  const many = { streams: 8, bytes: 2 ** 26 };
  const crowd = { streams: STREAMS, bytes: 2 ** 16 };
  const direct: Ways = { 'no proxy': { hop: { kind: 'direct', port: bytes }, pid: process.pid } };
  const delayed = { ...proxies, ...direct };
  try {
    return [
      ...(await compareWays('tunnel, 1 stream, MiB/s', proxies, load('download', one))),
      ...(await compareWays('tunnel, 8 streams, MiB/s', proxies, load('download', many))),
      ...(await compareWays('tunnel, ms of CPU per GiB', proxies, async (proxy) => {
        const before = cpuMilliseconds(proxy.pid);
        await load('download', { streams: 1, bytes: 2 ** 30 })(proxy);
        return cpuMilliseconds(proxy.pid) - before;
      })),
      ...(await compareWays(
        '1 KiB and back in a tunnel, p95 µs',
        delayed,
        load('exchange', { count: 3_000 }),
      )),
      ...(await compareWays(
        'a new tunnel to its first byte, p95 µs',
        delayed,
        load('openTunnels', { count: 500, quantile: 0.95 }),
      )),
      ...(await compareWays(
        `${STREAMS} tunnels at once, 64 KiB each, ms`,
        proxies,
        load('together', crowd),
      )),
    ];
  } finally {
    await squid?.stop();
  }
}

type Way = { readonly hop: Hop; readonly pid: number };
type Ways = Readonly<Record<string, Way>>;

async function compareWays(
  name: string,
  ways: Ways,
  measure: (way: Way) => Promise<number>,
): Promise<BenchRow[]> {
  const measures = Object.entries(ways).map(([key, way]) => [key, () => measure(way)] as const);
  return beside(name, await byTurns(Object.fromEntries(measures)));
}

async function benchOpened(ground: Ground, gateway: GatewayProcess): Promise<BenchRow[]> {
  const { client, reference, authority, secret, https } = ground;
  const options = { ...secret, ca: authority, servername: OPENED, to: https };
  const port = await reference.call<number>('startReverseProxy', options);
  const ours = openedBy(gateway);
  const trust = { ca: authority, servername: OPENED };
  const plain = { proxy: { kind: 'direct', port }, trust, pid: reference.pid };
  const measure = (figure: keyof Figures, load: { readonly count: number }) => {
    const one = (end: { readonly pid: number }) => async () => {
      const before = cpuMilliseconds(end.pid);
      const figures = await client.call<Figures>('requests', { ...end, ...load });
      const cpu = ((cpuMilliseconds(end.pid) - before) * 1000) / load.count;
      return { ...figures, cpu }[figure];
    };
    return byTurns({ gateway: one(ours), 'a plain Node reverse proxy': one(plain) });
  };
  const small = { connections: 16, count: 8_000, bytes: 1024 };
  const large = { connections: 4, count: 8, bytes: 2 ** 26 };
  const crowd = { connections: STREAMS, count: STREAMS * 4, bytes: 1024 };
  return [
    ...beside('opened TLS, requests/s', await measure('perSecond', small)),
    ...beside('opened TLS, µs of CPU a request', await measure('cpu', small)),
    ...beside('opened TLS, a request, p95 ms', await measure('p95', small)),
    ...beside('opened TLS, MiB/s', await measure('mibPerSecond', large)),
    ...beside(`opened TLS, ${STREAMS} at once, requests/s`, await measure('perSecond', crowd)),
  ];
}

function openedBy(gateway: GatewayProcess) {
  const trust = { ca: gateway.certificate, servername: OPENED };
  return { proxy: through(gateway, OPENED), trust, pid: gateway.pid };
}

type Figures = Readonly<Record<'perSecond' | 'mibPerSecond' | 'p95' | 'cpu', number>>;

/** A new tunnel asks for its route. */
async function benchRoutes(ground: Ground): Promise<BenchRow> {
  const measure = (gateway: GatewayProcess) => () =>
    ground.client.call<number>('openTunnels', {
      proxy: through(gateway, TUNNELLED),
      servername: TUNNELLED,
      count: 1_000,
      quantile: 0.5,
    });
  return withGateway(ground, 10_000, (large) =>
    withGateway(ground, 10, async (small) => {
      const times = await byTurns({ large: measure(large), small: measure(small) });
      const names = { name: 'a new tunnel, 10,000 routes, median µs', against: '10 routes' };
      return makeRow(names, times.large ?? Number.NaN, times.small ?? Number.NaN);
    }),
  );
}

async function benchMemory({ client }: Ground, gateway: GatewayProcess): Promise<BenchRow[]> {
  const opened = openedBy(gateway);
  const ask = (count: number) =>
    client.call('requests', { ...opened, connections: 16, count, bytes: 1024 });
  const transfer = (streams: number) =>
    client.call('requests', { ...opened, connections: 4, count: streams, bytes: 2 ** 26 });
  await ask(REQUESTS / 10);
  const requests = await watchMemory(gateway.pid, () => ask(REQUESTS));
  await transfer(4);
  const bytes = await watchMemory(gateway.pid, () => transfer(GIB * 16));
  const row = (what: string, { firstMib, lastMib }: typeof requests) =>
    makeRow(
      { name: `memory at the end of ${what}, MiB`, against: 'at its beginning' },
      lastMib,
      firstMib,
    );
  return [row(`${REQUESTS} requests`, requests), row(`${GIB} GiB`, bytes)];
}

/** Medians; one uncounted round first, then each by turns, so that a drift of the machine meets all. */
async function byTurns(
  measures: Readonly<Record<string, () => Promise<number>>>,
): Promise<Record<string, number>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, measure] of Object.entries(measures)) {
      const time = await measure();
      if (round > 0) times.set(name, [...(times.get(name) ?? []), time]);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, median(all)]));
}

/** A row for each that stands beside the gateway. */
function beside(
  name: string,
  { gateway = Number.NaN, ...others }: Record<string, number>,
): BenchRow[] {
  return Object.entries(others).map(([against, figure]) =>
    makeRow({ name, against }, gateway, figure),
  );
}

if (import.meta.main) console.table(await benchGateway());
