/** Runs a command in a smolvm guest: streams, the true exit code, and nothing left when it ends. */
import { BottleError } from '../errors.ts';
import type { ProcessExit, RunningProcess } from '../host/host.ts';
import type { ExecOptions, ExecResult, GuestUser } from './machine.ts';
import { execArgv, listArgv } from './smolvm-argv.ts';
import { callSmolvm, cliEnv, exitCodeOf, KILLED, type SmolvmCli } from './smolvm-cli.ts';
import { engineError } from './smolvm-failure.ts';
import {
  commandProgram,
  type DropPrefix,
  killProgram,
  type Runner,
  wrapperProgram,
} from './smolvm-guest.ts';
import { findMachine } from './smolvm-list.ts';
import { openSentinelStream, type SentinelStream } from './smolvm-sentinel.ts';
import { machineDirectory, machineLogTail } from './smolvm-state.ts';

/** A machine that has booted and been set up. */
export type Booted = {
  readonly cli: SmolvmCli;
  readonly name: string;
  readonly user: GuestUser;
  readonly drop: DropPrefix;
};

/** A container's environment takes no longer value (smolvm.md §2.4). */
const LONGEST_VALUE = 32 * 1024;
const LONGEST_NAME = 256;
/** smolvm's own limit comes this much after ours, so that ours decides. */
const MARGIN_SECONDS = 60;
/** For a command without a limit: longer than any job. */
const DAY_SECONDS = 24 * 3600;
const KILL_TIMEOUT_MS = 15_000;
const KILL_ATTEMPTS = 3;
/** How long the command line may take to end once the guest's side is dead. */
const LINGER_MS = 5_000;

type Attempt = ExecResult & { readonly sentinel: SentinelStream };

/** Runs `argv` and waits. Throws `BottleError` when the engine, not the command, failed. */
export async function execInGuest(
  booted: Booted,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const call = prepareCall(booted, argv, options);
  if (options.signal?.aborted) {
    return { exitCode: KILLED, timedOut: false, aborted: true, durationMs: 0 };
  }
  let attempt = await attemptExec(booted, call, options);
  // The guest's agent can lose an exec that comes right after another (bot-bottle.md §4.6, 10 and 11).
  if (!attempt.sentinel.started() && isReplayable(options.stdin) && isLost(attempt)) {
    attempt = await attemptExec(booted, call, options);
  }
  const { sentinel, ...result } = attempt;
  if (result.timedOut || result.aborted) return result;
  const exitCode = sentinel.exitCode();
  if (exitCode === undefined) throw await explain(booted, attempt);
  return { ...result, exitCode };
}

function isReplayable(stdin: ExecOptions['stdin']): boolean {
  return stdin === undefined || stdin instanceof Uint8Array;
}

function isLost(attempt: Attempt): boolean {
  const trace = attempt.sentinel.engineText().includes('trailing garbage');
  return !attempt.timedOut && !attempt.aborted && (attempt.exitCode === KILLED || trace);
}

type Call = {
  readonly token: string;
  readonly runner: Runner;
  readonly argv: readonly string[];
  /** Beside the command line's own environment: carrier → value. */
  readonly env: Readonly<Record<string, string>>;
};

function prepareCall(booted: Booted, argv: readonly string[], options: ExecOptions): Call {
  const { user, drop, cli } = booted;
  const asRoot = options.user === 'root';
  const home = asRoot ? '/root' : user.home;
  const name = asRoot ? 'root' : user.name;
  const runner: Runner = asRoot
    ? { user: 'root', mark: cli.host.randomName(16) }
    : { user: 'agent', drop };
  const env = { HOME: home, USER: name, LOGNAME: name, ...options.env, ...options.secretEnv };
  const carried = Object.entries(env).map(([name, value], index) => ({
    name,
    carrier: `BOTTLE_ENV_${index}`,
    value,
  }));
  carried.forEach(checkVariable);
  const cwd = options.cwd ?? home;
  const command = ['/bin/sh', '-c', commandProgram(carried), 'bottle', cwd];
  return {
    token: `bottle-exit:${cli.host.randomName(32)}`,
    runner,
    argv: [
      ...['/bin/sh', '-c', wrapperProgram(runner), 'bottle', cwd],
      ...(asRoot ? [] : drop),
      ...command,
      ...argv,
    ],
    env: Object.fromEntries(carried.map(({ carrier, value }) => [carrier, value])),
  };
}

function checkVariable({ name, value }: { name: string; value: string }): void {
  const bytes = Buffer.byteLength(value);
  const problem = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? 'is not a name that a shell takes'
    : name.length > LONGEST_NAME
      ? `has a name of more than ${LONGEST_NAME} characters`
      : bytes > LONGEST_VALUE
        ? `has ${bytes} bytes, and smolvm takes ${LONGEST_VALUE}`
        : value.includes('\0')
          ? 'has a NUL byte in its value'
          : undefined;
  if (problem === undefined) return;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `an environment variable cannot be given to the guest: it ${problem}`,
    where: `variable ${printableName(name)}`,
    fix: 'Correct its name, or hand a long value over in a file.',
  });
}

function printableName(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}

