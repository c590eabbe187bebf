/** Makes the plan. Pure: no clock, no randomness but what is passed in; same request, same plan. */
import type { HostPath, MachineFacts } from '../host/host.ts';
import type { Inputs } from '../inputs.ts';
import type { EngineName, GuestUser } from '../machine/machine.ts';
import type { Selected } from '../manifest/manifest.ts';
import { planEnvironment } from './environment.ts';
import { planImage } from './image.ts';
import type { CachePlan, LimitsPlan, Plan, ProvisionPlan, SkillPlan, Sourced } from './plan.ts';

export type PlanRequest = {
  readonly inputs: Inputs;
  readonly selected: Selected;
  /** The agent's argv, from its provider. */
  readonly argv: readonly string[];
  readonly task: string;
  readonly skills: readonly SkillPlan[];
  /** Where skills go in the guest; empty: the contract's own place. */
  readonly guestSkillsDirectory: string;
  readonly workspace: HostPath;
  /** Of the image: what was read at the trusted ref; empty where there is no such file. */
  readonly smolfile: string;
  readonly lock: CachePlan['lock'];
  /** Did somebody with write access cause this run, on a branch of this repository? */
  readonly trusted: boolean;
  readonly facts: MachineFacts;
  /** Five random base-36 characters. */
  readonly suffix: string;
  /** Names of the step's variables; their values are never asked for here. */
  readonly hostVariables: ReadonlySet<string>;
};

const HOME = '/home/node';
const USER: GuestUser = { name: 'node', uid: 1000, gid: 1000, home: HOME };
const DEFAULTS = { minutes: 30, idleMinutes: 10, outputMib: 1024, storageGib: 10 };
const MOST_CPUS = 4;
const MOST_MEMORY_MIB = 4096;
const SHARE_OF_FREE_MEMORY = 0.6;

/** @throws {BottleError} `config-invalid` for what only the whole can show. */
export function makePlan(request: PlanRequest): Plan {
  const { inputs, selected } = request;
  const runId = `${selected.agentName}-${request.suffix}`;
  const engine = planEngine(request);
  return {
    version: 1,
    runId,
    agent: planAgent(request),
    engine,
    isolation: engine.value === 'smolvm' ? 'microvm' : 'namespaces',
    machine: { name: `bottle-${runId}`, ...planSize(request) },
    image: planImage(request, engine.value),
    cache: { mode: inputs.cache, trusted: request.trusted, lock: request.lock },
    user: USER,
    socket: '/run/bottle/gateway.sock',
    env: planEnvironment(selected, request.hostVariables),
    provision: planProvision(request),
    limits: planLimits(request),
    outputs: planOutputs(request),
    resultFile: `${HOME}/.bottle/result.md`,
    artifact: {
      name: inputs.artifactName || `bottle-${runId}`,
      retentionDays: inputs.retentionDays,
    },
  };
}

function planEngine({ inputs, selected }: PlanRequest): Sourced<EngineName> {
  return first<EngineName>(
    [inputs.engine, 'input engine'],
    [selected.bottle.engine, selected.source('bottle.engine')],
    ['smolvm', 'default'],
  );
}

function planAgent({ inputs, selected, argv }: PlanRequest): Plan['agent'] {
  const template = selected.bottle.agent_provider.template;
  return {
    name: { value: selected.agentName, source: inputs.agent === '' ? 'default' : 'input agent' },
    bottles: { value: selected.bottleNames, source: selected.source('bottle') },
    provider: { value: template, source: selected.source('bottle.agent_provider.template') },
    argv,
  };
}

function planSize({ selected, facts }: PlanRequest): Omit<Plan['machine'], 'name'> {
  const { cpus, memory_mib, storage_gib } = selected.bottle.machine ?? {};
  const memory = Math.floor(facts.freeMemoryMib * SHARE_OF_FREE_MEMORY);
  return {
    cpus: first(
      [cpus, selected.source('bottle.machine.cpus')],
      [clamp(facts.cores - 1, 1, MOST_CPUS), `default: cores − 1, at most ${MOST_CPUS}`],
    ),
    memoryMib: first(
      [memory_mib, selected.source('bottle.machine.memory_mib')],
      [clamp(memory, 256, MOST_MEMORY_MIB), `default: 60 % of free, at most ${MOST_MEMORY_MIB}`],
    ),
    storageGib: first(
      [storage_gib, selected.source('bottle.machine.storage_gib')],
      [DEFAULTS.storageGib, 'default'],
    ),
  };
}

/** The input takes the place of what the manifest says; the agent's and the bottle's add up. */
function planOutputs({ inputs, selected }: PlanRequest): Plan['outputs'] {
  if (inputs.outputs.length > 0) return { value: inputs.outputs, source: 'input outputs' };
  const { agent, bottle } = selected;
  const given = [
    ...(agent.outputs ? [selected.source('agent.outputs')] : []),
    ...(bottle.outputs ? [selected.source('bottle.outputs')] : []),
  ];
  const value = [...new Set([...(agent.outputs ?? []), ...(bottle.outputs ?? [])])];
  return { value, source: given.join(', ') || 'default' };
}

function planLimits({ inputs, selected }: PlanRequest): LimitsPlan {
  const { minutes, idle_minutes, output_mib } = selected.bottle.limits ?? {};
  return {
    minutes: first(
      [inputs.minutes, 'input minutes'],
      [minutes, selected.source('bottle.limits.minutes')],
      [DEFAULTS.minutes, 'default'],
    ),
    idleMinutes: first(
      [inputs.idleMinutes, 'input idle-minutes'],
      [idle_minutes, selected.source('bottle.limits.idle_minutes')],
      [DEFAULTS.idleMinutes, 'default'],
    ),
    outputMib: first(
      [output_mib, selected.source('bottle.limits.output_mib')],
      [DEFAULTS.outputMib, 'default'],
    ),
  };
}

function planProvision(request: PlanRequest): ProvisionPlan {
  const { agent, agentName, bottle } = request.selected;
  const user = bottle['git-gate']?.user;
  return {
    workspace: {
      from: request.workspace,
      to: `${HOME}/workspace`,
      exclude: bottle.workspace?.exclude ?? [],
    },
    // bot-bottle's contract names this path; agents' own files refer to it.
    prompt: { text: agent.prompt, to: `${HOME}/.claude-bottle-prompt.txt` },
    skills: {
      list: request.skills,
      to: request.guestSkillsDirectory || `${HOME}/.claude/skills`,
    },
    task: { text: request.task, to: `${HOME}/.bottle/task.md` },
    outputDirectory: `${HOME}/outputs`,
    gitUser: {
      name: user?.name ?? agentName,
      email: user?.email ?? `${agentName}@bottle.invalid`,
    },
  };
}

/** The first value that is given, and its source; the last candidate is the default. */
function first<T>(
  ...candidates: readonly [...(readonly (readonly [T | undefined, string])[]), readonly [T, string]]
): Sourced<T> {
  const [value, source] = candidates.find(([given]) => given !== undefined) ?? candidates[0];
  return { value: value as T, source };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
