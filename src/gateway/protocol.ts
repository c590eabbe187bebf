/** What the action and its gateway process say to each other: JSON lines over stdin and stdout. */
import type { CheckFinding } from '../git-check/finding.ts';
import type { CheckRules } from '../git-check/policy.ts';

/** First and only message on stdin. The end of stdin tells the gateway to stop. */
export type GatewayConfig = {
  readonly version: 1;
  /** The unix socket to listen on; must not exist yet. */
  readonly socket: string;
  /** What the relay must say first on each connection; 64 hexadecimal digits. */
  readonly token: string;
  readonly mode: 'enforce' | 'learn';
  readonly routes: readonly GatewayRoute[];
  readonly limits: GatewayLimits;
  /** Values that must not leave, beside the credentials of the routes: the guest's own, the canary. */
  readonly secrets: readonly NamedSecret[];
  /** PEM of certificates that upstreams may be signed by, beside the runner's own store. */
  readonly extraAuthorities: string;
  /** Names that the workflow sends elsewhere, as curl's `--connect-to` does. */
  readonly connectTo: readonly ConnectTo[];
  /** Absent: upstreams are dialled directly. */
  readonly proxy?: UpstreamProxy;
  /** Absent: the guest has no remotes. */
  readonly git?: GitGateConfig;
};

export type NamedSecret = { readonly name: string; readonly value: string };

/** The workflow's word: requests for this name and port go there, be the address private or not. */
export type ConnectTo = {
  readonly host: string;
  readonly port: number;
  /** An IP address. */
  readonly address: string;
  readonly toPort: number;
};

/** The runner's own, by which it reaches the internet. */
export type UpstreamProxy = {
  /** For port 80; absent: directly. */
  readonly http?: ProxyServer;
  /** For all other ports. */
  readonly https?: ProxyServer;
  /** What goes directly: entries of `NO_PROXY`, in lower case. */
  readonly except: readonly string[];
};

export type ProxyServer = {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** `Basic …`; empty: none. */
  readonly authorization: string;
};

export type GatewayLimits = {
  /** Null: no limit. Model tokens of all kinds; requests to model routes; bytes both ways. */
  readonly tokens: number | null;
  readonly requests: number | null;
  readonly bytes: number | null;
};

/** A route as the plan has it: what may be reached, without any secret. */
export type RouteRule = {
  /** Lower-case ASCII: an exact name, or `*.suffix` for every name below. */
  readonly host: string;
  readonly ports: readonly number[];
  /** `tunnel`: TLS stays closed and only the names are compared. `open`: the gateway reads it. */
  readonly tls: 'tunnel' | 'open';
  /** Kinds of requests that are allowed; empty: all. */
  readonly matches: readonly RouteMatch[];
  readonly dlp: RouteDlp;
  /** The vendor whose usage fields the answers have. */
  readonly meter?: ModelApi;
  /** Requests to GitHub's GraphQL: the mutations that may pass. Absent: not looked at. */
  readonly graphqlMutations?: readonly string[];
  /** Largest total of bytes through this route, both ways. */
  readonly maxBytes?: number;
  readonly auth?: RouteAuth;
  /** Where the route comes from: `.bot-bottle/bottles/dev.md:7`, `preset npm`, `provider claude`. */
  readonly source: string;
};

export type GatewayRoute = Omit<RouteRule, 'auth'> & {
  readonly auth?: RouteAuth & { readonly value: string };
};

export type RouteAuth = {
  /**
   * `Authorization: Bearer …`, `Authorization: token …`, or the value alone in `header`. `Basic`:
   * the value is the password of the user `x-access-token`, which is how git asks GitHub.
   */
  readonly scheme: 'Bearer' | 'token' | 'header' | 'Basic';
  /** Lower case; `authorization` for all schemes but `header`. */
  readonly header: string;
  /** The name of the step's variable that holds it: all that the audit ever says. */
  readonly name: string;
};

export type ModelApi = 'anthropic' | 'openai' | 'gemini';

/** All parts that are there must fit; one `paths` and one `methods` is enough, of `headers` all. */
export type RouteMatch = {
  readonly paths?: readonly {
    readonly type: 'exact' | 'prefix' | 'regex';
    readonly value: string;
  }[];
  readonly methods?: readonly string[];
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
};

export type RouteDlp = {
  readonly outbound: readonly ('token_patterns' | 'known_secrets' | 'entropy')[];
  readonly inbound: readonly 'naive_injection_detection'[];
  readonly onMatch: 'block' | 'redact';
};

/** What stands behind `/git/<name>`, and what a push to it has to be like. */
export type GitGateConfig = {
  /** git itself. */
  readonly program: string;
  /** For git to find `sh`, `ssh` and its own programs. */
  readonly path: string;
  /** Where the repositories are made; does not exist yet. */
  readonly directory: string;
  readonly rules: CheckRules;
  readonly repositories: readonly GitRepository[];
};

export type GitRepository = {
  readonly name: string;
  /** Of the upstream: `https://…`, `ssh://…` or `user@host:path`. */
  readonly url: string;
  readonly access: GitAccess;
  /** `record`: kept on the runner; the upstream hears nothing of it. */
  readonly push: 'forward' | 'record' | 'refuse';
  /** May a push take commits away? */
  readonly allowForce: boolean;
  /** Globs of the refs that a push may write; `*` stops at a slash, `**` does not. */
  readonly refs: readonly string[];
  /** A clone of it on the runner, so that not all has to be fetched. */
  readonly seed?: GitSeed;
};

