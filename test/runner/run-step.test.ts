import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeAction, makeFakeAction } from './fake-action.ts';
import { type RunningStep, runStep, type StepRequest, startStep } from './run-step.ts';

const ON_LINUX = process.platform === 'linux';

async function fakeAction(main: string, post = ''): Promise<FakeAction> {
  const action = await makeFakeAction(`import * as fs from 'node:fs';\n${main}`, post);
  onTestFinished(() => action.remove());
  return action;
}

async function run(main: string, post = '', request: Partial<StepRequest> = {}) {
  return runStep({ ...(await fakeAction(main, post)), ...request });
}

/** Starts the action and waits until it prints `ready`. */
async function startUntilReady(main: string, post = ''): Promise<RunningStep> {
  const action = await fakeAction(main, post);
  const ready = Promise.withResolvers<void>();
  const step = await startStep({
    ...action,
    onLine: (line) => line === 'ready' && ready.resolve(),
  });
  await ready.promise;
  return step;
}

const HANG = `setInterval(() => {}, 1000); console.log('ready');`;

describe('a step', () => {
  test('gets inputs with defaults, the context and fresh files', async () => {
    const result = await run(
      `const e = process.env;
       console.log(JSON.stringify({
         inputs: [e['INPUT_TASK-FILE'], e.INPUT_MODE, e.INPUT_TOKEN === 'tok-en-123'],
         cwd: process.cwd() === e.GITHUB_WORKSPACE,
         tty: process.stdout.isTTY ?? false,
         event: JSON.parse(fs.readFileSync(e.GITHUB_EVENT_PATH)).sender.login,
         files: ['ENV', 'OUTPUT', 'PATH', 'STATE', 'STEP_SUMMARY', 'ARTIFACTS']
           .every((name) => fs.statSync(e['GITHUB_' + name]).size === 0),
         tracking: /^github_/.test(e.RUNNER_TRACKING_ID),
         mine: e.MINE,
         outer: e.VITEST ?? 'none',
       }));`,
      '',
      { inputs: { 'task-file': 'a b' }, env: { MINE: 'yes' }, token: 'tok-en-123' },
    );
    expect(JSON.parse(result.log)).toEqual({
      inputs: ['a b', 'run', true],
      cwd: true,
      tty: false,
      event: 'octocat',
      files: true,
      tracking: true,
      mine: 'yes',
      outer: 'none',
    });
    expect(result).toMatchObject({ conclusion: 'success', exitCode: 0 });
  });

  test('finds stdin closed', async () => {
    const result = await run(`process.stdin.resume().on('end', () => console.log('closed'));`);
    expect(result.log).toBe('closed');
  });

  test('hands outputs, state, env, path and summary over', async () => {
    const result = await run(
      `const add = (name, text) => fs.appendFileSync(process.env['GITHUB_' + name], text);
       add('OUTPUT', 'answer<<E\\ntwo\\nlines\\nE\\n');
       add('STATE', 'vm=bottle-1\\n');
       add('ENV', 'LATER=1\\nNODE_OPTIONS=--evil\\n');
       add('PATH', '/opt/one\\n');
       add('STEP_SUMMARY', '# hush\\n');`,
      `console.log(process.env.STATE_vm, process.env.LATER, process.env.PATH.split(':')[0]);`,
      { secrets: ['hush'] },
    );
    expect(result).toMatchObject({
      outputs: { answer: 'two\nlines' },
      state: { vm: 'bottle-1' },
      env: { LATER: '1' },
      path: ['/opt/one'],
      summary: '# ***\n',
      post: { exitCode: 0 },
    });
    expect(result.env).not.toHaveProperty('NODE_OPTIONS');
    expect(result.log).toContain('bottle-1 1 /opt/one');
  });

  test('fails by its exit code, by a malformed file and by a refused command', async () => {
    const byCode = await run('process.exitCode = 3;');
    expect(byCode).toMatchObject({ conclusion: 'failure', exitCode: 3 });
    const byFile = await run(`fs.appendFileSync(process.env.GITHUB_OUTPUT, 'a<<E\\nhalf');`);
    expect(byFile).toMatchObject({ conclusion: 'failure', exitCode: 0, outputs: {} });
    expect(byFile.annotations[0]?.message).toContain("file command 'output'");
    const byCommand = await run(`console.log('::set-env name=A::1');`);
    expect(byCommand).toMatchObject({ conclusion: 'failure', exitCode: 0 });
    expect(byCommand.post?.failed).toBe(false);
  });

  test('loses a summary over 1 MiB, with an error', async () => {
    const result = await run(
      `fs.writeFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1));`,
    );
    expect(result.summary).toBe('');
    expect(result.annotations[0]?.message).toContain('upload aborted');
    expect(result.conclusion).toBe('success');
  });

  test('is warned of inputs that the action does not have', async () => {
    const result = await run('', '', { inputs: { taks: 'x' } });
    expect(result.annotations[0]?.message).toContain("Unexpected input(s) 'taks'");
  });

  test('leaves nothing behind on the machine', async () => {
    const result = await run(`console.log(process.env.RUNNER_TEMP);`);
    expect(existsSync(result.log)).toBe(false);
    expect(existsSync(dirname(result.log))).toBe(false);
  });

  test('has its leftovers in RUNNER_TEMP listed', async () => {
    const result = await run(`fs.mkdirSync(process.env.RUNNER_TEMP + '/bottle-x');`);
    expect(result.leftovers).toEqual(['bottle-x']);
  });

  test('can keep a tool cache over several runs', async () => {
    const toolCache = await mkdtemp(join(tmpdir(), 'tool-cache-'));
    onTestFinished(() => rm(toolCache, { recursive: true }));
    await run(`fs.writeFileSync(process.env.RUNNER_TOOL_CACHE + '/kept', '');`, '', { toolCache });
    expect(await readdir(toolCache)).toEqual(['kept']);
  });
});

