/**
 * Counts model requests, tokens and bytes, and refuses what comes after a limit.
 *
 * Tokens are what the vendor's answers say. Where a successful answer says nothing, or is cut before
 * it does, they are reckoned from its bytes and the request's (see meter/usage-tap.ts): a limit that
 * is dodged by not asking for usage, or by hanging up, would be none. An answer is counted when it
 * ends; the tokens of one that is still running can not cut it, its bytes can. What passes through
 * an upgraded connection (OpenAI's Responses over WebSocket) is not read: the proxy refuses such an
 * upgrade on a route that is metered, and clients turn to the event stream.
 */
import type { Pairs } from './header.ts';
import { type Gauge, makeGauge } from './meter/gauge.ts';
import { addTokens, NO_TOKENS, sumTokens } from './meter/token-count.ts';
import { makeUsageTap, type UsageTap } from './meter/usage-tap.ts';
import type {
  GatewayLimit,
  GatewayLimits,
  GatewayRoute,
  GatewayUsage,
  TokenCount,
} from './protocol.ts';

export { finalAnswer } from './meter/final-answer.ts';
export type { UsageTap } from './meter/usage-tap.ts';

export type Meter = {
  /** Call before a request is forwarded. Throws Denied('limit-…'); counts it on a model route. */
  admit(route: GatewayRoute): void;
  /** Bytes that passed since the last call, on any route. Throws Denied('limit-bytes') once over. */
  count(route: GatewayRoute, up: number, down: number): void;
  /**
   * Undefined: no model route. `path`: as the rules see it, without query. `requestBytes`: of the
   * request's body, for the reckoning where the answer brings no usage.
   */
  tap(
    route: GatewayRoute,
    path: string,
    status: number,
    headers: Pairs,
    requestBytes?: number,
  ): UsageTap | undefined;
  used(): MeterReading;
};

export type MeterReading = {
  readonly requests: number;
  readonly bytes: number;
  readonly tokens: TokenCount;
};

/** Routes are known by identity: hand in the same objects later. */
export function makeMeter(
  limits: GatewayLimits,
  routes: readonly GatewayRoute[],
  send: (message: GatewayUsage | GatewayLimit) => void,
): Meter {
  const ofRun = (limit: GatewayLimit['limit']) =>
    makeGauge({ limit, allowed: limits[limit], route: '' }, send);
  const [tokens, requests, bytes] = [ofRun('tokens'), ofRun('requests'), ofRun('bytes')];
  const ofRoute = new Map<GatewayRoute, Gauge>();
  for (const route of routes) {
    if (route.maxBytes === undefined) continue;
    const limit = { limit: 'bytes', allowed: route.maxBytes, route: route.host } as const;
    ofRoute.set(route, makeGauge(limit, send));
  }
  let counted = NO_TOKENS;
  let reckoned = 0;

  const used = () => ({ requests: requests.used(), bytes: bytes.used(), tokens: counted });
  return {
    used,
    admit(route) {
      bytes.refuseWhenFull();
      ofRoute.get(route)?.refuseWhenFull();
      if (route.meter === undefined) return;
      tokens.refuseWhenFull();
      requests.refuseWhenFull();
      requests.add(1);
    },
    count(route, up, down) {
      const own = ofRoute.get(route);
      bytes.add(up + down);
      own?.add(up + down);
      bytes.refuseWhenOver();
      own?.refuseWhenOver();
    },
    tap(route, path, status, headers, requestBytes = 0) {
      if (route.meter === undefined) return undefined;
      return makeUsageTap({ path, status, headers, requestBytes }, (usage) => {
        counted = addTokens(counted, usage.tokens);
        reckoned += usage.reckoned;
        tokens.add(sumTokens(usage.tokens));
        send({ type: 'usage', ...used(), ...(reckoned > 0 && { reckoned }) });
      });
    },
  };
}
