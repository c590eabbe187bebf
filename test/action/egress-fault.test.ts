/** What goes wrong between bottle and world while the agent works: the run ends, all is kept. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GatewayDecision } from '../../src/gateway/protocol.ts';
import type { RunningStep, StepResult } from '../runner/run-step.ts';
import { startUpstream, type Upstream, type UpstreamOptions } from '../upstream/upstream.ts';
import { openScene, type Scene, scripted, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

const NAME = 'api.example.test';
const WORK = 'echo two >>readme.txt; echo out >"$BOTTLE_OUTPUT_DIR/a.txt"';
/** `get URL` says the status and the rule, and what curl thinks of it. */
const GET = `get() {
  curl -sS -o body -D head -w '%{http_code} ' "$@" 2>/dev/null; code=$?
  echo "$(sed -n 's/^x-bottle-denied: *\\([a-z-]*\\).*/\\1/ip' head) $code"
  : >head
}`;

type Case = {
  readonly script: string;
  readonly egress?: object;
  readonly upstream?: UpstreamOptions;
  readonly env?: Readonly<Record<string, string>>;
};

type Running = {
  readonly scene: Scene;
  readonly upstream: Upstream;
  readonly step: RunningStep;
  /** The agent has said this. */
  said(line: string): Promise<void>;
};

/** Runs `script` in a bottle that may reach the upstream of that name. */
async function begin({ script, egress, env, ...options }: Case): Promise<Running> {
  const upstream = await startUpstream(options.upstream);
  const directory = mkdtempSync(join(tmpdir(), 'authority-'));
  const authority = join(directory, 'ca.pem');
  writeFileSync(authority, upstream.authority);
  const reach = { routes: [{ host: NAME }], ...egress };
  const scene = await openScene(scripted(`${GET}; ${script}`, { egress: reach }));
  onTestFinished(async () => {
    await scene.close();
    await upstream.close();
    rmSync(directory, { recursive: true });
  });
  const lines: string[] = [];
  const waiting = new Map<string, () => void>();
  const step = await scene.start({
    env: {
      BOTTLE_CONNECT_TO: upstream.connectTo
        .map(({ host, port, address, toPort }) => `${host}:${port}=${address}:${toPort}`)
        .join(' '),
      NODE_EXTRA_CA_CERTS: authority,
      ...env,
    },
    onLine: (text) => {
      lines.push(text);
      for (const [line, resolve] of waiting) if (text.includes(line)) resolve();
    },
  });
  const said = (line: string) =>
    Promise.race([
      new Promise<void>((resolve) => {
        waiting.set(`hello | ${line}`, resolve);
        if (lines.some((text) => text.includes(`hello | ${line}`))) resolve();
      }),
      step.result.then(({ log }) => {
        throw new Error(`it ended before the agent said ${line}:\n${log}`);
      }),
    ]);
  return { scene, upstream, step, said };
}

type Whole = { readonly files: Map<string, Buffer>; readonly decisions: GatewayDecision[] };

/** The outcome, what the agent made, and an audit of which every line can be read. */
async function expectWhole(
  scene: Scene,
  result: StepResult,
  outcome: string,
  room = true,
): Promise<Whole> {
  expect(result.outputs.outcome, result.log).toBe(outcome);
  expect(result.orphans).toEqual([]);
  expect(result.leftovers).toEqual([]);
  const files = await scene.artifact(result);
  expect(JSON.parse(files.get('run.json')?.toString() ?? '')).toMatchObject({ outcome });
  expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
  // A bottle with no room for temporary files sends what it left for us, and no more.
  if (room) expect(files.get('changes.patch')?.toString()).toContain('+two');
  const audit = files.get('egress.jsonl')?.toString() ?? '';
  const lines = audit.split('\n').filter((line) => line !== '');
  const decisions = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'decision');
  return { files, decisions };
}

