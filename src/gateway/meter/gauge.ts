/** One limit: what is used of it, and the messages that go out as it fills. */
import { Denied } from '../denied.ts';
import type { GatewayLimit } from '../protocol.ts';

export type Gauge = {
  used(): number;
  add(amount: number): void;
  /** Throws Denied when as much as allowed is used: nothing new may start. */
  refuseWhenFull(): void;
  /** Throws Denied when more than allowed is used: what runs must be cut. */
  refuseWhenOver(): void;
};

export type GaugeLimit = {
  readonly limit: GatewayLimit['limit'];
  /** Null: only counted. */
  readonly allowed: number | null;
  /** Host of the route that it belongs to; empty: the run. */
  readonly route: string;
};

const NEAR = 0.8;

export function makeGauge(limit: GaugeLimit, send: (message: GatewayLimit) => void): Gauge {
  const allowed = limit.allowed ?? Number.POSITIVE_INFINITY;
  const told = new Set<GatewayLimit['level']>();
  let used = 0;

  const tell = (level: GatewayLimit['level']): void => {
    if (told.has(level)) return;
    told.add(level);
    send({ type: 'limit', limit: limit.limit, level, used, allowed, route: limit.route });
  };
  const refuse = (): never => {
    tell('reached');
    throw new Denied(`limit-${limit.limit}`, sentence(limit, used));
  };
  return {
    used: () => used,
    add(amount) {
      used += amount;
      if (used >= allowed * NEAR) tell('near');
    },
    refuseWhenFull() {
      if (used >= allowed) refuse();
    },
    refuseWhenOver() {
      if (used > allowed) refuse();
    },
  };
}

function sentence({ limit, allowed, route }: GaugeLimit, used: number): string {
  const whose = route === '' ? 'the run' : `the route ${route}`;
  const end = route === '' ? 'so the run ends here' : 'so nothing more passes through it';
  return `The limit of ${allowed} ${limit} for ${whose} is reached (${used} are used), ${end}.`;
}
