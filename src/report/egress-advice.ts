/** The manifest's lines that would allow what was denied: to be read, judged and pasted by a person. */
import type { Denial, EgressFacts } from '../gateway/egress-log.ts';
import type { Plan } from '../plan/plan.ts';

type Wanted = { readonly ports: Set<number>; readonly matches: Map<string, Set<string>> };

/** Only these are a matter of the manifest; what the other rules refuse, no route allows. */
const OPENABLE: readonly Denial['rule'][] = ['no-route', 'port', 'no-match'];
const USUAL_PORTS = [80, 443];
const MOST_HOSTS = 50;

/**
 * YAML for a bottle, empty when there is nothing to say. In learn mode: the routes that the run
 * used and those that it missed, so that nothing else stays open. Else: what it missed.
 */
export function adviseRoutes(egress: EgressFacts, reach: Plan['reach']): string {
  const learning = reach.mode.value === 'learn';
  const wanted = new Map<string, Wanted>();
  const used = learning ? egress.routes.filter(({ requests }) => requests > 0) : [];
  for (const { route } of used) want(wanted, route);
  for (const denial of egress.denials) {
    if (!OPENABLE.includes(denial.rule) || !isHost(denial.host)) continue;
    addDenial(want(wanted, denial.host), denial);
  }
  return routesYaml(wanted);
}

/** The same for the hosts that the agent asked for with `request_egress`. */
export function adviseAsked(
  asked: readonly { readonly tool: string; readonly fields: Readonly<Record<string, string>> }[],
): string {
  const wanted = new Map<string, Wanted>();
  for (const { tool, fields } of asked) {
    const host = fields.host?.toLowerCase() ?? '';
    if (tool === 'request_egress' && isHost(host)) want(wanted, host);
  }
  return routesYaml(wanted);
}

function routesYaml(wanted: ReadonlyMap<string, Wanted>): string {
  if (wanted.size === 0) return '';
  const routes = [...wanted].slice(0, MOST_HOSTS).map(([host, parts]) => routeLines(host, parts));
  return ['egress:', '  routes:', ...routes.flat(), ''].join('\n');
}

function want(wanted: Map<string, Wanted>, host: string): Wanted {
  const known = wanted.get(host) ?? { ports: new Set(), matches: new Map() };
  wanted.set(host, known);
  return known;
}

function addDenial({ ports, matches }: Wanted, { rule, port, method, path }: Denial): void {
  if (!USUAL_PORTS.includes(port)) ports.add(port);
  if (rule !== 'no-match') return;
  const paths = matches.get(method) ?? new Set();
  matches.set(method, paths.add(path));
}

function routeLines(host: string, { ports, matches }: Wanted): string[] {
  const all = [...ports].sort((a, b) => a - b);
  return [
    `    - host: ${quoted(host)}`,
    ...(all.length > 0 ? [`      ports: [${[...USUAL_PORTS, ...all].join(', ')}]`] : []),
    ...(matches.size > 0 ? ['      matches:'] : []),
    ...[...matches].flatMap(([method, paths]) => [
      `        - methods: [${quoted(method)}]`,
      '          paths:',
      ...[...paths].map((path) => `            - { type: exact, value: ${quoted(path)} }`),
    ]),
  ];
}

/** The guest chose these words: JSON's string is a YAML string in which nothing is read. */
function quoted(text: string): string {
  return /^[a-z][a-z0-9.-]*$/i.test(text) ? text : JSON.stringify(text);
}

function isHost(host: string): boolean {
  return /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_-]+$/.test(host) && host.includes('.');
}