async function attemptExec(booted: Booted, call: Call, options: ExecOptions): Promise<Attempt> {
  const sentinel = openSentinelStream(call.token);
  const started = performance.now();
  const running = await spawnExec(booted, call, options, sentinel);
  const limits = armLimits(options, () => endInGuest(booted, call.runner, running));
  const exit = await settle(running, limits, () => killInGuest(booted, call.runner));
  const rest = sentinel.end();
  if (rest.length > 0) await options.onStderr?.(rest);
  // smolvm's own limit: ours never fired, for instance because the runner slept.
  const engineTimeout = exit.exitCode === 124 && sentinel.exitCode() === undefined;
  if (engineTimeout) await killInGuest(booted, call.runner);
  return {
    exitCode: sentinel.exitCode() ?? exitCodeOf(exit),
    ...limits.cause(),
    ...(engineTimeout ? { timedOut: true } : {}),
    durationMs: performance.now() - started,
    sentinel,
  };
}

/** The command line's end. A handler that throws ends only the command line: the guest's side follows. */
async function settle(
  running: RunningProcess,
  limits: Limits,
  kill: () => Promise<void>,
): Promise<ProcessExit> {
  try {
    return await running.exit;
  } catch (error) {
    await kill();
    throw error;
  } finally {
    limits.disarm();
    await limits.ended();
  }
}

async function spawnExec(
  booted: Booted,
  call: Call,
  options: ExecOptions,
  sentinel: SentinelStream,
): Promise<RunningProcess> {
  const { cli, name } = booted;
  const { timeoutMs, onStdout, onStderr } = options;
  const argv = execArgv({
    name,
    interactive: true,
    timeoutSeconds:
      timeoutMs === undefined ? DAY_SECONDS : Math.ceil(timeoutMs / 1000) + MARGIN_SECONDS,
    variables: Object.keys(call.env),
    argv: call.argv,
  });
  return await cli.host.spawn([cli.binary, ...argv], {
    env: { ...cliEnv(cli.host, cli.stateDir), ...call.env },
    stdin: withFirstLine(call.token, options.stdin),
    ...(onStdout === undefined ? {} : { onStdout }),
    onStderr: (chunk) => {
      const guest = sentinel.push(chunk);
      if (guest.length > 0) return onStderr?.(guest);
    },
  });
}

async function* withFirstLine(
  line: string,
  rest: ExecOptions['stdin'],
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${line}\n`);
  if (rest instanceof Uint8Array) yield rest;
  else if (rest !== undefined) yield* rest;
}

type Limits = {
  disarm(): void;
  cause(): { readonly timedOut: boolean; readonly aborted: boolean };
  /** Settles when what a limit set off is done; rejects when it failed. */
  ended(): Promise<void>;
};

function armLimits(options: ExecOptions, end: () => Promise<void>): Limits {
  let cause: 'timeout' | 'abort' | undefined;
  let ending: Promise<void> = Promise.resolve();
  const fire = (which: 'timeout' | 'abort') => () => {
    if (cause !== undefined) return;
    cause = which;
    ending = end();
    // Awaited by `ended`; until then nobody listens.
    ending.catch(() => {});
  };
  const onAbort = fire('abort');
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(fire('timeout'), options.timeoutMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  return {
    disarm() {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    },
    cause: () => ({ timedOut: cause === 'timeout', aborted: cause === 'abort' }),
    ended: () => ending,
  };
}

/** The guest's side first, so that the last output still comes; then the command line. */
async function endInGuest(booted: Booted, runner: Runner, running: RunningProcess): Promise<void> {
  try {
    await killInGuest(booted, runner);
  } finally {
    const timer = setTimeout(() => running.kill(), LINGER_MS);
    running.exit.catch(() => {}).finally(() => clearTimeout(timer));
  }
}

/** A second exec kills: neither smolvm's limit nor its death reaches further than one process. */
async function killInGuest(booted: Booted, runner: Runner): Promise<void> {
  const argv = execArgv({
    name: booted.name,
    interactive: false,
    timeoutSeconds: KILL_TIMEOUT_MS / 1000,
    variables: [],
    argv: ['/bin/sh', '-c', killProgram(runner)],
  });
  let failure = '';
  for (let attempt = 0; attempt < KILL_ATTEMPTS; attempt++) {
    const result = await callSmolvm(booted.cli, argv, { timeoutMs: KILL_TIMEOUT_MS });
    if (result.exitCode === 0) return;
    if ((await stateOf(booted)) !== 'running') return;
    failure = result.stderr;
  }
  throw engineError({
    outcome: 'agent-failed',
    command: 'machine exec (to end a command)',
    exitCode: 1,
    stderr: failure,
  });
}

async function stateOf(booted: Booted): Promise<string> {
  return (await findMachine(booted.cli, booted.name))?.state ?? 'absent';
}

/** Why an exec came to no exit code. Guest text is never classified: the agent could say anything. */
async function explain(booted: Booted, attempt: Attempt): Promise<BottleError> {
  const { cli, name } = booted;
  const state = await stateOf(booted);
  const log = await machineLogTail(machineDirectory(cli.host.platform, cli.stateDir, name));
  if (state !== 'running' || attempt.sentinel.started()) {
    const died = state !== 'running';
    return new BottleError({
      outcome: 'agent-failed',
      what: died ? 'the machine died while a command ran' : 'a command in the machine was cut off',
      where: `machine ${name} is ${state}; \`smolvm ${listArgv()[0]} exec\` exited with ${attempt.exitCode}${log === '' ? '' : `\n${log}\n`}`,
      fix: 'Give the machine more memory (`machine.memory_mib`), and see its log above.',
    });
  }
  return engineError({
    outcome: 'agent-failed',
    command: 'machine exec',
    exitCode: attempt.exitCode,
    stderr: attempt.sentinel.engineText(),
    log,
  });
}