/** The gateway process that a step started. */
function gatewayOf({ pid: parent }: RunningStep): number {
  for (const path of globSync('/proc/[0-9]*/stat')) {
    const pid = Number(path.split('/')[2]);
    try {
      const stat = readFileSync(path, 'latin1');
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (ppid === parent && command.includes('dist/gateway')) return pid;
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`process ${parent} has no gateway`);
}

function limitFiles({ pid }: RunningStep, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}

/** Without the probe that proved, before the agent, that the host is let through. */
const rulesFor = (decisions: readonly GatewayDecision[], name: string) =>
  decisions.filter(({ host, rule }) => host === name && rule !== 'not-tls').map(({ rule }) => rule);

describe('a gateway that', () => {
  test('is killed between two requests: its audit can be read up to there', async () => {
    const asks = `get http://${NAME}/; get http://other.example.test/`;
    const script = `${asks}; ${WORK}; echo working; sleep 300`;
    const { scene, step, said } = await begin({ script });
    await said('working');
    process.kill(gatewayOf(step), 'SIGKILL');
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, 'gateway-failed');
    expect(rulesFor(decisions, NAME)).toEqual(['route']);
    expect(rulesFor(decisions, 'other.example.test')).toEqual(['no-route']);
    expect(result.annotations.at(-1)?.message).toContain('SIGKILL');
  });

  test('is killed in the middle of an answer: the agent is not waited for', async () => {
    const script = `${WORK}; echo working; get http://${NAME}/hang; sleep 300`;
    const { scene, upstream, step, said } = await begin({ script });
    await said('working');
    await expect.poll(() => upstream.requests.length, { timeout: 20_000 }).toBe(1);
    process.kill(gatewayOf(step), 'SIGKILL');
    await expectWhole(scene, await step.result, 'gateway-failed');
    expect(upstream.connections()).toBe(0);
  });

  test('is stopped: the agent ends by its own patience, and so does the run', async () => {
    const script = `${WORK}; echo working; read go <&3; get --max-time 1 http://${NAME}/; exit 7`;
    const { scene, step, said } = await begin({
      script: `mkfifo p; exec 3<>p; echo >&3; ${script}`,
    });
    await said('working');
    process.kill(gatewayOf(step), 'SIGSTOP');
    const result = await step.result;
    await expectWhole(scene, result, 'agent-failed');
    expect(result.outputs['exit-code']).toBe('7');
  });

  test('cannot write its audit any more: the run ends, and what was written can be read', async ({
    skip,
  }) => {
    skip(!existsSync('/usr/bin/prlimit'), 'needs prlimit: apt-get install util-linux');
    const flood = `while :; do get http://other.example.test/ >/dev/null; done`;
    const { scene, step, said } = await begin({ script: `${WORK}; echo working; ${flood}` });
    await said('working');
    const gateway = gatewayOf(step);
    // As a full disk does, until someone makes room: no file grows beyond this.
    limitFiles(step, String(32 * 1024));
    await expect.poll(() => existsSync(`/proc/${gateway}`), { timeout: 20_000 }).toBe(false);
    limitFiles(step, 'unlimited');
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, 'gateway-failed', false);
    expect(decisions.length).toBeGreaterThan(10);
  });
});

describe('a limit that is reached', () => {
  const egress = { max_bytes: 100_000 };

  test('by an agent that then gives up', async () => {
    const [few, many] = [`http://${NAME}/bytes/1000`, `http://${NAME}/bytes/200000`];
    const script = `${WORK}; get ${few}; get ${many}; get ${few}; exit 3`;
    const { scene, step } = await begin({ script, egress });
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, 'limit-reached');
    expect(rulesFor(decisions, NAME)).toEqual(['route', 'limit-bytes', 'limit-bytes']);
    expect(result.log).toContain('hello | 403 limit-bytes 0');
    expect(result.annotations.map(({ message }) => message).join('\n')).toContain(
      'egress.max_bytes',
    );
  });

  test('by an agent that goes on and ends as if all was well', async () => {
    const more = `for i in 1 2 3 4 5; do get http://${NAME}/$i; done`;
    const script = `get http://${NAME}/bytes/200000; ${more}; ${WORK}; exit 0`;
    const { scene, step } = await begin({ script, egress });
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, 'limit-reached');
    expect(rulesFor(decisions, NAME)).toEqual(Array(6).fill('limit-bytes'));
  });

  test('of one route', async () => {
    const routes = [{ host: NAME, max_bytes: 100_000 }];
    const script = `${WORK}; get http://${NAME}/bytes/200000`;
    const { scene, step } = await begin({ script, egress: { routes } });
    const { decisions } = await expectWhole(scene, await step.result, 'limit-reached');
    expect(rulesFor(decisions, NAME)).toEqual(['limit-bytes']);
  });
});

