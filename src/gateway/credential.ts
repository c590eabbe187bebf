/** The one place where a credential is put in, and where the guest's own ones are taken out. */
import { type Pairs, without } from './header.ts';
import type { GatewayRoute } from './protocol.ts';

const CREDENTIAL_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-auth-token',
  'x-access-token',
  'private-token',
  'job-token',
];
/** GitHub takes a token as the password of this user. */
const GIT_USER = 'x-access-token';
const TOKEN_PARAMETERS = ['access_token', 'private_token', 'job_token'];
/** Of model vendors; anywhere else it may be the name of a thing. */
const KEY_PARAMETERS = ['key', 'api_key', 'api-key'];

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

/** Where a credential is put in, the guest's own is not to come as a parameter either. */
export function withoutKeyParameters(route: GatewayRoute, pathAndQuery: string): string {
  const at = pathAndQuery.indexOf('?');
  if (at < 0 || route.auth === undefined) return pathAndQuery;
  const names = [...TOKEN_PARAMETERS, ...(route.meter === undefined ? [] : KEY_PARAMETERS)];
  const kept = pathAndQuery
    .slice(at + 1)
    .split('&')
    .filter((parameter) => !names.includes(nameOf(parameter)));
  const path = pathAndQuery.slice(0, at);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

function nameOf(parameter: string): string {
  const [name] = new URLSearchParams(parameter).keys();
  return (name ?? '').toLowerCase();
}
