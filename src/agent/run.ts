/** Runs the agent in the bottle: streams its output, keeps its limits, and says how it ended. */
import type { GuestLog } from '../host/host.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';

export type AgentEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'timed-out' | 'idle' | 'stopped' };

export type AgentRun = AgentEnd & { readonly durationMs: number };

export type RunAgentOptions = {
  readonly log: GuestLog;
  /** Receives the raw output too: for the log file of the artifact. */
  readonly transcript: (chunk: Uint8Array) => void | Promise<void>;
  readonly secretEnv: Readonly<Record<string, string>>;
  /** Ends the agent from outside: cancellation, or the gateway's death. */
  readonly signal: AbortSignal;
};

const MINUTE_MS = 60_000;

/** Never throws for what the agent does; an engine's own failure is thrown by the machine. */
export async function runAgent(
  machine: Machine,
  plan: Plan,
  options: RunAgentOptions,
): Promise<AgentRun> {
  const idle = idleTimer(plan.limits.idleMinutes.value * MINUTE_MS);
  const onOutput = (chunk: Uint8Array) => {
    idle.restart();
    options.log.write(chunk);
    return options.transcript(chunk);
  };
  try {
    const result = await machine.exec(plan.agent.argv, {
      cwd: plan.provision.workspace.to,
      env: guestEnvironment(plan),
      secretEnv: options.secretEnv,
      stdin: Buffer.from(plan.provision.task.text),
      onStdout: onOutput,
      onStderr: onOutput,
      timeoutMs: plan.limits.minutes.value * MINUTE_MS,
      signal: AbortSignal.any([options.signal, idle.signal]),
    });
    return { ...endOf(result, idle.signal.aborted), durationMs: result.durationMs };
  } finally {
    idle.cancel();
    options.log.end();
  }
}

function endOf(result: ExecResult, wentIdle: boolean): AgentEnd {
  if (result.timedOut) return { kind: 'timed-out' };
  if (result.aborted) return { kind: wentIdle ? 'idle' : 'stopped' };
  return { kind: 'exited', exitCode: result.exitCode };
}

/** What every agent finds in its environment, beside the manifest's own entries. */
function guestEnvironment(plan: Plan): Record<string, string> {
  const { prompt, task, outputDirectory } = plan.provision;
  const own: Record<string, string> = {
    BOTTLE_RUN_ID: plan.runId,
    BOTTLE_TASK_FILE: task.to,
    BOTTLE_OUTPUT_DIR: outputDirectory,
    BOTTLE_RESULT_FILE: plan.resultFile,
  };
  // bot-bottle's contract: the file always exists, its path is passed only when it says something.
  if (prompt.text !== '') own.BOTTLE_PROMPT_FILE = prompt.to;
  for (const entry of plan.env) if (entry.kind === 'literal') own[entry.name] = entry.value;
  return own;
}

type IdleTimer = { readonly signal: AbortSignal; restart(): void; cancel(): void };

/** Aborts after `milliseconds` without a restart; never when it is 0. */
function idleTimer(milliseconds: number): IdleTimer {
  const controller = new AbortController();
  if (milliseconds === 0) return { signal: controller.signal, restart() {}, cancel() {} };
  const timer = setTimeout(() => controller.abort(), milliseconds);
  return {
    signal: controller.signal,
    restart: () => void timer.refresh(),
    cancel: () => clearTimeout(timer),
  };
}
