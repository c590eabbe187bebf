/**
 * Ends a command in a smolvm guest before its time: at the limit, on abort, or what it left behind.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningProcess } from '../../host/host.ts';
import type { ExecOptions } from '../machine.ts';
import { execArgv } from './argv.ts';
import type { Booted } from './call.ts';
import { callSmolvm } from './cli.ts';
import { engineError } from './failure.ts';
import { killProgram, type Runner } from './guest.ts';
import { findMachine } from './list.ts';

const KILL_TIMEOUT_MS = 15_000;
const KILL_ATTEMPTS = 3;
const END_ROUNDS = 8;
const END_PAUSE_MS = 500;

export type Limits = {
  disarm(): void;
  cause(): { readonly timedOut: boolean; readonly aborted: boolean };
  /** Settles when what a limit set off is done; rejects when it failed. */
  ended(): Promise<void>;
};

export function armLimits(options: ExecOptions, end: () => Promise<void>): Limits {
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

/**
 * The guest's side first, so that the last output still comes, and again while the command line
 * lives: the command may only be about to start. The command line last.
 */
export async function endInGuest(
  booted: Booted,
  runner: Runner,
  running: RunningProcess,
): Promise<void> {
  const ended = running.exit.then(
    () => true,
    () => true,
  );
  for (let round = 0; round < END_ROUNDS; round++) {
    await killInGuest(booted, runner);
    if (await Promise.race([ended, delay(END_PAUSE_MS, false, { ref: false })])) return;
  }
  running.kill();
  await killInGuest(booted, runner);
}

/** A second exec kills: neither smolvm's limit nor its death reaches further than one process. */
export async function killInGuest(booted: Booted, runner: Runner): Promise<void> {
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
    outcome: 'internal-error',
    command: 'machine exec (to end a command)',
    exitCode: 1,
    stderr: failure,
  });
}

export async function stateOf(booted: Booted): Promise<string> {
  return (await findMachine(booted.cli, booted.name))?.state ?? 'absent';
}
