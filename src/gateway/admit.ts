/** Judges a request by its route and makes of it what may go upstream. */
import type { Entry } from './audit.ts';
import { withCredential, withoutKeyParameters } from './credential.ts';
import { Denied } from './denied.ts';
import { entityOf, isGraphql, readGraphql } from './entity.ts';
import type { Admitted } from './forward.ts';
import type { Guest } from './guest.ts';
import { valuesOf } from './header.ts';
import type { Origin } from './origin.ts';
import { normalisePath } from './path.ts';
import { matchRequest } from './route-table.ts';
import type { Services } from './services.ts';

/** What the guest asked for, once the target of its request is understood. */
export type Asked = { readonly origin: Origin; readonly pathAndQuery: string };

type Asking = Asked & {
  readonly services: Services;
  readonly guest: Guest;
  readonly entry: Entry;
};

/** They would show the guest the credential that was put in. */
const TELLING_METHODS = ['TRACE', 'TRACK', 'CONNECT'];
/** Of RTSP and ICE, which Node's parser takes as well and does not tell from HTTP. */
const FOREIGN_METHODS = [
  ...['ANNOUNCE', 'DESCRIBE', 'FLUSH', 'GET_PARAMETER', 'PAUSE', 'PLAY', 'RECORD', 'REDIRECT'],
  ...['SET_PARAMETER', 'SETUP', 'SOURCE', 'TEARDOWN'],
];
const REFUSED_METHODS = new Set([...TELLING_METHODS, ...FOREIGN_METHODS]);

/** @throws {Denied} `malformed`, `no-match`, `graphql`, `limit-…`, `dlp` */
export async function admit(asking: Asking): Promise<Admitted> {
  const { services, guest, entry, origin } = asking;
  const { route, host } = origin;
  entry.route = route.host;
  checkForm(guest);
  const { path, query } = normalisePath(asking.pathAndQuery);
  entry.path = path;
  matchRequest(route, { method: guest.method, path, headers: guest.headers });
  const { graphqlMutations } = route;
  const entity =
    graphqlMutations !== undefined && isGraphql(path)
      ? await readGraphql(guest, graphqlMutations, query)
      : entityOf(guest);
  services.meter.admit(route);

  const head = { host, pathAndQuery: asking.pathAndQuery, headers: entity.headers };
  const isInspected = route.dlp.outbound.length > 0;
  const seen = isInspected ? await services.inspector.head(route, head) : { ...head, findings: [] };
  entry.findings = seen.findings;
  const scan = guest.hasBody ? services.inspector.outboundBody(route, seen.headers) : undefined;
  const headers = withCredential(route, origin.scheme, seen.headers);
  if (route.auth !== undefined && origin.scheme === 'https') entry.credential = route.auth.name;
  return {
    services,
    guest,
    entry,
    origin,
    path,
    body: entity.body,
    scan,
    request: {
      method: guest.method,
      pathAndQuery: withoutKeyParameters(route, seen.pathAndQuery),
      headers,
      hasBody: guest.hasBody,
    },
  };
}

/** @throws {Denied} `malformed` */
function checkForm({ method, headers }: Guest): void {
  if (REFUSED_METHODS.has(method)) {
    throw new Denied('malformed', 'this method is not passed on');
  }
  const codings = valuesOf(headers, 'transfer-encoding');
  if (codings.some((coding) => coding.toLowerCase() !== 'chunked')) {
    throw new Denied('malformed', 'the only transfer coding is chunked');
  }
  // With a zero before it, some would read it as octal.
  const lengths = valuesOf(headers, 'content-length');
  if (lengths.some((length) => !/^(?:0|[1-9][0-9]*)$/.test(length))) {
    throw new Denied('malformed', 'the length of the body is not written as a plain number');
  }
}
