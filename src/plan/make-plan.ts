/** Makes the plan. Pure: no clock, no randomness but what is passed in; same request, same plan. */
import type { Provider } from '../agent/provider.ts';
import { nameArtifacts } from '../artifact-kind.ts';
import type { HostPath, MachineFacts } from '../host/host.ts';
import type { Inputs } from '../inputs.ts';
import type { EngineName, GuestUser } from '../machine/machine.ts';
import type { Selected } from '../manifest/manifest.ts';
import type { OpenedSession, SessionScope } from '../session/session.ts';
import type { Pinned } from '../trust/agent-config.ts';
import type { Trust } from '../trust/trust.ts';
import { environmentOf, planAgent, prepareAgent } from './agent.ts';
import { planSecrets } from './credential.ts';
import { addPlaceholders, planEnvironment } from './environment.ts';
import { planGit } from './git.ts';
import { planImage, sourceOfDigest } from './image.ts';
import { findNotices } from './notice.ts';
import type {
  CachePlan,
  LimitsPlan,
  Plan,
  PlanSources,
  Registry,
  SkillPlan,
  Sourced,
} from './plan.ts';
import { planPlaces, planProvision, sourcesOfProvision } from './provision.ts';
import { planReach } from './reach.ts';
import { planSession, sessionNotices } from './session.ts';
import { planSize } from './size.ts';
import { slugOf } from './slug.ts';
import { first } from './sourced.ts';

export type PlanRequest = {
  readonly inputs: Inputs;
  readonly selected: Selected;
  readonly provider: Provider;
  readonly task: string;
  readonly skills: readonly SkillPlan[];
  /** Where skills go in the guest; empty: the contract's own place. */
  readonly guestSkillsDirectory: string;
  readonly workspace: HostPath;
  /** Of the image: what was read at the trusted ref; empty where there is no such file. */
  readonly smolfile: string;
  readonly lock: CachePlan['lock'];
  readonly trust: Trust;
  /** Agent configuration about which the head does not decide. */
  readonly pinned: readonly Pinned[];
  readonly facts: MachineFacts;
  /** Of the runner's processor, and so of the guest's: `x64`, `arm64`. */
  readonly arch: string;
  /** Five random base-36 characters. */
  readonly suffix: string;
  /** Of the presets that the bottle names, what this runner's package managers said. */
  readonly registries: readonly Registry[];
  /** The workflow's own, `owner/repository`; empty where there is none. */
  readonly repository: string;
  readonly checkout: {
    /** Its `origin`, an address that the gate can reach; empty where it has none. */
    readonly origin: string;
    /** The server that the workflow runs on; empty where there is none. */
    readonly server: string;
  };
  readonly trigger: {
    /** The issue or pull request that started the run; 0: none did. */
    readonly number: number;
    /** The branch that the run is about; empty: the event does not say. */
    readonly branch: string;
  };
  /** What the session of this run would be compared by. */
  readonly scope: SessionScope;
  /** The one that the agent goes on with; undefined: a new one. */
  readonly session: OpenedSession | undefined;
  /** Names of the step's variables; their values are never asked for here. */
  readonly hostVariables: ReadonlySet<string>;
};

const HOME = '/home/node';
const USER: GuestUser = { name: 'node', uid: 1000, gid: 1000, home: HOME };
const DEFAULTS = { minutes: 30, idleMinutes: 10, outputMib: 1024 };

/** @throws {BottleError} `config-invalid` for what only the whole can show. */
export function makePlan(request: PlanRequest): Plan {
  const { inputs, selected } = request;
  const runId = `${slugOf(selected.agentName)}-${request.suffix}`;
  const engine = planEngine(request);
  const { dropCredentials } = request.trust;
  const environment = planEnvironment(selected, request.hostVariables, dropCredentials);
  const reach = planReach(request);
  const git = planGit(request, runId);
  const limits = planLimits(request);
  const places = planPlaces(request, HOME);
  const agent = prepareAgent(request, HOME, places, limits);
  return {
    version: 1,
    runId,
    trust: planTrust(request.trust),
    manifest: { path: selected.carrier, sha256: selected.digest },
    agent: planAgent(request, agent, HOME),
    engine,
    isolation: engine.value === 'smolvm' ? 'microvm' : 'namespaces',
    machine: { name: `bottle-${runId}`, ...planSize(request) },
    image: planImage(request, engine.value),
    cache: { mode: inputs.cache, trusted: request.trust.cacheTrusted, lock: request.lock },
    user: USER,
    socket: '/run/bottle/gateway.sock',
    env: addPlaceholders(
      [...environmentOf(agent, request.provider), ...environment.env],
      reach.openings,
    ),
    provision: planProvision(request, HOME, places, agent),
    limits,
    outputs: planOutputs(request),
    resultFile: `${HOME}/.bottle/result.md`,
    artifact: planArtifact(inputs, runId),
    session: planSession(request),
    attest: planAttest(request),
    reach: reach.plan,
    git: git.plan,
    secrets: dropCredentials ? [] : planSecrets(selected, environment.env, reach.openings),
    sources: planSources(request),
    notices: [
      ...findNotices(selected, reach.plan.routes),
      ...environment.notices,
      ...reach.notices,
      ...git.notices,
      ...[...agent.notices, ...sessionNotices(request)].map((message) => ({ message })),
    ],
  };
}

function planArtifact(inputs: PlanRequest['inputs'], runId: string): Plan['artifact'] {
  const name = inputs.artifactName || `bottle-${runId}`;
  return { name, names: nameArtifacts(name), retentionDays: inputs.retentionDays };
}

function planTrust({ ref, head, dropCredentials, reason }: Trust): Plan['trust'] {
  return { ref: ref.kind === 'commit' ? ref.sha : 'worktree', head, dropCredentials, reason };
}

function planEngine({ inputs, selected }: PlanRequest): Sourced<EngineName> {
  return first<EngineName>(
    [inputs.engine, 'input engine'],
    [selected.bottle.engine, selected.source('bottle.engine')],
    ['smolvm', 'default'],
  );
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

/** A run without credentials signs nothing. */
function planAttest({ inputs, trust }: PlanRequest): Plan['attest'] {
  if (trust.dropCredentials) return { value: 'off', source: trust.reason };
  return { value: inputs.attest, source: 'input attest' };
}

function planLimits({ inputs, selected }: PlanRequest): LimitsPlan {
  const { minutes, idle_minutes, output_mib, turns, cost_usd } = selected.bottle.limits ?? {};
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
    costUsd: first<number | null>(
      [cost_usd, selected.source('bottle.limits.cost_usd')],
      [null, 'default'],
    ),
    turns: first<number | null>([turns, selected.source('bottle.limits.turns')], [null, 'default']),
  };
}

function planSources(request: PlanRequest): PlanSources {
  const { artifactName, retentionDays } = request.inputs;
  return {
    ...sourcesOfProvision(request),
    imageSha256: sourceOfDigest(request),
    artifactName: artifactName === '' ? 'default' : 'input artifact-name',
    retentionDays: retentionDays === 0 ? 'default' : 'input retention-days',
  };
}
