/** What was used up, side by side: as the gateway counted it, and as the agent says. */
import { counted, grouped, totalTokens } from './figure.ts';
import { type Block, code, say, type Text, table } from './page.ts';
import type { RunRecord } from './record.ts';

/** Tools that are named on the page. */
const MOST_TOOLS = 12;

const KINDS = [
  ['input', 'Input'],
  ['cacheRead', 'Read from the cache'],
  ['cacheWrite', 'Written to the cache'],
  ['output', 'Output'],
] as const;

export function usageBlocks(record: RunRecord): Block[] {
  const words = factsOf(record.agent);
  return [...(words.length === 0 ? [] : [say(...words)]), ...tokenTable(record)];
}

/** Nothing where the agent counts nothing: the gateway's count is among the limits. */
function tokenTable({ agent, usage }: RunRecord): Block[] {
  const { tokens } = agent;
  if (tokens === null) return [];
  const rows: (readonly [string, string, string])[] = [
    ...KINDS.map(
      ([kind, name]) => [name, grouped(usage.tokens[kind]), grouped(tokens[kind])] as const,
    ),
    ['All', grouped(totalTokens(usage)), grouped(totalTokens({ tokens }))],
  ];
  if (usage.costUsd !== null || agent.costUsd !== null) {
    rows.push(['Cost', dollars(usage.costUsd), dollars(agent.costUsd)]);
  }
  const columns = ['Tokens', 'By the gateway', 'By the agent'];
  return table('Tokens, as counted and as told', columns, rows, (row) => row.map((cell) => [cell]));
}

function dollars(cost: number | null): string {
  return cost === null ? 'not known' : `$${cost.toFixed(4)}`;
}

function factsOf({ model, version, turns, tools, denied }: RunRecord['agent']): Text {
  const byCalls = [...tools].sort((one, other) => other.calls - one.calls).slice(0, MOST_TOOLS);
  const facts: Text[] = [
    ...(model === '' ? [] : [['model ', code(model)]]),
    ...(version === '' ? [] : [['version ', code(version)]]),
    ...(turns === 0 ? [] : [[counted(turns, 'turn')]]),
    ...byCalls.map(({ name, calls }) => [code(name), ` ${counted(calls, 'call')}`]),
    ...denied.slice(0, MOST_TOOLS).map((name) => ['refused: ', code(name)]),
  ];
  const apart = facts.flatMap((fact, index) => (index === 0 ? [...fact] : [' · ', ...fact]));
  return apart.length === 0 ? [] : ['The agent says: ', ...apart];
}
