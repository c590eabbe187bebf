/** How each agent's program may speak and end, in a real bottle: outcome, reason, usage, transcript. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProvider, type Provider } from '../../src/agent/provider.ts';
import { type AgentRun, runAgent } from '../../src/agent/run.ts';
import { decideOutcome, type EndingFacts } from '../../src/outcome.ts';
import { makeAgentRecord } from '../../src/report/agent-record.ts';
import { engineHost } from '../machine/engine-host.ts';
import { TOKEN } from '../relay/gateway.ts';
import { ENGINES, type Scene } from '../relay/scene.ts';
import { filesIn, limited, planOf } from './plan.ts';
import { claudeTable } from './vendor/claude.ts';
import { codexTable } from './vendor/codex.ts';
import { COMMAND_EXIT_CODES, commandTable } from './vendor/command.ts';
import { geminiTable } from './vendor/gemini.ts';
import { opencodeTable } from './vendor/opencode.ts';
import { SCENARIOS, type VendorCase, type VendorTable } from './vendor/scenario.ts';

type Template = Provider['template'];

const TABLES: readonly (readonly [Template, VendorTable])[] = [
  ['claude', claudeTable],
  ['codex', codexTable],
  ['gemini', geminiTable],
  ['opencode', opencodeTable],
  ['command', commandTable],
];

/** Those in which its program can end; the table says why it cannot in the others. */
function casesOf({ scenarios }: VendorTable) {
  return SCENARIOS.flatMap((name) => {
    const scenario = scenarios[name];
    return typeof scenario === 'string' ? [] : [{ name, scenario }];
  });
}

/** What may happen to any of them, and who says it is not the agent. */
function commonCases({ scenarios }: VendorTable): { name: string; scenario: VendorCase }[] {
  const two = scenarios['two-commands'];
  if (typeof two === 'string') throw new Error(two);
  const { lines } = two;
  return [
    {
      name: 'success-that-the-gateway-knows-better',
      scenario: { ...two, statuses: { 429: 4 }, expected: { reason: 'rate-limited' } },
    },
    {
      name: 'more-turns-than-it-has',
      scenario: {
        ...{ lines, exitCode: null, limited: 'turns' },
        expected: { outcome: 'limit-reached', reason: 'max-turns' },
      },
    },
    {
      name: 'silent',
      scenario: { lines: lines.slice(0, 2), exitCode: null, expected: { outcome: 'idle' } },
    },
  ];
}

const textOf = (line: object | string) => (typeof line === 'string' ? line : JSON.stringify(line));

/** A program that says its lines as they are on its stdin, and ends like that. */
function argvOf(name: string, { stderr = '', exitCode }: VendorCase): readonly string[] {
  if (name === 'not-installed') return ['/nowhere/agent'];
  const end =
    exitCode === null
      ? 'exec sleep 1000'
      : name === 'crashed'
        ? `kill -${exitCode - 128} $$`
        : `exit ${exitCode}`;
  return ['/bin/sh', '-c', `cat; printf %s "$1" >&2; ${end}`, 'agent', stderr];
}

function exitCodesOf(template: Template) {
  const settings = { template, model: 'm', command: ['x'], exit_codes: COMMAND_EXIT_CODES };
  const { exitCodes } = findProvider(template).prepare({
    ...{ settings, source: () => 'test', program: 'agent', home: '/home/node', workspace: '/tmp' },
    ...{ prompt: { text: '', file: '' }, taskFile: '/tmp/task', session: '', mcpServers: [] },
    limits: { turns: null, costUsd: null },
  });
  return exitCodes;
}

function planFor(template: Template, name: string, scenario: VendorCase) {
  const plan = planOf('', {
    limits: limited({
      minutes: 1,
      idleMinutes: name === 'silent' ? 0.01 : 0,
      ...(name === 'more-turns-than-it-has' && { turns: 1 }),
    }),
  });
  const { agent, provision } = plan;
  return {
    ...plan,
    agent: {
      ...agent,
      provider: { value: template, source: 'test' },
      ...{ argv: argvOf(name, scenario), exitCodes: exitCodesOf(template) },
    },
    provision: {
      ...provision,
      task: { ...provision.task, text: scenario.lines.map((line) => `${textOf(line)}\n`).join('') },
    },
  };
}

