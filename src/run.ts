/** One run while it lasts: its directory, its clock, what ends it early, what it has made so far. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunAgentOptions } from './agent/run.ts';
import type { AgentFiles } from './agent/witness.ts';
import { deployKeysIn, removeDeployKeys } from './deploy-key.ts';
import { type BottleError, messageOf } from './errors.ts';
import type { GatewayLimit, GatewayUsage, NamedSecret } from './gateway/protocol.ts';
import type { GatewayEvents } from './gateway/start.ts';
import type { RunSecrets } from './gateway-request.ts';
import type { Host, HostPath } from './host/host.ts';
import type { EnsuredImage } from './image/request.ts';
import { limitReached, limitSentence, spentOver } from './limit.ts';
import type { ReadyEngine } from './machine/engine.ts';
import type { MachineSpec } from './machine/machine.ts';
import { decideOutcome, type Ending } from './outcome.ts';
import type { Plan } from './plan/plan.ts';
import { programSpec } from './program.ts';
import { PHASE_TITLES, type PhaseName, type PhaseResults, sentenceOf } from './progress.ts';
import { caEnvironment } from './provision/ca.ts';
import { enlistRun, reapDeadRuns } from './reap.ts';
import { type PhaseClock, startPhases } from './report/phases.ts';
import { type RunState, type StepDirectory, saveRunState } from './state.ts';

/** Between the runner's SIGINT and its SIGTERM are 7.5 s: collecting and proposing end by these. */
const SALVAGE_MS = { collect: 2_500, propose: 4_000 };
const COLLECT_MS = 15 * 60_000;
/** What an agent gets to end by itself, after its model told it that a limit is reached. */
const LIMIT_GRACE_MS = 30_000;

/** Where things of this run are on the runner: all below the step's directory. */
export type RunPaths = {
  /** Becomes the artifact. */
  readonly artifact: HostPath;
  /** What the agent says, in the artifact. */
  readonly agent: AgentFiles;
  /** Every decision of the gateway, in the artifact. */
  readonly egress: HostPath;
  readonly scratch: HostPath;
  /** Becomes an artifact of its own, where it is kept. */
  readonly session: HostPath;
  /** What the guest sent of the agent's work, unread. */
  readonly bundles: HostPath;
  /** What the guest's remotes are on the runner. */
  readonly gate: HostPath;
  /** Those made for this run; the post step looks here too. */
  readonly deployKeys: HostPath;
  readonly socket: HostPath;
  readonly machineState: HostPath;
};

export type Run = {
  readonly plan: Plan;
  readonly paths: RunPaths;
  readonly secrets: RunSecrets;
  readonly startedAt: number;
  readonly clock: PhaseClock;
  /** What the phases have made so far; what is absent was not reached. */
  readonly made: Partial<PhaseResults>;
  /** Aborts when there is no point in going on: cancelled, the gateway died, a limit is reached. */
  readonly signal: AbortSignal;
  /** How long bringing back may take; after a cancellation it is ended early. */
  readonly salvaging: {
    readonly collecting: { readonly timeoutMs: number; readonly signal: AbortSignal };
    readonly proposing: AbortSignal;
  };
  /** Runs one phase in a log group of its own. What a phase throws first decides the outcome. */
  phase<K extends PhaseName>(
    name: K,
    action: () => Promise<PhaseResults[K]>,
  ): Promise<PhaseResults[K]>;
  /** What the gateway may tell that ends the run. */
  readonly gatewayEvents: GatewayEvents;
  ending(): Ending;
};

/** Saves the state for the post step before the machine exists, then lays out the directory. */
export async function openRun(
  host: Host,
  plan: Plan,
  engine: ReadyEngine,
  { own, workflowToken }: { readonly own: StepDirectory; readonly workflowToken: string },
): Promise<Run> {
  const paths = pathsOf(own.path);
  const state: RunState = {
    runId: plan.runId,
    engine: plan.engine.value,
    engineBinary: engine.smolvm?.path ?? '',
    machine: plan.machine.name,
    machineState: paths.machineState,
  };
  saveRunState(host, state);
  await reapDeadRuns(host);
  await enlistRun(host, state);
  const secrets = runSecrets(host, plan, workflowToken);
  for (const { value } of secretsOf({ secrets }))
    if (value.length >= SHORTEST_MASK) host.setSecret(value);
  await mkdir(paths.artifact, { recursive: true, mode: 0o700 });
  await mkdir(paths.scratch, { mode: 0o700 });

  const { ended, collecting, proposing } = endings(host);
  const made: Partial<PhaseResults> = {};
  const clock = startPhases(() => host.now());
  let thrown: unknown;
  const gateway = gatewayEvents(host, plan, ended);
  return {
    plan,
    paths,
    secrets,
    startedAt: host.now(),
    clock,
    made,
    signal: ended.signal,
    salvaging: {
      collecting: { timeoutMs: COLLECT_MS, signal: collecting.signal },
      proposing: proposing.signal,
    },
    async phase(name, action) {
      host.log.startGroup(PHASE_TITLES[name]);
      try {
        const result = await clock.run(name, action);
        made[name] = result;
        host.log.info(sentenceOf(name, result));
        return result;
      } catch (error) {
        thrown ??= error;
        throw error;
      } finally {
        host.log.endGroup();
      }
    },
    gatewayEvents: gateway,
    ending: () => {
      const { agent } = made;
      const { death, limit, budget } = gateway.told();
      const cancelled = host.cancelled.aborted;
      return decideOutcome({
        ...{ thrown, agent, gatewayDeath: death, limit, budget, cancelled },
        modelStatuses: modelStatuses(plan, made.gateway),
        limited: {
          turns: plan.limits.turns.value !== null,
          cost: plan.limits.costUsd.value !== null,
        },
      });
    },
  };
}

