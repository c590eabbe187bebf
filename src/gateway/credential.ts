/** The one place where a credential is put in, and where the guest's own ones are taken out. */
import { type Pairs, without } from './header.ts';
import type { GatewayRoute } from './protocol.ts';

const CREDENTIAL_HEADERS = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
];
/** GitHub takes a token as the password of this user. */
const GIT_USER = 'x-access-token';
const CREDENTIAL_PARAMETERS = new Set(['key', 'access_token']);

/** `headers` with the route's credential alone; plain HTTP gets none. */
export function withCredential(
  route: GatewayRoute,
  scheme: 'http' | 'https',
  headers: Pairs,
): Pairs {
  const { auth } = route;
  if (auth === undefined) return headers;
  const header = auth.header.toLowerCase();
  const removed = new Set([...CREDENTIAL_HEADERS, header]);
  const rest = without(headers, removed);
  if (scheme === 'http') return rest;
  return [...rest, [header, headerValue(auth)]];
}

function headerValue({ scheme, value }: NonNullable<GatewayRoute['auth']>): string {
  if (scheme === 'header') return value;
  if (scheme !== 'Basic') return `${scheme} ${value}`;
  return `Basic ${Buffer.from(`${GIT_USER}:${value}`).toString('base64')}`;
}

/** Model vendors also take a key as a parameter: on their routes with a credential it is removed. */
export function withoutKeyParameters(route: GatewayRoute, pathAndQuery: string): string {
  const at = pathAndQuery.indexOf('?');
  if (at < 0 || route.auth === undefined || route.meter === undefined) return pathAndQuery;
  const kept = pathAndQuery
    .slice(at + 1)
    .split('&')
    .filter((parameter) => !CREDENTIAL_PARAMETERS.has(nameOf(parameter)));
  const path = pathAndQuery.slice(0, at);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

function nameOf(parameter: string): string {
  const [name] = new URLSearchParams(parameter).keys();
  return (name ?? '').toLowerCase();
}