type Told = { readonly run: AgentRun; readonly transcript: string; readonly facts: EndingFacts };

function factsOf(agent: AgentRun, { statuses = {}, limited: limit }: VendorCase): EndingFacts {
  return {
    ...{ thrown: undefined, agent, cancelled: false, gatewayDeath: undefined },
    ...{ limit: undefined, budget: undefined, modelStatuses: statuses },
    limited: { turns: limit === 'turns', cost: limit === 'cost' },
  };
}

/** Without times, and long texts by their length; texts that came apart are one. */
function outline(transcript: string): string {
  const short = (_: string, value: unknown) =>
    typeof value === 'string' && value.length > 300 ? `${value.length} characters` : value;
  const events: Record<string, unknown>[] = [];
  for (const line of transcript.split('\n').filter((one) => one !== '')) {
    const { time, ...event } = JSON.parse(line);
    expect(time).toMatch(/^\d{4}-.*Z$/);
    const last = events.at(-1);
    if (event.type === 'text' && last?.type === 'text' && last.turn === event.turn) {
      last.text += `\n${event.text}`;
    } else {
      events.push(event);
    }
  }
  return events.map((event) => `${JSON.stringify(event, short)}\n`).join('');
}

const { obstacle, open } = ENGINES.bubblewrap;

describe.each(TABLES)('%s', (template, table) => {
  if (obstacle !== '') return test('is run', (context) => context.skip(obstacle));
  const cases = [...casesOf(table), ...commonCases(table)];
  const told = new Map<string, Told>();
  let scene: Scene;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'matrix-'));
    scene = await open();
    for (const { name, scenario } of cases) {
      const files = filesIn(mkdtempSync(join(directory, 'run-')));
      const run = await runAgent(engineHost(), scene.machine, planFor(template, name, scenario), {
        ...{ files, signal: new AbortController().signal, token: TOKEN },
        ...{ environment: {}, secretEnvironment: {} },
      });
      const transcript = outline(readFileSync(files.events, 'utf8'));
      told.set(name, { run, transcript, facts: factsOf(run, scenario) });
    }
  }, 180_000);
  afterAll(async () => {
    await scene?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('is seen in most scenarios', () => {
    expect(casesOf(table).length).toBeGreaterThanOrEqual(16);
  });

  test.each(cases)('$name', ({ name, scenario }) => {
    const { run, facts } = told.get(name) as Told;
    const { outcome, reason, turns, tools, tokens, result, costUsd } = scenario.expected;
    const ending = decideOutcome(facts);
    const usual = reason === undefined ? 'success' : 'agent-failed';
    expect({ outcome: ending.outcome, reason: ending.failure?.reason }).toEqual({
      outcome: outcome ?? usual,
      reason,
    });
    expect(run.kind === 'exited' ? run.exitCode : null).toBe(scenario.exitCode);
    const record = makeAgentRecord(planFor(template, name, scenario).agent, run.told);
    if (turns !== undefined) expect(record.turns).toBe(turns);
    if (tools !== undefined) {
      expect(Object.fromEntries(record.tools.map((tool) => [tool.name, tool.calls]))).toEqual(
        tools,
      );
    }
    if (tokens !== undefined) {
      const { input, output, cacheRead, cacheWrite } = record.tokens ?? {};
      expect([input, output, cacheRead, cacheWrite]).toEqual(tokens);
    }
    if (result !== undefined) expect(run.told.finished?.result).toBe(result);
    if (costUsd !== undefined) expect(record.costUsd).toBe(costUsd);
    if (scenario.lines.some((line) => typeof line === 'object')) {
      expect(record.session).toBe(table.session);
    }
  });

  test('leaves the transcripts that it left before', async () => {
    const all = cases.map(({ name }) => `# ${name}\n${told.get(name)?.transcript}`).join('\n');
    await expect(all).toMatchFileSnapshot(`transcript/${template}.txt`);
  });
});