/** All that must not leave: the canary and the relay's token are looked for like the real ones. */
export function secretsOf({ secrets }: Pick<Run, 'secrets'>): readonly NamedSecret[] {
  const { named, canary, token, workflowToken } = secrets;
  const own = { name: "the relay's token", value: token };
  const github = { name: 'the input token', value: workflowToken };
  return [...named, canary, own, github].filter(({ value }) => value !== '');
}

/** How a run's directory is laid out. */
export function pathsOf(directory: HostPath): RunPaths {
  const artifact = join(directory, 'artifact');
  return {
    artifact,
    agent: {
      raw: join(artifact, 'agent.log'),
      stderr: join(artifact, 'agent.stderr.log'),
      events: join(artifact, 'transcript.jsonl'),
    },
    egress: join(artifact, 'egress.jsonl'),
    scratch: join(directory, 'scratch'),
    session: join(directory, 'session'),
    bundles: join(directory, 'bundles'),
    gate: join(directory, 'gate'),
    deployKeys: deployKeysIn(directory),
    socket: join(directory, 'gateway.sock'),
    // Short: smolvm appends sixty characters, and a unix socket's path is bounded.
    machineState: join(directory, 'm'),
  };
}

/** A mask on a short value would hide half the log. */
const SHORTEST_MASK = 8;

function runSecrets(host: Host, plan: Plan, workflowToken: string): RunSecrets {
  const names = [...new Set(plan.secrets.map(({ name }) => name))];
  return {
    token: randomBytes(32).toString('hex'),
    canary: {
      name: `SERVICE_${host.randomName(6).toUpperCase()}_TOKEN`,
      value: `svc_${host.randomName(40)}`,
    },
    workflowToken,
    named: names.flatMap((name) => {
      const value = host.env[name]?.trim();
      return value ? [{ name, value }] : [];
    }),
  };
}

/** Keeps what the gateway told, and ends the run by it: after a limit, not before the agent had time. */
function gatewayEvents(host: Host, plan: Plan, ended: AbortController) {
  let death: BottleError | undefined;
  let limit: BottleError | undefined;
  let budget: BottleError | undefined;
  return {
    onDeath(error: BottleError) {
      death = error;
      ended.abort(error);
    },
    onLimit(told: GatewayLimit) {
      host.log.warning(limitSentence(told));
      if (told.level === 'near' || limit !== undefined) return;
      const error = limitReached(told, plan);
      limit = error;
      setTimeout(() => ended.abort(error), LIMIT_GRACE_MS).unref();
    },
    onUsage({ tokens }: GatewayUsage) {
      const spent = spentOver(plan, tokens);
      if (spent === undefined || budget !== undefined) return;
      budget = spent;
      ended.abort(spent);
    },
    told: () => ({ death, limit, budget }),
  };
}

/** A cancellation ends the work at once, and the salvaging a little later. */
function endings(host: Host) {
  const ended = new AbortController();
  const collecting = new AbortController();
  const proposing = new AbortController();
  const onCancel = () => {
    const { reason } = host.cancelled;
    ended.abort(reason);
    setTimeout(() => collecting.abort(reason), SALVAGE_MS.collect).unref();
    setTimeout(() => proposing.abort(reason), SALVAGE_MS.propose).unref();
  };
  if (host.cancelled.aborted) onCancel();
  else host.cancelled.addEventListener('abort', onCancel, { once: true });
  return { ended, collecting, proposing };
}

/** What the models' APIs answered, all routes together. */
function modelStatuses(plan: Plan, gateway: PhaseResults['gateway'] | undefined) {
  const models = new Set(plan.reach.routes.filter(({ meter }) => meter).map(({ host }) => host));
  const sums: Record<string, number> = {};
  for (const { route, statuses } of gateway?.egress().routes ?? []) {
    if (!models.has(route)) continue;
    for (const [status, times] of Object.entries(statuses)) {
      sums[status] = (sums[status] ?? 0) + times;
    }
  }
  return sums;
}

/** What the engine boots, from what the plan says and what the image stage brought. */
export function machineSpec({ plan, paths, made }: Run, image: EnsuredImage): MachineSpec {
  return {
    name: plan.machine.name,
    image: image.image,
    cpus: plan.machine.cpus.value,
    memoryMib: plan.machine.memoryMib.value,
    storageGib: plan.machine.storageGib.value,
    user: plan.user,
    socket: { host: paths.socket, guest: plan.socket },
    stateDir: paths.machineState,
    ...programSpec(plan, made),
    labels: { 'bottle.run': plan.runId },
  };
}

/** What the walls are proven with. */
export function wallOptions({ plan, secrets, signal }: Run) {
  return { token: secrets.token, routes: plan.reach.routes, signal };
}

/** How the agent is watched, and what it gets that the plan does not know. */
export function agentOptions({ plan, paths, secrets, made, signal }: Run): RunAgentOptions {
  const { token, canary } = secrets;
  return {
    files: paths.agent,
    signal,
    token,
    environment: caEnvironment(plan.user.home, made.gateway?.certificate ?? ''),
    secretEnvironment: { [canary.name]: canary.value },
  };
}

/** Ends what the run opened. After a cancellation the machine is left to the post step: time is short. */
export async function closeRun(host: Host, { made, paths }: Run): Promise<undefined> {
  try {
    if (!host.cancelled.aborted) await made.boot?.destroy();
  } catch (error) {
    // What the agent made is safe by now; the post step destroys by name.
    host.log.warning(`The machine is left to the post step: ${messageOf(error)}`);
  }
  await made.gateway?.stop();
  if (!host.cancelled.aborted) await removeDeployKeys(host, paths.deployKeys);
}
