/** Finds the route for a host, and says whether a request fits it. */
import { Denied } from './denied.ts';
import type { Target } from './name.ts';
import { normaliseEscapes } from './path.ts';
import type { GatewayRoute, RouteMatch } from './protocol.ts';

export type RouteTable = {
  /** @throws {Denied} `no-route` or `port`. */
  find(target: Target): GatewayRoute;
};

/** What the rules see of a request; `path` as `normalisePath` gives it. */
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
};

type Match = {
  readonly paths?: readonly ((path: string) => boolean)[];
  readonly methods?: ReadonlySet<string>;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
};

/** A few `.*` in one expression take the power of that of steps: longer paths are not tried. */
const MAX_REGEX_PATH_LENGTH = 2048;
const ENCODED_SLASH = '%2F';
/** What a manifest may write as it is and a request may not. */
const UNESCAPED = /[^\x21-\x7e]+/g;

/** They tell some servers to take another method or path than the one that was judged. */
const OVERRIDES = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
]);

const compiled = new WeakMap<GatewayRoute, readonly Match[]>();

/**
 * An exact host beats a suffix, a longer suffix a shorter one. A host has one route; were there two,
 * the first counts.
 */
export function compileRoutes(routes: readonly GatewayRoute[]): RouteTable {
  const byHost = new Map(routes.toReversed().map((route) => [route.host, route]));
  return {
    find({ host, port }) {
      const route = byHost.get(host) ?? findSuffix(byHost, host);
      if (!route) throw new Denied('no-route', `no route allows ${host}`);
      if (!route.ports.includes(port)) {
        throw new Denied('port', `the route for ${route.host} does not allow port ${port}`);
      }
      return route;
    },
  };
}

function findSuffix(
  byHost: ReadonlyMap<string, GatewayRoute>,
  host: string,
): GatewayRoute | undefined {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const route = byHost.get(`*${host.slice(dot)}`);
    if (route) return route;
  }
  return undefined;
}

/** @throws {Denied} `no-match`, or `malformed` where it is an escaped slash that keeps it from fitting. */
export function matchRequest(route: GatewayRoute, request: SeenRequest): void {
  if (route.matches.length === 0) return;
  const matches = compiled.get(route) ?? route.matches.map(compileMatch);
  compiled.set(route, matches);
  if (request.headers.some(([name]) => OVERRIDES.has(name.toLowerCase()))) {
    throw new Denied('no-match', 'a header may tell the upstream another method or path');
  }
  if (matches.some((match) => fits(match, request))) return;
  if (request.path.includes(ENCODED_SLASH) && matches.some(({ paths }) => paths)) {
    throw new Denied('malformed', 'the path has an escaped slash, and the route names paths');
  }
  throw new Denied('no-match', `the route for ${route.host} does not allow this request`);
}

function fits({ paths, methods, headers }: Match, request: SeenRequest): boolean {
  return (
    (!methods || methods.has(request.method)) &&
    (!paths || paths.some((fitsPath) => fitsPath(request.path))) &&
    headers.every((wanted) => hasHeader(request, wanted))
  );
}

/** All of that name: which of two the upstream reads is not known here. */
function hasHeader({ headers }: SeenRequest, wanted: { name: string; value: string }): boolean {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted.name);
  return values.length > 0 && values.every(([, value]) => value === wanted.value);
}

function compileMatch({ paths, methods, headers = [] }: RouteMatch): Match {
  return {
    ...(paths && { paths: paths.map(compilePath) }),
    ...(methods && { methods: new Set(methods) }),
    headers: headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
  };
}

/** As the Gateway API has them: a prefix ends where a segment does. */
function compilePath({ type, value }: NonNullable<RouteMatch['paths']>[number]) {
  if (type === 'regex') return compileRegex(value);
  const wanted = normaliseEscapes(value.toWellFormed().replace(UNESCAPED, encodeURIComponent));
  if (type === 'exact') return (path: string) => path === wanted;
  const prefix = wanted.replace(/\/$/, '');
  return (path: string) => {
    const rest = path.slice(prefix.length);
    return path.startsWith(prefix) && /^(?:\/|$)/.test(rest) && !rest.includes(ENCODED_SLASH);
  };
}

function compileRegex(value: string): (path: string) => boolean {
  const regex = new RegExp(`^(?:${value})$`, 'u');
  const knowsSlash = value.toUpperCase().includes(ENCODED_SLASH);
  return (path) =>
    path.length <= MAX_REGEX_PATH_LENGTH &&
    (knowsSlash || !path.includes(ENCODED_SLASH)) &&
    regex.test(path);
}