export type GitAccess =
  | { readonly kind: 'none' }
  /** Password of the user `x-access-token`, over https. `name`: all that the audit ever says. */
  | { readonly kind: 'token'; readonly name: string; readonly value: string }
  /** `key`: a file. `hostKey`: as in known_hosts, after the host. */
  | { readonly kind: 'ssh'; readonly key: string; readonly hostKey: string };

export type GitSeed = {
  /** A directory: where its objects are. */
  readonly objects: string;
  /** The list of commits whose parents are not there; need not exist. */
  readonly shallow: string;
  /** The commit that the guest's work begins at. */
  readonly commit: string;
};

/** Messages on stdout, one JSON object a line. */
export type GatewayMessage =
  /** `certificate`: PEM of the run's authority; empty when no route is opened. */
  | { readonly type: 'ready'; readonly version: 1; readonly certificate: string }
  | { readonly type: 'failed'; readonly message: string }
  | GatewayDecision
  | GatewayUsage
  | GatewayLimit
  | SuperviseRequest
  | GatewayPush;

/** Why a request was refused; the guest reads it as `X-Bottle-Denied`. */
export const DENIAL_RULES = [
  /** The relay's handshake was wrong or missing. */
  'handshake',
  /** Not HTTP, or HTTP that two readers could read in two ways. */
  'malformed',
  /** Headers too large, or too slow to arrive. */
  'oversize',
  'timeout',
  /** The host is named by an address, in whatever notation. */
  'ip-literal',
  'no-route',
  'port',
  /** The route has `matches` and none fits. */
  'no-match',
  /** Host, absolute address, CONNECT target and SNI differ. */
  'name-mismatch',
  'no-sni',
  /** TLS that hides its name from us, or is no TLS. */
  'not-tls',
  'encrypted-hello',
  /** The name leads to an address that no bottle may reach. */
  'private-address',
  'dlp',
  'graphql',
  'limit-tokens',
  'limit-requests',
  'limit-bytes',
  /** Too many connections at once. */
  'busy',
  /** The rest are not ours: the upstream could not be reached or did not hold up. */
  'upstream-dns',
  'upstream-connect',
  'upstream-tls',
  'upstream-timeout',
  'upstream-reset',
  /** It answered, and would not: no such repository, no right to it, or elsewhere. */
  'upstream-refused',
  /** A fault of the gateway's own. */
  'internal',
] as const;

export type DenialRule = (typeof DENIAL_RULES)[number];

/** One request, or one tunnel, and what became of it. Never a secret, never a query, never a body. */
export type GatewayDecision = {
  readonly type: 'decision';
  /** ISO 8601: when it began. */
  readonly time: string;
  /** `failed`: allowed, but the upstream did not answer. */
  readonly decision: 'allowed' | 'denied' | 'failed';
  /** Why it was denied or failed; `route` when it was allowed. */
  readonly rule: DenialRule | 'route';
  /** One sentence for a person; empty when allowed. */
  readonly detail: string;
  /** `host` of the route that fits; empty: none. */
  readonly route: string;
  /** `CONNECT` for a tunnel; empty when none could be read. */
  readonly method: string;
  /** As normalised; printable ASCII, at most 253 characters; empty when none could be read. */
  readonly host: string;
  readonly port: number;
  /** Without its query, printable ASCII, at most 512 characters; empty for a tunnel. */
  readonly path: string;
  /** The answer's status; 0 for a tunnel. */
  readonly status: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly milliseconds: number;
  /** Name of the credential that was put in; empty: none. */
  readonly credential: string;
  /** What the detectors saw, by detector and label; `redacted`: it went on without them. */
  readonly findings: readonly Finding[];
};

export type Finding = {
  readonly detector: 'token_patterns' | 'known_secrets' | 'entropy' | 'naive_injection_detection';
  /** Name of the secret or of the rule; never the value. */
  readonly label: string;
  readonly where: 'host' | 'path' | 'query' | 'header' | 'body' | 'frame';
  readonly action: 'blocked' | 'redacted' | 'warned';
};

/** Totals so far, after each answer of a model route. */
export type GatewayUsage = {
  readonly type: 'usage';
  readonly requests: number;
  readonly tokens: TokenCount;
  /** How many of the tokens no usage field named: reckoned from bytes. Absent: none. */
  readonly reckoned?: number;
  readonly bytes: number;
};

export type TokenCount = {
  /** Without what came from the cache. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
};

export type GatewayLimit = {
  readonly type: 'limit';
  readonly limit: 'tokens' | 'requests' | 'bytes';
  /** `near`: 80 % are used. `reached`: a request was refused or cut because of it. */
  readonly level: 'near' | 'reached';
  readonly used: number;
  readonly allowed: number;
  /** Of one route, where the limit is its own; empty: of the run. */
  readonly route: string;
};

/** What the agent asked for through the supervise tools. Hostile text, at most 4,096 characters each. */
export type SuperviseRequest = {
  readonly type: 'supervise';
  readonly time: string;
  readonly tool: 'request_egress' | 'request_capability' | 'report_status';
  readonly fields: Readonly<Record<string, string>>;
};

/** One push of the guest through the gate, and what became of it: all of its refs, or none. */
export type GatewayPush = {
  readonly type: 'push';
  /** When all of it had arrived. */
  readonly time: string;
  /** By its name in the manifest. */
  readonly repository: string;
  readonly verdict: 'forwarded' | 'recorded' | 'refused';
  readonly refs: readonly PushedRef[];
  /** At most 50. */
  readonly findings: readonly CheckFinding[];
  /** One sentence; empty unless refused. */
  readonly detail: string;
};

export type PushedRef = {
  /** Its whole name. */
  readonly ref: string;
  /** Object ids; zeros: it is made, or deleted. */
  readonly old: string;
  readonly new: string;
};
