/** Child processes: the one place that owns their groups, streams, time limits and deaths. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import type { ProcessExit, RunningProcess, RunOptions, RunResult, SpawnOptions } from './host.ts';
import { feed, openDrain } from './process-stream.ts';

const DEFAULT_GRACE_MS = 2000;

/** How long output may stay silent after the child's end before whoever still holds it is ended. */
const SILENCE_MS = 250;

/**
 * Starts `argv` in a process group of its own; resolves once the program runs.
 *
 * Rejects when it cannot be started (the message names the program and the reason, never an
 * argument or the environment), and with the signal's reason when `signal` is aborted already.
 * `exit` rejects only when a handler or the stdin source threw; the group is ended before.
 */
export async function spawnProcess(
  argv: readonly string[],
  options: SpawnOptions,
): Promise<RunningProcess> {
  options.signal?.throwIfAborted();
  const started = performance.now();
  const child = await startChild(argv, options);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`cannot start ${argv[0]}: it got no process id`);

  const death = new Promise<Pick<ProcessExit, 'exitCode' | 'signal'>>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const group = ownGroup(pid, options.graceMs ?? DEFAULT_GRACE_MS);
  const failures: unknown[] = [];
  const fail = (error: unknown) => {
    failures.push(error);
    group.end();
  };
  const limits = armLimits(options, group.end);
  connectInputs(child, options, fail);
  const drains = connectOutputs(child, options, fail);

  const exit = (async (): Promise<ProcessExit> => {
    const ended = await death;
    const cause = limits.disarm();
    const drained = await Promise.all(drains.map((drain) => drain.silent(SILENCE_MS)));
    group.finish(drained.every(Boolean) ? 'leave' : 'kill');
    await Promise.all(drains.map((drain) => drain.close(SILENCE_MS)));
    for (const stream of child.stdio) stream?.destroy();
    if (failures.length > 0) throw failures[0];
    return { ...ended, ...cause, durationMs: performance.now() - started };
  })();
  // Whoever awaits `exit` still sees the rejection; who does not must not crash the action.
  exit.catch(() => {});
  return { pid, exit, kill: group.end };
}

/**
 * Runs `argv` to its end. A death by signal becomes 128 + its number, the time limit 124.
 * Rejects only when the command cannot be started.
 */
export async function runProcess(
  argv: readonly string[],
  options: Omit<RunOptions, 'env'> & { readonly env: NodeJS.ProcessEnv },
): Promise<RunResult> {
  const { input, env, ...limits } = options;
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const child = await spawnProcess(argv, {
    ...limits,
    ...(input === undefined ? {} : { stdin: input }),
    env: definedEntries(env),
    onStdout: (chunk) => void stdout.push(chunk),
    onStderr: (chunk) => void stderr.push(chunk),
  });
  return {
    exitCode: exitCodeOf(await child.exit),
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}

/** The one number a shell would give: 124 for our time limit, 128 + n for a death by signal n. */
function exitCodeOf(exit: ProcessExit): number {
  if (exit.timedOut) return 124;
  if (exit.exitCode !== null) return exit.exitCode;
  return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0);
}

function definedEntries(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A child whose program runs, or a rejection that says why it does not. */
async function startChild(argv: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  const [program, ...rest] = argv;
  if (!program) throw new Error('cannot start a process: the command is empty');
  try {
    const child = spawn(program, rest, {
      detached: true,
      env: { ...options.env },
      stdio: [
        options.stdin ? 'pipe' : 'ignore',
        options.onStdout ? 'pipe' : 'ignore',
        options.onStderr ? 'pipe' : 'ignore',
        ...(options.fd3 || options.onChannel ? ['pipe' as const] : []),
      ],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (error) {
    throw new Error(`cannot start ${program}: ${spawnFailure(error, options.cwd)}`);
  }
}

/** Node's own message may quote arguments and environment values, so only the code is used. */
function spawnFailure(error: unknown, cwd: string | undefined): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  switch (code) {
    case 'ENOENT':
      // The kernel reports a missing working directory and a missing program alike.
      return cwd !== undefined && !existsSync(cwd)
        ? `its working directory ${cwd} does not exist (ENOENT)`
        : 'no such program (ENOENT)';
    case 'EACCES':
      return 'it, or its working directory, may not be used (EACCES)';
    case 'E2BIG':
      return 'its arguments and environment are too long (E2BIG)';
    case 'ERR_INVALID_ARG_VALUE':
      return 'an argument or an environment value holds a NUL byte';
    default:
      return code;
  }
}

type Group = {
  /** SIGTERM now, SIGKILL after the grace. */
  readonly end: () => void;
  /**
   * The leader has ended; no signal after this one. A daemon that it left behind on purpose (it let
   * go of our streams, and nobody asked for the end) may stay; all else gets SIGKILL.
   */
  readonly finish: (rest: 'leave' | 'kill') => void;
};

function ownGroup(pid: number, graceMs: number): Group {
  let state: 'running' | 'ending' | 'finished' = 'running';
  let force: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  };
  return {
    end: () => {
      if (state !== 'running') return;
      state = 'ending';
      if (graceMs === 0) return send('SIGKILL');
      send('SIGTERM');
      force = setTimeout(() => send('SIGKILL'), graceMs);
    },
    finish: (rest) => {
      clearTimeout(force);
      if (state === 'ending' || rest === 'kill') send('SIGKILL');
      state = 'finished';
    },
  };
}

type Cause = Pick<ProcessExit, 'timedOut' | 'aborted'>;

/** Ends the group at the time limit or on abort; `disarm` tells which of them came first. */
function armLimits(options: SpawnOptions, end: () => void): { readonly disarm: () => Cause } {
  let cause: 'timeout' | 'abort' | undefined;
  const onLimit = (which: 'timeout' | 'abort') => () => {
    cause ??= which;
    end();
  };
  const onAbort = onLimit('abort');
  const timer =
    options.timeoutMs === undefined ? undefined : setTimeout(onLimit('timeout'), options.timeoutMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  return {
    disarm: () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      return { timedOut: cause === 'timeout', aborted: cause === 'abort' };
    },
  };
}

function connectInputs(
  child: ChildProcess,
  options: SpawnOptions,
  fail: (error: unknown) => void,
): void {
  const fd3 = child.stdio[3];
  if (options.stdin && child.stdin) feed(child.stdin, options.stdin, fail);
  if (options.fd3 && fd3 && 'write' in fd3) feed(fd3, options.fd3, fail);
  // Node makes it a socket: both ways.
  else if (fd3) options.onChannel?.(fd3 as Duplex);
}

function connectOutputs(
  child: ChildProcess,
  options: SpawnOptions,
  fail: (error: unknown) => void,
) {
  const outputs: [Readable | null, SpawnOptions['onStdout']][] = [
    [child.stdout, options.onStdout],
    [child.stderr, options.onStderr],
  ];
  return outputs.flatMap(([stream, handler]) =>
    stream && handler ? [openDrain(stream, handler, fail)] : [],
  );
}
