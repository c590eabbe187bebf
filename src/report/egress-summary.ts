/** The summary's part about the gateway: denials first, with the lines that would allow them. */
import { adviseAsked } from './egress-advice.ts';
import type { EgressRecord } from './egress-record.ts';
import { code, fenced } from './guest-text.ts';
import { join, size, table } from './markdown.ts';

const LARGEST = { advice: 8 * 1024, asked: 8 * 1024 };

export function renderEgress(egress: EgressRecord): string {
  const { allowed, denied, failed } = egress;
  if (allowed + denied + failed + egress.asked.length === 0) return '';
  return join([
    `${allowed} requests allowed, ${denied} denied, ${failed} failed; every one is in \`egress.jsonl\` of the artifact.`,
    refusals('Denied', egress.denials),
    refusals('Failed', egress.failures),
    advice(egress),
    findings(egress),
    routes(egress),
    asked(egress),
  ]);
}

function refusals(title: string, list: EgressRecord['denials']): string {
  return table([title, 'Rule', 'Times'], list, ({ method, host, port, path, rule, times }) => {
    const target = `${method} ${host}${port === 0 ? '' : `:${port}`}${path}`.trim();
    return `| ${code(target)} | ${code(rule)} | ${times} |`;
  });
}

function advice({ advice: lines, mode }: EgressRecord): string {
  if (lines === '') return '';
  const learned = 'What this run used and missed, as the routes of its bottle:';
  const missed = 'If the agent should reach what was denied, the bottle needs:';
  const head = mode === 'learn' ? learned : missed;
  return `${head}\n\n${fenced(lines, 'yaml', LARGEST.advice, 'All of it is in `run.json`.')}`;
}

function findings({ findings: list }: EgressRecord): string {
  const columns = ['Found in the traffic', 'Where', 'What became of it', 'Times'];
  return table(columns, list, ({ detector, label, where, action, times }) => {
    return `| ${code(`${detector}: ${label}`)} | ${where} | ${action} | ${times} |`;
  });
}

function routes({ routes: list }: EgressRecord): string {
  const columns = ['Route', 'Requests', 'Up', 'Down', 'Credential'];
  return table(columns, list, ({ route, requests, bytesUp, bytesDown, credential }) => {
    const name = credential === '' ? 'none' : code(credential);
    return `| ${code(route)} | ${requests} | ${size(bytesUp)} | ${size(bytesDown)} | ${name} |`;
  });
}

function asked({ asked: list }: EgressRecord): string {
  if (list.length === 0) return '';
  const entries = list.map(({ tool, fields }) => {
    const lines = Object.entries(fields).map(
      ([name, value]) => `  ${name}: ${JSON.stringify(value)}`,
    );
    return [`${tool}:`, ...lines].join('\n');
  });
  const rest = 'All of it is in `run.json`.';
  const blocks = adviseAsked(list);
  return join([
    'What the agent asked for; nobody was there to grant it:',
    fenced(entries.join('\n'), 'yaml', LARGEST.asked, rest),
    blocks && `To grant the hosts among it:\n\n${fenced(blocks, 'yaml', LARGEST.advice, rest)}`,
  ]);
}
