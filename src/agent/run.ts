/** Runs the agent in the bottle: streams its output, keeps its limits, and says how it ended. */
import type { Host, HostPath } from '../host/host.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { execBehindRelay, proxyEnvironment } from '../relay/relay.ts';
import { openTranscript } from './transcript.ts';

export type AgentEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'timed-out' | 'idle' | 'stopped' };

/** The parts of a plan that are carried out here. */
type AgentPlan = Pick<Plan, 'runId' | 'agent' | 'limits' | 'env' | 'provision' | 'resultFile'>;

export type AgentRun = AgentEnd & { readonly durationMs: number };

export type RunAgentOptions = {
  /** The file that keeps the agent's raw output. */
  readonly transcript: HostPath;
  /** Ends the agent from outside: cancellation, or the gateway's death. */
  readonly signal: AbortSignal;
  /** What the relay says to the gateway. */
  readonly token: string;
  /** What the agent finds in its environment beside what the plan says: how to trust the gateway. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same for values that must not leave the guest. */
  readonly secretEnvironment: Readonly<Record<string, string>>;
};

const MINUTE_MS = 60_000;

/**
 * Never throws for what the agent does; an engine's own failure is thrown by the machine.
 *
 * @throws {BottleError} `provision-failed` when the guest has no relay; the agent did not run
 */
export async function runAgent(
  host: Host,
  machine: Machine,
  plan: AgentPlan,
  options: RunAgentOptions,
): Promise<AgentRun> {
  const transcript = await openTranscript(options.transcript);
  const log = host.log.openGuestLog(plan.agent.name.value);
  const idle = idleTimer(plan.limits.idleMinutes.value * MINUTE_MS);
  const onOutput = (chunk: Uint8Array) => {
    idle.restart();
    log.write(chunk);
    return transcript.write(chunk);
  };
  try {
    const result = await execBehindRelay(machine, plan.agent.argv, {
      token: options.token,
      cwd: plan.provision.workspace.to,
      env: { ...proxyEnvironment(), ...options.environment, ...guestEnvironment(plan) },
      secretEnv: { ...options.secretEnvironment, ...secretEnvironment(host, plan) },
      stdin: Buffer.from(plan.provision.task.text),
      onStdout: onOutput,
      onStderr: onOutput,
      timeoutMs: plan.limits.minutes.value * MINUTE_MS,
      signal: AbortSignal.any([options.signal, idle.signal]),
    });
    return { ...endOf(result, idle.signal.aborted), durationMs: result.durationMs };
  } finally {
    idle.cancel();
    await log.end();
    await transcript.close();
  }
}

function endOf(result: ExecResult, wentIdle: boolean): AgentEnd {
  if (result.timedOut) return { kind: 'timed-out' };
  if (result.aborted) return { kind: wentIdle ? 'idle' : 'stopped' };
  return { kind: 'exited', exitCode: result.exitCode };
}

/** What every agent finds in its environment, beside the manifest's own entries. */
function guestEnvironment(plan: AgentPlan): Record<string, string> {
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

/** The values behind the plan's names, at the last moment and only for the guest's process. */
function secretEnvironment(host: Host, plan: AgentPlan): Record<string, string> {
  const values: Record<string, string> = {};
  for (const entry of plan.env) {
    if (entry.kind === 'host') values[entry.name] = host.env[entry.hostVar] ?? '';
  }
  return values;
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
