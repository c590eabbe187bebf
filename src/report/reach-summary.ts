/** The plan's page about reach: every route with what it lets through, and the limits of all. */
import type { RouteMatch, RouteRule } from '../gateway/protocol.ts';
import type { ReachPlan, Sourced } from '../plan/plan.ts';
import { table } from './plan-table.ts';

const COLUMNS = ['host', 'ports', 'TLS', 'credential', 'requests', 'bytes', 'from'];

export function renderReach({ routes, mode, presets, limits }: ReachPlan): string {
  const opened = routes.filter(({ tls }) => tls === 'open').length;
  const counted = `Routes: ${routes.length}, of which the gateway opens ${opened} to read what is said.`;
  return [
    '### Reach',
    routes.length === 0 ? '**Nothing**: no route, so every request is refused.' : counted,
    ...(routes.length === 0 ? [] : [table(COLUMNS, routes.map(routeRow))]),
    table(
      ['egress', 'value', 'from'],
      [
        ['mode', mode.value, mode.source],
        ['presets', presets.value.join(', '), presets.source],
        ['tokens', ...limitCells(limits.tokens)],
        ['requests to models', ...limitCells(limits.requests)],
        ['bytes', ...limitCells(limits.bytes)],
      ],
    ),
  ].join('\n\n');
}

/** So many fit a cell; all of them are in the log. */
const MOST_MATCHES = 5;

function routeRow(rule: RouteRule) {
  const { host, ports, auth, matches, maxBytes, source } = rule;
  const requests = [
    ...(matches.length === 0 ? ['all'] : matches.slice(0, MOST_MATCHES).map(matchText)),
    ...(matches.length > MOST_MATCHES ? [`${matches.length - MOST_MATCHES} more, in the log`] : []),
  ];
  const name = auth === undefined ? '' : `${auth.name} as ${auth.header}`;
  const most = maxBytes === undefined ? '' : String(maxBytes);
  return [host, ports.join(', '), tlsText(rule), name, requests, most, source];
}

/** What it is opened for, in the manifest's words where it has some. */
function tlsText({ tls, auth, matches, meter, graphqlMutations }: RouteRule): string {
  if (tls === 'tunnel') return 'tunnelled';
  const reasons = [
    ...(auth ? ['auth'] : []),
    ...(matches.length > 0 ? ['matches'] : []),
    ...(meter ? ['tokens'] : []),
    ...(graphqlMutations ? ['GraphQL'] : []),
  ];
  return `opened: ${reasons.join(', ') || 'dlp'}`;
}

function matchText({ methods, paths, headers }: RouteMatch): string {
  const ends = { exact: '', prefix: '…', regex: ' (regex)' };
  const parts = [
    methods?.join(' ') ?? '',
    paths?.map(({ type, value }) => `${value}${ends[type]}`).join(' ') ?? '',
    headers?.map(({ name, value }) => `${name}: ${value}`).join(' ') ?? '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function limitCells({ value, source }: Sourced<number | null>): readonly [string, string] {
  return [value === null ? 'no limit' : String(value), source];
}
