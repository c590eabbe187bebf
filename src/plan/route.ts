/** A route of the manifest as the gateway's rule: what it leaves out is decided here. */
import type { RouteDlp, RouteMatch, RouteRule } from '../gateway/protocol.ts';
import type { ResolvedBottle, Selected } from '../manifest/manifest.ts';
import { type Opening, PLACEHOLDER } from './opening.ts';
import { meterOf } from './vendor.ts';

export type ManifestRoute = NonNullable<NonNullable<ResolvedBottle['egress']>['routes']>[number];

/** What one route says and another may leave to the defaults. */
type Parts = Partial<RouteRule> & Pick<RouteRule, 'host' | 'source'>;

const USUAL_PORTS: readonly number[] = [443, 80];

/** Where nothing is said about it, this is done with whatever the gateway reads anyway. */
export const USUAL_DLP: RouteDlp = {
  outbound: ['token_patterns', 'known_secrets'],
  inbound: [],
  onMatch: 'block',
};

/** TLS stays closed unless something asks the gateway to read or to write inside it. */
export function makeRule(parts: Parts): RouteRule {
  const { auth, meter, graphqlMutations, matches = [], dlp } = parts;
  const inspected = dlp !== undefined && dlp.outbound.length + dlp.inbound.length > 0;
  const opened = auth ?? meter ?? graphqlMutations ?? (matches.length > 0 || inspected);
  return {
    ports: USUAL_PORTS,
    ...parts,
    matches,
    dlp: dlp ?? USUAL_DLP,
    tls: opened ? 'open' : 'tunnel',
  };
}

/** The routes of a list that stands at `path`. */
export function openRoutes(
  routes: readonly ManifestRoute[],
  path: readonly string[],
  sourceOf: Selected['source'],
): readonly Opening[] {
  return routes.map((route, index) => {
    const rule = ruleOf(route, sourceOf([...path, index, 'host']));
    if (route.auth === undefined) return { rule };
    const source = sourceOf([...path, index, 'auth', 'token_ref']);
    const placeholders = { [route.auth.token_ref]: PLACEHOLDER };
    return { rule, credential: { use: `route ${route.host}`, source, placeholders } };
  });
}

function ruleOf(route: ManifestRoute, source: string): RouteRule {
  const { host, ports, matches = [], auth, dlp, max_bytes: maxBytes } = route;
  const meter = meterOf(host);
  return makeRule({
    host,
    source,
    matches: matches.map(matchOf),
    ...(ports && { ports }),
    ...(auth && { auth: authOf(auth) }),
    ...(dlp && { dlp: dlpOf(dlp) }),
    ...(meter && { meter }),
    ...(maxBytes && { maxBytes }),
  });
}

function matchOf({ paths, methods, headers }: NonNullable<ManifestRoute['matches']>[number]) {
  const match: RouteMatch = {
    ...(paths && { paths }),
    ...(methods && { methods }),
    ...(headers && { headers }),
  };
  return match;
}

function dlpOf(dlp: NonNullable<ManifestRoute['dlp']>): RouteDlp {
  const { outbound_detectors, inbound_detectors, outbound_on_match } = dlp;
  return {
    outbound: outbound_detectors === false ? [] : (outbound_detectors ?? USUAL_DLP.outbound),
    inbound: inbound_detectors === false ? [] : (inbound_detectors ?? USUAL_DLP.inbound),
    onMatch: outbound_on_match ?? USUAL_DLP.onMatch,
  };
}

function authOf({ scheme, header, token_ref }: NonNullable<ManifestRoute['auth']>) {
  return { scheme, header: header?.toLowerCase() ?? 'authorization', name: token_ref };
}
