/** Every way in which a run can end: the right outcome, an artifact, a summary, and nothing left. */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StepRequest, StepResult } from '../runner/run-step.ts';
import { artifactsOf, openScene, type Scene, scripted, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

/** What holds after every ending that comes after the boot. */
async function expectWhole(scene: Scene, result: StepResult, outcome: string) {
  expect(result.outputs.outcome, result.log).toBe(outcome);
  expect(result.orphans).toEqual([]);
  expect(result.leftovers).toEqual([]);
  expect(scene.service.violations).toEqual([]);
  const files = await scene.artifact(result);
  const record = JSON.parse(files.get('run.json')?.toString() ?? '');
  expect(record.outcome).toBe(outcome);
  expect(result.summary).toContain(`outcome \`${outcome}\``);
  expect(files.get('summary.md')?.toString()).toBe(result.summary);
  return { files, record };
}

async function runScript(
  script: string,
  request: Partial<StepRequest> = {},
  bottle: object = {},
): Promise<{ scene: Scene; result: StepResult }> {
  const scene = await openScene(scripted(script, bottle));
  return { scene, result: await scene.run(request) };
}

/** Cancels or kills when the agent has said so: no clock decides. */
async function interrupt(scene: Scene, how: 'cancel' | 'kill', line: string): Promise<StepResult> {
  const seen = Promise.withResolvers<void>();
  const step = await scene.start({
    onLine: (text) => {
      if (text.includes(line)) seen.resolve();
    },
  });
  await seen.promise;
  await step[how]();
  return await step.result;
}

const hostVariable = (name: string) => `\${${name}}`;
const WORK = 'echo two >>readme.txt; echo out >"$BOTTLE_OUTPUT_DIR/a.txt"';

describe('an agent that', () => {
  test('fails: its code, its partial work', async () => {
    const { scene, result } = await runScript(`${WORK}; exit 7`);
    const { files, record } = await expectWhole(scene, result, 'agent-failed');
    expect(result.conclusion).toBe('failure');
    expect(result.outputs['exit-code']).toBe('7');
    expect(record.exitCode).toBe(7);
    expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
    expect(files.get('changes.patch')?.toString()).toContain('+two');
    expect(result.annotations.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(result.annotations[0]?.message).toContain('exit code 7');
    await scene.close();
  });

  test('fails, where the workflow wants to decide: the step is green', async () => {
    const inputs = { 'fail-on': 'none' };
    const { scene, result } = await runScript('exit 7', { inputs });
    await expectWhole(scene, result, 'agent-failed');
    expect(result.conclusion).toBe('success');
    expect(result.annotations.map(({ level }) => level)).toEqual(['warning']);
    await scene.close();
  });

  test('dies of a signal', async () => {
    const { scene, result } = await runScript(`${WORK}; kill -SEGV $$`);
    await expectWhole(scene, result, 'agent-failed');
    expect(result.outputs['exit-code']).toBe('139');
    await scene.close();
  });

  test('takes too long: stopped, with all of its children, its work kept', async () => {
    const script = `${WORK}; trap '' TERM; (trap '' TERM; sleep 300) & setsid sleep 300 & while :; do echo tick; sleep 0.05; done`;
    const { scene, result } = await runScript(script, { inputs: { minutes: '0.02' } });
    const { files } = await expectWhole(scene, result, 'timed-out');
    expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
    expect(result.outputs['exit-code']).toBe('');
    await scene.close();
  });

  test('falls silent: stopped by the idle limit, from the manifest', async () => {
    const limits = { minutes: 5, idle_minutes: 0.01 };
    const { scene, result } = await runScript(`${WORK}; sleep 300`, {}, { limits });
    const { files } = await expectWhole(scene, result, 'idle');
    expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
    await scene.close();
  });

  test('floods the log: no command is read, nothing is lost, memory stays small', async () => {
    const hostile = '::set-output name=x::y\\n  ::add-mask::a\\n##[error]no\\n\\r::warning::w\\n';
    const script = `i=0; while [ $i -lt 3000 ]; do printf '${hostile}'; i=$((i+1)); done; echo end`;
    const { scene, result } = await runScript(script);
    const { files } = await expectWhole(scene, result, 'success');
    expect(result.annotations).toEqual([]);
    expect(result.log).toContain('hello | end');
    expect(
      files
        .get('agent.log')
        ?.toString()
        .match(/::set-output/g),
    ).toHaveLength(3000);
    await scene.close();
  });

  test('leaves hostile outputs: refused and listed, the good ones kept', async () => {
    const script = `cd "$BOTTLE_OUTPUT_DIR"; echo ok >ok.txt; ln -s /etc/passwd link; mkfifo pipe; ln ok.txt hard; mkdir x; echo 1 >x/A; echo 2 >x/a`;
    const { scene, result } = await runScript(script);
    const { files, record } = await expectWhole(scene, result, 'success');
    expect(files.get('outputs/ok.txt')?.toString()).toBe('ok\n');
    const refused: string[] = record.outputs.refused.map((entry: { path: string }) => entry.path);
    expect(refused.some((path) => path.endsWith('/outputs/pipe'))).toBe(true);
    // One of the two, whichever the guest's tar sent last.
    expect(refused.filter((path) => /\/outputs\/x\/[aA]$/.test(path))).toHaveLength(1);
    expect([...files.keys()]).not.toContain('outputs/link');
    await scene.close();
  });
});

describe('a variable of the runner', () => {
  const SECRET = 'correct-horse-battery-staple-42';

  test('reaches the agent by name, and nothing else', async () => {
    const script =
      'printf %s "$TOKEN" | sha256sum; env | grep -c GITHUB_ || true; echo "$TOKEN" >"$BOTTLE_OUTPUT_DIR/leak.txt"; echo "$TOKEN" >>readme.txt; echo "$TOKEN"';
    const bottle = { env: { TOKEN: hostVariable('API_TOKEN'), PLAIN: 'x' } };
    const { scene, result } = await runScript(script, { env: { API_TOKEN: SECRET } }, bottle);
    const { files } = await expectWhole(scene, result, 'success');
    expect(result.log).toContain('hello | 0');
    const all = [...files].map(([path, bytes]) => path + bytes.toString('latin1')).join('\n');
    for (const text of [all, result.log, result.summary, JSON.stringify(result.outputs)]) {
      expect(text).not.toContain(SECRET);
    }
    expect(JSON.stringify(result.state)).not.toContain(SECRET);
    expect(Number(result.outputs['secrets-found'])).toBeGreaterThanOrEqual(3);
    await scene.close();
  });

  test('that is missing ends the run before anything starts, by its name', async () => {
    const bottle = { env: { TOKEN: hostVariable('NOT_THERE') } };
    const { scene, result } = await runScript('true', {}, bottle);
    expect(result.outputs).toEqual({ outcome: 'config-invalid' });
    expect(result.annotations[0]?.message).toContain('NOT_THERE');
    expect(scene.service.listArtifacts()).toEqual([]);
    await scene.close();
  });
});

describe('the runner', () => {
  test('cancels while the agent works: the work so far is kept', async () => {
    const scene = await openScene(scripted(`${WORK}; echo working; sleep 300`));
    const result = await interrupt(scene, 'cancel', 'hello | working');
    const { files } = await expectWhole(scene, result, 'cancelled');
    expect(result.conclusion).toBe('cancelled');
    expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
    expect(result.durations.mainMs).toBeLessThan(15_000);
    await scene.close();
  });

  test('is killed itself: the post step removes what it finds', async () => {
    const scene = await openScene(scripted('echo working; (sleep 300 &) ; sleep 300'));
    const result = await interrupt(scene, 'kill', 'hello | working');
    expect(result.signal).toBe('SIGKILL');
    expect(result.orphans).toEqual([]);
    expect(result.leftovers).toEqual([]);
    expect(result.log).toContain('Removed');
    await scene.close();
  });
});

describe('the gateway', () => {
  test('dies while the agent works: the run ends, and says so', async () => {
    const scene = await openScene(scripted(`${WORK}; echo working; sleep 300`));
    const seen = Promise.withResolvers<void>();
    const step = await scene.start({
      onLine: (text) => {
        if (text.includes('hello | working')) seen.resolve();
      },
    });
    await seen.promise;
    process.kill(childOf(step.pid, 'dist/gateway'), 'SIGKILL');
    const result = await step.result;
    const { files } = await expectWhole(scene, result, 'gateway-failed');
    expect(files.get('outputs/a.txt')?.toString()).toBe('out\n');
    expect(result.annotations.at(-1)?.message).toContain('SIGKILL');
    await scene.close();
  });
});

/** The process that `parent` started with `name` in its command line. */
function childOf(parent: number, name: string): number {
  for (const path of globSync('/proc/[0-9]*/stat')) {
    const pid = Number(path.split('/')[2]);
    try {
      const stat = readFileSync(path, 'latin1');
      const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (ppid === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(name))
        return pid;
    } catch {
      // It has ended meanwhile.
    }
  }
  throw new Error(`process ${parent} has no child ${name}`);
}

describe('an earlier run on the same runner', () => {
  test('that was killed and never cleaned: its machine is removed first', async () => {
    const scene = await openScene(scripted('true'));
    const toolCache = mkdtempSync(join(tmpdir(), 'tool-cache-'));
    const machineState = join(toolCache, 'bottle-aaaaa/m');
    mkdirSync(join(machineState, 'home'), { recursive: true });
    mkdirSync(join(toolCache, 'bottle/runs'), { recursive: true });
    const state = { runId: 'old-aaaaa', engine: 'bubblewrap', engineBinary: '', machineState };
    const plant = (name: string, change: object) => {
      const entry = {
        owner: '1-a-b-c',
        state: { ...state, machine: 'bottle-old-aaaaa', ...change },
      };
      writeFileSync(join(toolCache, 'bottle/runs', name), JSON.stringify(entry));
    };
    plant('old-aaaaa.json', {});
    // What is no entry of ours is neither run nor removed from where it points.
    const precious = join(toolCache, 'precious');
    mkdirSync(precious);
    plant('evil-aaaaa.json', {
      runId: 'evil-aaaaa',
      machine: 'bottle-evil-aaaaa',
      machineState: precious,
    });
    writeFileSync(join(toolCache, 'bottle/runs/broken.json'), '{');
    const result = await scene.run({ toolCache });
    await expectWhole(scene, result, 'success');
    expect(result.log).toContain(
      'Removed the machine bottle-old-aaaaa, which a killed run had left.',
    );
    expect(existsSync(machineState)).toBe(false);
    expect(existsSync(precious)).toBe(true);
    expect(readdirSync(join(toolCache, 'bottle/runs'))).toEqual([]);
    rmSync(toolCache, { recursive: true });
    await scene.close();
  });
});

describe('a service that fails', () => {
  test.each([
    ['all artifacts', undefined, 0],
    ['one artifact', 1, 3],
  ])('costs %s, not the outcome', async (_, times, left) => {
    const scene = await openScene(scripted(WORK));
    scene.service.faults.inject('CreateArtifact', { kind: 'status', status: 400 }, times);
    const result = await scene.run();
    expect(result.outputs.outcome).toBe('success');
    expect(result.conclusion).toBe('success');
    // Result, proposal, egress, outputs: the agent said nothing.
    expect(result.annotations.map(({ level }) => level)).toEqual(Array(4 - left).fill('warning'));
    expect(result.summary).toContain('was not uploaded');
    expect(Object.keys(artifactsOf(result))).toHaveLength(left);
    expect(scene.service.listArtifacts()).toHaveLength(left);
    await scene.close();
  });
});
