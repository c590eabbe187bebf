/** Runs the agent in the bottle: streams what it says, keeps its limits, and tells how it ended. */
import type { Host, HostPath } from '../host/host.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { execBehindRelay } from '../relay/relay.ts';
import { guestEnvironment, secretEnvironment } from './environment.ts';
import { type AgentFailure, judge } from './judge.ts';
import { findProvider } from './provider.ts';
import { type Answer, readAnswer, repairText, schemaFailure } from './structured.ts';
import type { Tally } from './tally.ts';
import { type AgentFiles, openWitness, type Witness } from './witness.ts';

export type AgentEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'timed-out' | 'idle' | 'stopped' }
  /** It began a turn more than it has. */
  | { readonly kind: 'turns'; readonly allowed: number };

/** The parts of a plan that are carried out here. */
export type AgentPlan = Pick<
  Plan,
  'runId' | 'agent' | 'limits' | 'env' | 'provision' | 'resultFile'
>;

export type AgentRun = AgentEnd & {
  readonly durationMs: number;
  /** Of one that exited: undefined when it did what it was asked. */
  readonly failure: AgentFailure | undefined;
  /** As its events have it; claims, all of them. */
  readonly told: Tally;
  /** Its answer as data that follows the schema; absent: none was asked for, or it failed. */
  readonly structured?: unknown;
  /** What it left on the runner: those files that hold something. */
  readonly files: readonly HostPath[];
};

export type RunAgentOptions = {
  readonly files: AgentFiles;
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
  const { agent, limits } = plan;
  const over = new AbortController();
  const onTurn = (turn: number) => {
    if (turn > (limits.turns.value ?? Number.POSITIVE_INFINITY)) over.abort();
  };
  const witness = await openWitness(host, agent.name.value, options.files, onTurn);
  try {
    const watched = { ...options, signal: AbortSignal.any([options.signal, over.signal]) };
    const run = (attempt: Attempt) => runOnce(host, machine, plan, watched, witness, attempt);
    const input = plan.provision.task.text + (agent.outputSchema?.instruction ?? '');
    const first = await run({ argv: agent.argv, input, spentMs: 0 });
    const { durationMs, answer, ...end } = await askForData(machine, plan, witness, first, run);
    const told = witness.tally();
    const ended: AgentEnd =
      over.signal.aborted && end.kind === 'stopped'
        ? { kind: 'turns', allowed: limits.turns.value ?? 0 }
        : end;
    const failure =
      failureOf(plan, ended, told, witness.stderrTail()) ??
      (answer?.ok === false ? schemaFailure(answer.problem) : undefined);
    const structured = answer?.ok === true ? { structured: answer.data } : {};
    return { ...ended, durationMs, failure, told, files: witness.files(), ...structured };
  } finally {
    await witness.close();
  }
}

type Attempt = {
  readonly argv: readonly string[];
  readonly input: string;
  /** Of the time that it has. */
  readonly spentMs: number;
};

type Attempted = AgentEnd & { readonly durationMs: number };

/** Shell-safe, and no option. */
const SESSION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Where a schema is to be followed: the answer, for which it is asked once more if it can be. */
async function askForData(
  machine: Machine,
  plan: AgentPlan,
  witness: Witness,
  first: Attempted,
  run: (attempt: Attempt) => Promise<Attempted>,
): Promise<Attempted & { readonly answer?: Answer }> {
  const { outputSchema: schema, resume } = plan.agent;
  const isWell = (end: Attempted) =>
    end.kind === 'exited' && !failureOf(plan, end, witness.tally(), witness.stderrTail());
  if (schema === null || !isWell(first)) return first;
  const answer = await readAnswer(machine, schema, witness.tally());
  const { session } = witness.tally();
  if (answer.ok || resume.argv.length === 0 || !SESSION_NAME.test(session)) {
    return { ...first, answer };
  }
  const argv = resume.argv.map((word) => (word === resume.session ? session : word));
  const input = repairText(answer.problem, schema);
  const second = await run({ argv, input, spentMs: first.durationMs });
  const whole = { ...second, durationMs: first.durationMs + second.durationMs };
  if (!isWell(second)) return whole;
  return { ...whole, answer: await readAnswer(machine, schema, witness.tally()) };
}

/** One run of its program. */
async function runOnce(
  host: Host,
  machine: Machine,
  plan: AgentPlan,
  options: RunAgentOptions,
  witness: Witness,
  { argv, input, spentMs }: Attempt,
): Promise<AgentEnd & { readonly durationMs: number }> {
  const idle = idleTimer(plan.limits.idleMinutes.value * MINUTE_MS);
  const restarting =
    (take: (chunk: Uint8Array) => Promise<unknown>) => async (chunk: Uint8Array) => {
      idle.restart();
      await take(chunk);
    };
  witness.begin(findProvider(plan.agent.provider.value));
  try {
    const result = await execBehindRelay(machine, argv, {
      token: options.token,
      cwd: plan.provision.workspace.to,
      env: guestEnvironment(plan, options.environment),
      secretEnv: { ...options.secretEnvironment, ...secretEnvironment(host, plan) },
      stdin: Buffer.from(input),
      onStdout: restarting(witness.stdout),
      onStderr: restarting(witness.stderr),
      timeoutMs: Math.max(1, plan.limits.minutes.value * MINUTE_MS - spentMs),
      signal: AbortSignal.any([options.signal, idle.signal]),
    });
    const end = endOf(result, idle.signal.aborted);
    await witness.finish(end.kind === 'exited' ? end.exitCode : null);
    return { ...end, durationMs: result.durationMs };
  } finally {
    idle.cancel();
  }
}

function endOf(result: ExecResult, wentIdle: boolean): AgentEnd {
  if (result.timedOut) return { kind: 'timed-out' };
  if (result.aborted) return { kind: wentIdle ? 'idle' : 'stopped' };
  return { kind: 'exited', exitCode: result.exitCode };
}

function failureOf(
  { agent }: AgentPlan,
  end: AgentEnd,
  tally: Tally,
  stderr: string,
): AgentFailure | undefined {
  if (end.kind !== 'exited') return undefined;
  const finishes = findProvider(agent.provider.value).program !== undefined;
  const { exitCode } = end;
  return judge({ exitCode, tally, exitCodes: agent.exitCodes, finishes, stderr });
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