describe('an upstream that', () => {
  const secret = { API_TOKEN: 'correct-horse-battery-staple-42' };
  const opened = { routes: [{ host: NAME, auth: { scheme: 'Bearer', token_ref: 'API_TOKEN' } }] };

  test.each([
    ['success', 0],
    ['agent-failed', 7],
  ])('is dead for the whole run: the agent decides about %s', async (outcome, code) => {
    const script = `${WORK}; get http://${NAME}/; get https://${NAME}/; exit ${code}`;
    const env = { ...secret, BOTTLE_CONNECT_TO: `${NAME}:443=127.0.0.1:1 ${NAME}:80=127.0.0.1:1` };
    const { scene, step } = await begin({ script, egress: opened, env });
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, outcome);
    expect(result.log.match(/hello \| 502 upstream-connect 0/g)).toHaveLength(2);
    expect(rulesFor(decisions, NAME)).toEqual(['upstream-connect', 'upstream-connect']);
  });

  test('has an expired certificate: the agent is told, and no credential leaves', async () => {
    const script = `${WORK}; get https://${NAME}/`;
    const upstream = { certificate: 'expired' } as const;
    const running = await begin({ script, egress: opened, env: secret, upstream });
    const result = await running.step.result;
    const { decisions } = await expectWhole(running.scene, result, 'success');
    expect(result.log).toContain('hello | 502 upstream-tls 0');
    expect(rulesFor(decisions, NAME)).toEqual(['upstream-tls']);
    expect(running.upstream.requests).toEqual([]);
  });

  test('resets each time: the agent goes on', async () => {
    const asks = ['reset/head', 'reset/sized', ''].map((path) => `get https://${NAME}/${path}`);
    const script = `${WORK}; ${asks.join('; ')}`;
    const { scene, step } = await begin({ script, egress: opened, env: secret });
    const result = await step.result;
    const { decisions } = await expectWhole(scene, result, 'success');
    expect(result.log).toContain('hello | 502 upstream-reset 0');
    expect(result.log).toContain('hello | 200  0');
    expect(rulesFor(decisions, NAME)).toEqual(['upstream-reset', 'upstream-reset', 'route']);
  });
});

describe('the action', () => {
  test('is killed in the middle of an answer: its gateway ends', async () => {
    const script = `${WORK}; echo working; get http://${NAME}/hang; sleep 300`;
    const { upstream, step, said } = await begin({ script });
    await said('working');
    await expect.poll(() => upstream.requests.length, { timeout: 20_000 }).toBe(1);
    const gateway = gatewayOf(step);
    step.kill();
    await expect.poll(() => existsSync(`/proc/${gateway}`), { timeout: 20_000 }).toBe(false);
    const result = await step.result;
    expect(result.orphans).toEqual([]);
    expect(result.leftovers).toEqual([]);
  });

  test('runs twice at once: the end of one gateway is nothing to the other', async () => {
    const slow = `get http://${NAME}/slow?ms=50\\&bytes=60`;
    const waits = `${WORK}; echo working; ${slow}; get http://${NAME}/`;
    const one = await begin({ script: `${WORK}; echo working; sleep 300` });
    const other = await begin({ script: waits });
    await Promise.all([one.said('working'), other.said('working')]);
    process.kill(gatewayOf(one.step), 'SIGKILL');
    await expectWhole(one.scene, await one.step.result, 'gateway-failed');
    const { decisions } = await expectWhole(other.scene, await other.step.result, 'success');
    expect(rulesFor(decisions, NAME)).toEqual(['route', 'route']);
  });
});
