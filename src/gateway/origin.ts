/** Where a request goes: a scheme, a name, a port, and the route that allows them. */
import type { GatewayRoute } from './protocol.ts';

export type Origin = {
  readonly scheme: 'http' | 'https';
  /** Normalised. */
  readonly host: string;
  readonly port: number;
  /** What a `Host` field says: the port only where it is not the scheme's own. */
  readonly authority: string;
  readonly route: GatewayRoute;
};

const DEFAULT_PORT = { http: 80, https: 443 };

export function originOf(
  scheme: 'http' | 'https',
  { host, port }: { readonly host: string; readonly port: number },
  route: GatewayRoute,
): Origin {
  const authority = port === DEFAULT_PORT[scheme] ? host : `${host}:${port}`;
  return { scheme, host, port, authority, route };
}
