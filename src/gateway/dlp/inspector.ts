/** Looks for secrets in all that leaves through a route, and for hidden orders in what comes in. */
import { loadTokenRules } from '../../secret/token-pattern.ts';
import type { Finding, GatewayRoute } from '../protocol.ts';
import { canDecode, createDecoder } from './decode.ts';
import type { Detector } from './detector.ts';
import { type Headers, inspectHead, type RequestHead, type SeenHead } from './head.ts';
import { detectSecrets, type SecretIndex } from './known-secret.ts';
import {
  type BodyScan,
  createDecodingScan,
  createScan,
  createWatch,
  DlpDenied,
  refuse,
  type ScanParts,
} from './scan.ts';
import { detectTokens } from './token-detector.ts';
import { watchEntropy, watchInjection } from './warning.ts';

export type Inspector = {
  /**
   * Of a host below a `*.suffix`, whatever else its route has looked for: who is asked for a name
   * reads all of it. Throws DlpDenied.
   */
  name(route: GatewayRoute, host: string): void;
  /**
   * What may go on. Values of headers are redacted where the route says so; what is found in the
   * host, path, query or a header's name is refused in any case. Throws DlpDenied.
   */
  head(route: GatewayRoute, head: RequestHead): Promise<SeenHead>;
  /** Undefined: nothing to look for. Throws DlpDenied for an encoding that it cannot read. */
  outboundBody(route: GatewayRoute, headers: Headers): BodyScan | undefined;
  /** Warns, and alters nothing. */
  inboundBody(route: GatewayRoute, headers: Headers): BodyScan | undefined;
  /** Of one WebSocket message: `push` for each fragment's payload, `end` after the last. */
  frames(route: GatewayRoute, direction: 'outbound' | 'inbound'): BodyScan | undefined;
};

/** `known`: the routes' credentials and all else whose value must not leave. */
export function makeInspector(known: SecretIndex): Inspector {
  // It takes its time, and many a run does not need it.
  const tokens = onceOnly(loadTokenRules);

  function outbound({ dlp }: GatewayRoute, where: Finding['where']): ScanParts {
    const detectors: Detector[] = [];
    if (dlp.outbound.includes('known_secrets'))
      detectors.push(detectSecrets(where === 'host' ? known().host : known().text));
    if (dlp.outbound.includes('token_patterns')) detectors.push(detectTokens(tokens));
    const watchers = dlp.outbound.includes('entropy') ? [watchEntropy()] : [];
    return { where, onMatch: dlp.onMatch, detectors, watchers };
  }

  function inbound({ dlp }: GatewayRoute, where: Finding['where']): ScanParts {
    const watchers = dlp.inbound.length > 0 ? [watchInjection()] : [];
    return { where, onMatch: dlp.onMatch, detectors: [], watchers };
  }

  return {
    name(route, host) {
      // What a route names itself is the plan's word.
      if (host === route.host) return;
      const found = known().host.stream().push(Buffer.from(host, 'latin1'));
      if (found.length === 0) return;
      throw refuse(
        'host',
        found.map(({ label }) => ({ detector: 'known_secrets', label })),
      );
    },
    head: (route, head) => inspectHead(head, (where) => outbound(route, where)),
    outboundBody(route, headers) {
      if (route.dlp.outbound.length === 0) return undefined;
      const encoding = encodingOf(headers);
      if (encoding === '') return createScan(outbound(route, 'body'));
      if (canDecode(encoding))
        return createDecodingScan(() => outbound(route, 'body'), createDecoder(encoding));
      throw new DlpDenied('the body is encoded in a way that cannot be looked into', []);
    },
    inboundBody(route, headers) {
      const encoding = encodingOf(headers);
      if (route.dlp.inbound.length === 0) return undefined;
      if (encoding === '') return createWatch(inbound(route, 'body'));
      if (!canDecode(encoding)) return undefined;
      return createWatch(inbound(route, 'body'), createDecoder(encoding));
    },
    frames(route, direction) {
      if (route.dlp[direction].length === 0) return undefined;
      if (direction === 'inbound') return createWatch(inbound(route, 'frame'));
      return createScan(outbound(route, 'frame'));
    },
  };
}

function onceOnly<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Empty: none. Several are one that nobody knows. */
function encodingOf(headers: Headers): string {
  return headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .join(',');
}