describe('a step that is ended from outside', () => {
  test('is asked by SIGINT first, and post runs with its state', async () => {
    const step = await startUntilReady(
      `fs.appendFileSync(process.env.GITHUB_STATE, 'vm=v1\\n');
       process.on('SIGINT', () => { console.log('bye'); process.exit(0); });
       ${HANG}`,
      `console.log('post', process.env.STATE_vm);`,
    );
    await step.cancel();
    const result = await step.result;
    expect(result).toMatchObject({ conclusion: 'cancelled', exitCode: 0, signal: null });
    expect(result.log).toMatch(/bye\npost v1$/);
    expect(result.durations.mainMs).toBeLessThan(7_000);
  });

  test('gets SIGTERM after 7.5 s and SIGKILL 2.5 s later', async () => {
    const step = await startUntilReady(
      `const start = Date.now();
       process.on('SIGINT', () => {});
       process.on('SIGTERM', () => console.log('term after', Date.now() - start));
       ${HANG}`,
    );
    await step.cancel();
    const result = await step.result;
    expect(result.signal).toBe('SIGKILL');
    const waited = Number(/term after (\d+)/.exec(result.log)?.[1]);
    expect(waited).toBeGreaterThanOrEqual(7_400);
    expect(result.durations.mainMs).toBeGreaterThanOrEqual(9_900);
  });

  test('keeps the state that it wrote before SIGKILL', async () => {
    const step = await startUntilReady(
      `fs.appendFileSync(process.env.GITHUB_STATE, 'vm=v2\\n'); ${HANG}`,
      `console.log('post', process.env.STATE_vm);`,
    );
    step.kill();
    const result = await step.result;
    expect(result).toMatchObject({ conclusion: 'failure', signal: 'SIGKILL' });
    expect(result.log).toContain('post v2');
  });

  test('fails when its time is over', async () => {
    const result = await run(HANG, '', { timeoutMinutes: 0.005 });
    expect(result).toMatchObject({ conclusion: 'failure', signal: 'SIGINT' });
    expect(result.annotations[0]?.message).toContain('has timed out after 0.005 minutes');
  });
});

describe.skipIf(!ON_LINUX)('what is left running (needs /proc)', () => {
  const spawnLeft = (options: string) =>
    `import { spawn } from 'node:child_process';
     spawn('sleep', ['300'], { detached: true, stdio: 'ignore', ...${options} }).unref();`;

  test('is found by the tracking id and killed', async () => {
    const result = await run(spawnLeft('{}'));
    expect(result.orphans).toEqual([{ pid: expect.any(Number), command: 'sleep 300' }]);
    await expect.poll(() => isRunning(result.orphans[0]?.pid)).toBe(false);
  });

  test('is found by the temp directory in its command line', async () => {
    const result = await run(
      `import { spawn } from 'node:child_process';
       const argv = ['-c', 'sleep 300; :', process.env.RUNNER_TEMP];
       spawn('sh', argv, { detached: true, stdio: 'ignore', env: {} }).unref();`,
    );
    expect(result.orphans).toHaveLength(1);
  });

  test('holds the step for 5 s when it holds its output', async () => {
    const started = performance.now();
    const result = await run(spawnLeft(`{ stdio: ['ignore', 'inherit', 'ignore'] }`));
    expect(performance.now() - started).toBeGreaterThan(4_900);
    expect(result.durations.mainMs).toBeLessThan(4_000);
  });
});

/** A killed process may stay as a zombie until somebody reaps it; that one has no command line. */
function isRunning(pid: number | undefined): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}
