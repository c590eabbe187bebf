/** What the action adds to the real Claude Code: to a whole run, and to each event on its way. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openScene } from '../test/action/scene.ts';
import { manifestFor, TOKEN, VENDORS } from '../test/agent/real-scene.ts';
import { openToolCache, programOf, whyNotInstalled } from '../test/agent-binary/agents.ts';
import { type ModelServer, startModelServer } from '../test/model-server/model-server.ts';
import type { ScenarioSource } from '../test/model-server/scenario.ts';
import { testAuthority } from '../test/upstream/authority.ts';
import { type BenchRow, compare, makeRow, percentile } from './row.ts';

const ROUNDS = 9;
const EVENTS = 30;
const BARE = 'the bare binary';

/** Goals: at most 700 ms more in total; an event at most 20 ms later (p95 against p95). */
export async function benchAgent(): Promise<BenchRow[]> {
  const obstacle = whyNotInstalled('claude');
  if (obstacle !== '') {
    console.log(obstacle);
    return [];
  }
  const whole = { name: 'Claude Code, two commands: main and post', against: BARE };
  const delays = { ours: [] as number[], bare: [] as number[] };
  const streamed = { name: `the same, ${EVENTS} turns of one command`, against: BARE };
  return [
    await compare(
      whole,
      ROUNDS,
      async () => (await runAction('two-commands')).totalMs,
      async () => (await runBare('two-commands')).totalMs,
    ),
    await compare(
      streamed,
      ROUNDS,
      async () => keep(delays.ours, await runAction(manyTurns())),
      async () => keep(delays.bare, await runBare(manyTurns())),
    ),
    ...[50, 95].map((p) =>
      makeRow(
        {
          name: `from the model's last byte of a turn to its text in the log, p${p}`,
          against: BARE,
        },
        percentile(delays.ours, p),
        percentile(delays.bare, p),
      ),
    ),
  ];
}

type Timed = { readonly totalMs: number; readonly delays: readonly number[] };

function keep(all: number[], { delays, totalMs }: Timed): number {
  if (delays.length !== EVENTS) throw new Error(`${delays.length} of ${EVENTS} events were seen`);
  all.push(...delays);
  return totalMs;
}

/** Each turn says a text of its own, by which it is found again. */
function manyTurns(): ScenarioSource {
  const turns = Array.from({ length: EVENTS }, (_, at) => ({
    say: [{ text: wordOf(at + 1) }, { shell: 'true' }],
  }));
  return { about: 'Many turns.', turns: [...turns, { say: [{ text: 'Done.' }] }] };
}

const wordOf = (turn: number) => `This is step-${turn}.`;

/** A model server, and the time from each of its answers to the line that shows it. */
async function openModel(scenario: string | ScenarioSource, secure: boolean) {
  const { api, host, credential } = VENDORS.claude;
  const tls = secure ? await (await testAuthority()).issue([host], 'good') : undefined;
  const answered = new Map<number, number>();
  const delays: number[] = [];
  const model: ModelServer = await startModelServer({
    ...{ api, scenario },
    ...(tls && { tls, credential }),
    onAnswered: (turn) => answered.set(turn, performance.now()),
  });
  const onLine = (line: string) => {
    const turn = Number(/This is step-(\d+)\./.exec(line)?.[1] ?? 0);
    const sent = answered.get(turn);
    if (sent === undefined) return;
    answered.delete(turn);
    delays.push(performance.now() - sent);
  };
  return { model, host, onLine, delays };
}

async function runAction(scenario: string | ScenarioSource): Promise<Timed> {
  const scene = await openScene(manifestFor({ agent: 'claude' }));
  const directory = mkdtempSync(join(tmpdir(), 'bench-agent-'));
  const { model, host, onLine, delays } = await openModel(scenario, true);
  try {
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, (await testAuthority()).certificate);
    const { outputs, durations, log } = await scene.run({
      toolCache: openToolCache(join(directory, 'tools')),
      env: {
        MODEL_TOKEN: TOKEN,
        BOTTLE_CONNECT_TO: `${host}:443=127.0.0.1:${model.port}`,
        NODE_EXTRA_CA_CERTS: ca,
      },
      onLine,
    });
    if (outputs.outcome !== 'success') throw new Error(log);
    return { totalMs: durations.mainMs + durations.postMs, delays };
  } finally {
    await model.close();
    await scene.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** As somebody would run it by hand: its own settings for a run without a person, a home of its own. */
async function runBare(scenario: string | ScenarioSource): Promise<Timed> {
  const scene = await openScene(manifestFor({ agent: 'claude' }));
  const home = mkdtempSync(join(tmpdir(), 'bench-home-'));
  const { model, onLine, delays } = await openModel(scenario, false);
  try {
    const start = performance.now();
    const child = spawn(
      programOf('claude'),
      ['-p', '--output-format', 'stream-json', '--verbose', '--dangerously-skip-permissions'],
      {
        cwd: scene.workspace,
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
          ...{ PATH: process.env.PATH, HOME: home, IS_SANDBOX: '1' },
          ...{ ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: TOKEN },
          ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
          ...{ DISABLE_ERROR_REPORTING: '1', DISABLE_TELEMETRY: '1' },
        },
      },
    );
    child.stdin.end('Greet Ada');
    createInterface(child.stdout).on('line', onLine);
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`claude ended with ${code}`);
    return { totalMs: performance.now() - start, delays };
  } finally {
    await model.close();
    await scene.close();
    rmSync(home, { recursive: true, force: true });
  }
}

if (import.meta.main) console.table(await benchAgent());
