/** Runs a command in a smolvm guest: streams, the true exit code, and nothing left when it ends. */
import { BottleError } from '../../errors.ts';
import type { ProcessExit, RunningProcess } from '../../host/host.ts';
import type { ExecOptions, ExecResult } from '../machine.ts';
import { execArgv } from './argv.ts';
import { type Booted, type Call, prepareCall } from './call.ts';
import { cliEnv, exitCodeOf, KILLED } from './cli.ts';
import { armLimits, endInGuest, killInGuest, type Limits, stateOf } from './end.ts';
import { engineError } from './failure.ts';
import { openSentinelStream, type SentinelStream } from './sentinel.ts';
import { machineDirectory, machineLogTail } from './state.ts';

/** smolvm's own limit comes this much after ours, so that ours decides. */
const MARGIN_SECONDS = 60;
/** For a command without a limit: longer than any job. */
const DAY_SECONDS = 24 * 3600;
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
  // The guest's agent can lose an exec that follows another closely (bot-bottle.md §4.6, 10 and
  // 11).
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

/** A handler that throws ends the command line alone, so the guest's side is ended here. */
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

/**
 * Why an exec came to no exit code. Guest text is never classified: the agent could say anything.
 */
async function explain(booted: Booted, attempt: Attempt): Promise<BottleError> {
  const { cli, name } = booted;
  const state = await stateOf(booted);
  const log = await machineLogTail(machineDirectory(cli.host.platform, cli.stateDir, name));
  if (state !== 'running' || attempt.sentinel.started()) {
    const died = state !== 'running';
    const facts =
      `machine ${name} is ${state}; ` + `\`smolvm machine exec\` exited with ${attempt.exitCode}`;
    return new BottleError({
      outcome: 'agent-failed',
      what: died ? 'the machine died while a command ran' : 'a command in the machine was cut off',
      where: log === '' ? facts : `${facts}\n${log}\n`,
      fix: 'Give the machine more memory (`machine.memory_mib`), and see its log above.',
    });
  }
  return engineError({
    outcome: 'internal-error',
    command: 'machine exec',
    exitCode: attempt.exitCode,
    stderr: attempt.sentinel.engineText(),
    log,
  });
}
