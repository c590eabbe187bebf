/** The manifest's lines that would allow what was denied: to be read, judged and pasted by a person. */
import type { Denial, EgressFacts } from '../gateway/egress-log.ts';
import type { RouteMatch, RouteRule } from '../gateway/protocol.ts';
import type { Plan } from '../plan/plan.ts';

type Wanted = {
  readonly ports: Set<number>;
  /** Paths by methods, one a line. */
  readonly matches: Map<string, Set<string>>;
  /** The route as it is: what it says already stays. */
  readonly known: RouteRule | undefined;
};

type Advice = { readonly presets: Set<string>; readonly routes: Map<string, Wanted> };

/** Only these are a matter of the manifest; what the other rules refuse, no route allows. */
const OPENABLE: readonly Denial['rule'][] = ['no-route', 'port', 'no-match'];
const USUAL_PORTS = [80, 443];
const MOST_HOSTS = 50;
/** As a manifest takes it. */
const PATH = /^\/[\x21-\x7e]{0,511}$/;
const METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;

/**
 * YAML for a bottle, empty when there is nothing to say. In learn mode: the presets and routes that
 * the run used and those that it missed, so that nothing else stays open; what comes with the
 * provider comes by itself. Else: what it missed.
 */
export function adviseRoutes(egress: EgressFacts, reach: Plan['reach']): string {
  const advice: Advice = { presets: new Set(), routes: new Map() };
  const routeOf = (host: string) => reach.routes.find((route) => route.host === host);
  if (reach.mode.value === 'learn') {
    for (const { route, requests } of egress.routes) {
      if (requests > 0) addUsed(advice, routeOf(route) ?? route);
    }
  }
  for (const denial of egress.denials) {
    if (!OPENABLE.includes(denial.rule) || !isHost(denial.host)) continue;
    addDenial(want(advice, denial.host, writtenOnly(routeOf(denial.route))), denial);
  }
  return adviceYaml(advice);
}

/** The same for the hosts that the agent asked for with `request_egress`. */
export function adviseAsked(
  asked: readonly { readonly tool: string; readonly fields: Readonly<Record<string, string>> }[],
): string {
  const advice: Advice = { presets: new Set(), routes: new Map() };
  for (const { tool, fields } of asked) {
    const host = fields.host?.toLowerCase() ?? '';
    if (tool === 'request_egress' && isHost(host)) addAsked(want(advice, host), fields);
  }
  return adviceYaml(advice);
}

function addUsed(advice: Advice, used: RouteRule | string): void {
  if (typeof used === 'string') return void want(advice, used);
  const [kind, preset = ''] = used.source.split(' ');
  if (kind === 'preset') advice.presets.add(preset);
  else if (kind !== 'provider') want(advice, used.host, used);
}

/** What a preset or a provider says of a route is nothing to be written down. */
function writtenOnly(route: RouteRule | undefined): RouteRule | undefined {
  return route && /^(?:preset|provider) /.test(route.source) ? undefined : route;
}

function want({ routes }: Advice, host: string, known?: RouteRule): Wanted {
  const wanted = routes.get(host) ?? { ports: new Set(), matches: new Map(), known };
  routes.set(host, wanted);
  return wanted;
}

function addDenial({ ports, matches }: Wanted, { rule, port, method, path }: Denial): void {
  ports.add(port);
  if (rule !== 'no-match') return;
  const paths = matches.get(method) ?? new Set();
  matches.set(method, paths.add(path));
}

/** Lists come as lines. */
function addAsked({ ports, matches }: Wanted, fields: Readonly<Record<string, string>>): void {
  const port = Number(fields.port);
  if (Number.isInteger(port) && port > 0 && port < 65_536) ports.add(port);
  const lines = (text = '') => text.split('\n').filter((line) => line !== '');
  const methods = lines(fields.methods).filter((method) => METHOD.test(method));
  const paths = lines(fields.paths).filter((path) => PATH.test(path));
  if (methods.length + paths.length === 0) return;
  const key = methods.join('\n');
  matches.set(key, new Set([...(matches.get(key) ?? []), ...paths]));
}

function adviceYaml({ presets, routes }: Advice): string {
  if (presets.size + routes.size === 0) return '';
  const all = [...routes].slice(0, MOST_HOSTS).map(([host, parts]) => routeLines(host, parts));
  return [
    'egress:',
    ...(presets.size > 0 ? [`  presets: [${[...presets].join(', ')}]`] : []),
    ...(all.length > 0 ? ['  routes:', ...all.flat()] : []),
    '',
  ].join('\n');
}

function routeLines(host: string, { ports, matches, known }: Wanted): string[] {
  const all = [...new Set([...(known?.ports ?? USUAL_PORTS), ...ports])].sort((a, b) => a - b);
  const isUsual = all.join() === USUAL_PORTS.join();
  const kept = known?.matches ?? [];
  // Where all kinds of requests pass already, the port alone was missing.
  const added = known && kept.length === 0 ? [] : [...matches];
  return [
    `    - host: ${quoted(host)}`,
    ...(isUsual ? [] : [`      ports: [${all.join(', ')}]`]),
    ...keptLines(known),
    ...(kept.length + added.length > 0 ? ['      matches:'] : []),
    ...kept.map((match) => `        - ${JSON.stringify(match satisfies RouteMatch)}`),
    ...added.flatMap(([methods, paths]) => matchLines(methods, [...paths])),
  ];
}

function matchLines(methods: string, paths: readonly string[]): string[] {
  const parts = [
    ...(methods === '' ? [] : [`methods: [${methods.split('\n').map(quoted).join(', ')}]`]),
    ...(paths.length === 0 ? [] : ['paths:']),
  ];
  return [
    ...parts.map((part, at) => `        ${at === 0 ? '-' : ' '} ${part}`),
    ...paths.map((path) => `            - { type: exact, value: ${quoted(path)} }`),
  ];
}

/** JSON is YAML, and whoever wrote the route reads its words again. */
function keptLines(known: RouteRule | undefined): string[] {
  if (known === undefined) return [];
  const { auth, maxBytes, tls, dlp } = known;
  const named = auth && { scheme: auth.scheme, token_ref: auth.name };
  const header = auth?.scheme === 'header' ? { header: auth.header } : {};
  const detectors = (list: readonly string[]) => (list.length === 0 ? false : list);
  const scanned = {
    outbound_detectors: detectors(dlp.outbound),
    inbound_detectors: detectors(dlp.inbound),
    outbound_on_match: dlp.onMatch,
  };
  return [
    ...(named ? [`      auth: ${JSON.stringify({ ...named, ...header })}`] : []),
    ...(tls === 'open' ? [`      dlp: ${JSON.stringify(scanned)}`] : []),
    ...(maxBytes === undefined ? [] : [`      max_bytes: ${maxBytes}`]),
  ];
}

/** The guest chose these words: JSON's string is a YAML string in which nothing is read. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9.-]*$/i.test(text) ? text : JSON.stringify(text);
}

function isHost(host: string): boolean {
  return /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_-]+$/.test(host) && host.includes('.');
}
