/** Looks for secrets in all that leaves through a route, and for hidden orders in what comes in. */
import type { Matcher } from '../../secret/matcher.ts';
import { loadTokenRules } from '../../secret/token-pattern.ts';
import type { Finding, GatewayRoute } from '../protocol.ts';
import { canDecode, createDecoder } from './decode.ts';
import type { Detector } from './detector.ts';
import { type Headers, inspectHead, type RequestHead, type SeenHead } from './head.ts';
import { detectSecrets, indexReflection, type SecretIndex } from './known-secret.ts';
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
  /**
   * Of an answer: the credential that went out with its request must not come in by it, so that is
   * redacted. Of all else it warns, and alters nothing.
   */
  inboundHeaders(route: GatewayRoute, headers: Headers): Headers;
  /** Throws DlpDenied where the credential stands in an encoded body, or could. */
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

  const reflected = reflections();

  function inbound(route: GatewayRoute, where: Finding['where']): ScanParts {
    const watchers = route.dlp.inbound.length > 0 ? [watchInjection()] : [];
    const own = reflected(route);
    const detectors = own === undefined ? [] : [detectSecrets(own)];
    return { where, onMatch: 'redact', detectors, watchers };
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
    inboundHeaders(route, headers) {
      const own = reflected(route);
      return own === undefined ? headers : maskValues(headers, own);
    },
    inboundBody(route, headers) {
      if (route.auth === undefined && route.dlp.inbound.length === 0) return undefined;
      const encoding = encodingOf(headers);
      const parts = () => inbound(route, 'body');
      if (encoding === '') return createScan(parts());
      if (route.auth === undefined)
        return canDecode(encoding) ? createWatch(parts(), createDecoder(encoding)) : undefined;
      if (canDecode(encoding)) return createDecodingScan(parts, createDecoder(encoding));
      throw new DlpDenied('the answer is encoded in a way that cannot be looked into', []);
    },
    frames(route, direction) {
      if (direction === 'outbound')
        return route.dlp.outbound.length === 0 ? undefined : createScan(outbound(route, 'frame'));
      const isPlain = route.auth === undefined && route.dlp.inbound.length === 0;
      return isPlain ? undefined : createScan(inbound(route, 'frame'));
    },
  };
}

/** By route: what finds its own credential. An upstream can only reflect what it was sent. */
function reflections(): (route: GatewayRoute) => Matcher | undefined {
  const made = new WeakMap<GatewayRoute, Matcher>();
  return (route) => {
    if (route.auth === undefined) return undefined;
    const known = made.get(route) ?? indexReflection(route.auth);
    made.set(route, known);
    return known;
  };
}

function maskValues(headers: Headers, matcher: Matcher): Headers {
  return headers.map(([name, value]) => {
    const bytes = Buffer.from(value, 'latin1');
    for (const { start, end } of matcher.stream().push(bytes)) bytes.fill('*', start, end);
    return [name, bytes.toString('latin1')] as const;
  });
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
