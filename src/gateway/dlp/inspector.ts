/** Looks for secrets in all that leaves through a route, and for hidden orders in what comes in. */
import type { Finding, GatewayRoute, NamedSecret } from '../protocol.ts';
import type { BodyScan } from './scan.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

export type RequestHead = {
  /** As it goes upstream: lower case. */
  readonly host: string;
  readonly pathAndQuery: string;
  /** Before a credential is put in. */
  readonly headers: Headers;
};

export type Inspector = {
  /** What may go on, with header values redacted where the route says so. Throws DlpDenied. */
  head(
    route: GatewayRoute,
    head: RequestHead,
  ): Promise<{
    readonly pathAndQuery: string;
    readonly headers: Headers;
    readonly findings: readonly Finding[];
  }>;
  /** Undefined: nothing to look for. Throws DlpDenied for an encoding that it cannot read. */
  outboundBody(route: GatewayRoute, headers: Headers): BodyScan | undefined;
  inboundBody(route: GatewayRoute, headers: Headers): BodyScan | undefined;
  /** Of one WebSocket message: `push` for each fragment's payload, `end` after the last. */
  frames(route: GatewayRoute, direction: 'outbound' | 'inbound'): BodyScan | undefined;
};

/** `secrets`: the routes' credentials and all else whose value must not leave. */
export function makeInspector(_secrets: readonly NamedSecret[]): Inspector {
  return {
    head: async (_route, { pathAndQuery, headers }) => ({ pathAndQuery, headers, findings: [] }),
    outboundBody: () => undefined,
    inboundBody: () => undefined,
    frames: () => undefined,
  };
}
