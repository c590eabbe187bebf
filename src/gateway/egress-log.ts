/** The audit of a run: each line as it comes in a file, and what they come to in sum. */
import { type FileHandle, open } from 'node:fs/promises';
import type { HostPath } from '../host/host.ts';
import type { EgressLine } from './message.ts';
import type {
  Finding,
  GatewayDecision,
  GatewayPush,
  GatewayUsage,
  SuperviseRequest,
} from './protocol.ts';

/** More than any run says in earnest: 100,000 requests are about 40 MiB. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;
/** Distinct denials, findings, requests and pushes that are told one by one; the file has them all. */
const MAX_DISTINCT = 500;

export type RouteTraffic = {
  readonly route: string;
  /** Allowed ones; a tunnel counts as one. */
  readonly requests: number;
  readonly denied: number;
  readonly failed: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Of allowed ones: how often which status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
};

type CountedTraffic = { -readonly [K in keyof Omit<RouteTraffic, 'statuses'>]: RouteTraffic[K] } & {
  readonly statuses: Record<string, number>;
};

/** Equal requests that were refused, or failed, for the same reason. */
export type Denial = Pick<
  GatewayDecision,
  'rule' | 'route' | 'method' | 'host' | 'port' | 'path' | 'detail'
> & { readonly times: number };

export type EgressFacts = {
  readonly allowed: number;
  readonly denied: number;
  readonly failed: number;
  /** By route, in the order of their first use. */
  readonly routes: readonly RouteTraffic[];
  readonly denials: readonly Denial[];
  readonly failures: readonly Denial[];
  readonly findings: readonly (Finding & { readonly times: number })[];
  readonly requests: readonly SuperviseRequest[];
  readonly pushes: readonly GatewayPush[];
  readonly usage: Omit<GatewayUsage, 'type'>;
  /** The file holds not all of it. */
  readonly cut: boolean;
};

export type OurRequest = Pick<Denial, 'rule' | 'host'>;

export type EgressLog = {
  add(line: EgressLine): Promise<void>;
  /** `ours`: refusals that the agent has no part in; each is left out of the sums once. */
  facts(ours?: readonly OurRequest[]): EgressFacts;
  close(): Promise<void>;
};

export async function openEgressLog(path: HostPath): Promise<EgressLog> {
  const file = await open(path, 'wx', 0o600);
  const tally = startTally();
  const writer = startWriter(file);
  return {
    add(line) {
      tally.add(line);
      return writer.write(`${JSON.stringify(line)}\n`);
    },
    facts: (ours = []) => without(ours, { ...tally.facts(), cut: writer.cut() }),
    close: () => writer.close(),
  };
}

function without(ours: readonly OurRequest[], facts: EgressFacts): EgressFacts {
  let { denied } = facts;
  const denials = [...facts.denials];
  const routes = new Map(facts.routes.map((traffic) => [traffic.route, traffic]));
  for (const { rule, host } of ours) {
    const index = denials.findIndex((denial) => denial.rule === rule && denial.host === host);
    const found = denials[index];
    if (found === undefined) continue;
    denied--;
    const traffic = routes.get(found.route);
    if (traffic) routes.set(found.route, { ...traffic, denied: traffic.denied - 1 });
    denials.splice(index, 1, ...(found.times > 1 ? [{ ...found, times: found.times - 1 }] : []));
  }
  const used = [...routes.values()].filter((one) => one.requests + one.denied + one.failed > 0);
  return { ...facts, denied, denials, routes: used };
}

/** One write at a time keeps the order; whole lines or none keep the file readable. */
function startWriter(file: FileHandle) {
  let left = MAX_FILE_BYTES;
  let size = 0;
  let last = Promise.resolve();
  const append = async (line: Buffer) => {
    try {
      await file.writeFile(line);
      size += line.length;
    } catch (error) {
      // A full disk may have taken a part of it.
      await file.truncate(size);
      throw error;
    }
  };
  return {
    /** After a line that could not be written there are no more. */
    write(text: string): Promise<void> {
      const line = Buffer.from(text);
      left -= line.length;
      if (left >= 0) last = last.then(() => append(line));
      return last;
    },
    cut: () => left < 0,
    async close() {
      await last.catch(() => {});
      await file.close();
    },
  };
}

function startTally() {
  const totals = { allowed: 0, denied: 0, failed: 0 };
  const routes = new Map<string, CountedTraffic>();
  const denials = countEqual<Omit<Denial, 'times'>>();
  const failures = countEqual<Omit<Denial, 'times'>>();
  const findings = countEqual<Finding>();
  const requests: SuperviseRequest[] = [];
  const pushes: GatewayPush[] = [];
  let usage: Omit<GatewayUsage, 'type'> = {
    requests: 0,
    tokens: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    bytes: 0,
  };

  function addDecision(line: GatewayDecision): void {
    totals[line.decision]++;
    for (const found of line.findings) findings.add(found);
    const { rule, route, method, host, port, path, detail } = line;
    if (line.decision === 'denied') denials.add({ rule, route, method, host, port, path, detail });
    if (line.decision === 'failed') failures.add({ rule, route, method, host, port, path, detail });
    if (route === '') return;
    const none = { requests: 0, denied: 0, failed: 0, bytesUp: 0, bytesDown: 0, statuses: {} };
    const traffic: CountedTraffic = routes.get(route) ?? { route, ...none };
    if (line.decision === 'allowed') traffic.requests++;
    else traffic[line.decision]++;
    traffic.bytesUp += line.bytesUp;
    traffic.bytesDown += line.bytesDown;
    if (line.decision === 'allowed' && line.status > 0) {
      traffic.statuses[line.status] = (traffic.statuses[line.status] ?? 0) + 1;
    }
    routes.set(route, traffic);
  }

  return {
    add(line: EgressLine): void {
      if (line.type === 'decision') addDecision(line);
      else if (line.type === 'supervise') {
        if (requests.length < MAX_DISTINCT) requests.push(line);
      } else if (line.type === 'push') {
        if (pushes.length < MAX_DISTINCT) pushes.push(line);
      } else if (line.type === 'usage') {
        const { type: _, ...said } = line;
        usage = said;
      }
    },
    facts: () => ({
      ...totals,
      routes: [...routes.values()],
      denials: denials.list(),
      failures: failures.list(),
      findings: findings.list(),
      requests,
      pushes,
      usage,
    }),
  };
}

/** Counts equal items; what is distinct beyond the first 500 is counted nowhere but in the file. */
function countEqual<T extends object>() {
  const counted = new Map<string, T & { times: number }>();
  return {
    add(item: T): void {
      const key = JSON.stringify(Object.values(item));
      const known = counted.get(key);
      if (known) known.times++;
      else if (counted.size < MAX_DISTINCT) counted.set(key, { ...item, times: 1 });
    },
    list: (): readonly (T & { readonly times: number })[] => [...counted.values()],
  };
}
