/** The gateway on the page: denials first, with the lines that would allow them. */
import { adviseAsked } from './egress-advice.ts';
import type { EgressRecord } from './egress-record.ts';
import { counted, deniedHosts, grouped, size } from './figure.ts';
import {
  type Block,
  code,
  codeBlock,
  cut,
  type Section,
  say,
  strong,
  type Text,
  table,
} from './page.ts';

const REST = 'All of it is in run.json of the artifact.';
const YAML = { language: 'yaml', rest: REST };

/** One line of what a maintainer sees first. */
export function reachGlance(egress: EgressRecord): Text {
  const { allowed, denied, failed } = egress;
  if (allowed + denied + failed === 0) return ['nothing was asked for'];
  const hosts = deniedHosts(egress);
  const named = hosts.slice(0, 3).flatMap((host, at) => [at === 0 ? ': ' : ', ', code(host)]);
  const more = hosts.length > 3 ? ` and ${counted(hosts.length - 3, 'more host')}` : '';
  return [
    `${counted(allowed, 'request')} allowed, `,
    denied === 0 ? 'none denied' : strong(`${grouped(denied)} denied`),
    ...named,
    more,
    failed === 0 ? '' : `; ${grouped(failed)} failed`,
  ];
}

export function reachSection(egress: EgressRecord): Section {
  const { allowed, denied, failed } = egress;
  const isEmpty = allowed + denied + failed + egress.asked.length === 0;
  return {
    title: 'Reach',
    brief: isEmpty ? '' : `${counted(denied, 'denial')}, ${counted(allowed, 'request')} allowed`,
    urgent: false,
    blocks: isEmpty
      ? []
      : [
          ...refusals('Denied', 'What was denied', egress.denials),
          ...advice(egress),
          ...refusals('Failed', 'What was allowed and failed', egress.failures),
          ...findings(egress),
          ...routes(egress),
          ...asked(egress),
          say('Every decision is in ', code('egress.jsonl'), ' of the artifact.'),
        ],
  };
}

function refusals(title: string, caption: string, list: EgressRecord['denials']): Block[] {
  return table(caption, [title, 'Rule', 'Times'], list, (refusal) => {
    const { method, host, port, path, rule, times } = refusal;
    const after = port === 0 ? '' : `:${port}`;
    const target = `${cut(method)} ${cut(host)}${after}${cut(path)}`.trim();
    return [[code(target)], [code(rule)], [grouped(times)]];
  });
}

function advice({ advice: lines, mode }: EgressRecord): Block[] {
  if (lines === '') return [];
  const learned = 'What this run used and missed, as the routes of its bottle:';
  const missed = 'If the agent should reach what was denied, the bottle needs:';
  return [say(mode === 'learn' ? learned : missed), ...codeBlock(lines, YAML)];
}

function findings({ findings: list }: EgressRecord): Block[] {
  const columns = ['Found in the traffic', 'Where', 'What became of it', 'Times'];
  return table('What was found in the traffic', columns, list, (finding) => {
    const { detector, label, where, action, times } = finding;
    return [[code(`${detector}: ${label}`)], [code(where)], [action], [grouped(times)]];
  });
}

function routes({ routes: list }: EgressRecord): Block[] {
  const columns = ['Route', 'Requests', 'Denied', 'Up', 'Down', 'Credential'];
  return table('Routes that were used', columns, list, (traffic) => {
    const { route, requests, denied, bytesUp, bytesDown, credential } = traffic;
    return [
      [code(route)],
      [grouped(requests)],
      [grouped(denied)],
      [size(bytesUp)],
      [size(bytesDown)],
      credential === '' ? ['none'] : [code(credential)],
    ];
  });
}

function asked({ asked: list }: EgressRecord): Block[] {
  if (list.length === 0) return [];
  const entries = list.map(({ tool, fields }) => {
    const lines = Object.entries(fields).map(
      ([name, value]) => `  ${name}: ${JSON.stringify(value)}`,
    );
    return [`${tool}:`, ...lines].join('\n');
  });
  const blocks = adviseAsked(list);
  return [
    say('What the agent asked for; nobody was there to grant it:'),
    ...codeBlock(entries.join('\n'), YAML),
    ...(blocks === '' ? [] : [say('To grant the hosts among it:')]),
    ...codeBlock(blocks, YAML),
  ];
}
