/** Puts all that the plan names into the guest: one tar stream, one exec, and one of root's. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import type { Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { agentFilesStep } from './agent-file.ts';
import { caStep } from './ca.ts';
import { gitStep } from './git.ts';
import { type Git, makeGit } from './git-command.ts';
import { cancelled, unpackInGuest } from './guest-unpack.ts';
import { outputDirectoryStep } from './output-directory.ts';
import { findProgram } from './program.ts';
import { promptStep } from './prompt.ts';
import type { Provisioned } from './provisioned.ts';
import { sessionStep } from './session.ts';
import { skillsStep } from './skills.ts';
import type { Step, Tally } from './step.ts';
import { trustInSystem } from './system-store.ts';
import { taskStep } from './task.ts';
import { workspaceStep } from './workspace.ts';

/** The parts of a plan that are carried out here. */
type ProvisionInput = Pick<Plan, 'provision' | 'user' | 'git' | 'agent' | 'env'>;

export type ProvisionOptions = {
  readonly scratch: HostPath;
  /** PEM of the authority that the guest is to trust; empty: none. */
  readonly certificate: string;
  readonly signal?: AbortSignal;
};

/**
 * Fills the guest. Nothing on the runner is written to but the scratch directory, in which only the
 * repository of `Provisioned` stays.
 * Throws `BottleError`: `provision-failed`, `config-invalid` (the workspace), `cancelled`.
 */
export async function provision(
  host: Host,
  machine: Machine,
  plan: ProvisionInput,
  options: ProvisionOptions,
): Promise<Provisioned> {
  if (options.signal?.aborted) throw cancelled();
  const scratch = mkdtempSync(join(options.scratch, 'provision-'));
  const over = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal;
  const program = host.which('git');
  const git = program ? makeGit(host, program, scratch, signal) : undefined;
  try {
    const kept = `${scratch}-base.git`;
    return await fill(host, machine, plan, { ...options, scratch, git, signal, kept });
  } catch (error) {
    throw options.signal?.aborted ? cancelled() : error;
  } finally {
    over.abort();
    await git?.idle();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fill(
  host: Host,
  machine: Machine,
  plan: ProvisionInput,
  own: ProvisionOptions & {
    readonly git: Git | undefined;
    readonly signal: AbortSignal;
    readonly kept: HostPath;
  },
): Promise<Provisioned> {
  const parts = plan.provision;
  const tally: Tally = { files: 0, bytes: 0, notices: [] };
  const { scratch, git, certificate, signal } = own;
  const { remotes, origin } = plan.git;
  const originUrl = remotes.find(({ name }) => name === origin)?.url.value ?? '';
  const workspace = workspaceStep({ host, plan: parts, originUrl, git, scratch, tally });
  const steps: Step[] = [
    // First, so that no later step could fail for want of it.
    caStep(plan.user.home, certificate),
    promptStep(parts),
    // Before the settings, which nothing of it may replace.
    sessionStep(parts),
    agentFilesStep(parts),
    taskStep(parts),
    skillsStep(parts, tally),
    outputDirectoryStep(parts),
    gitStep(parts, remotes, plan.user),
    workspace,
  ];
  await unpackInGuest(machine, steps, signal);
  if (certificate !== '' && machine.engine === 'smolvm') {
    tally.notices.push(...(await trustInSystem(machine, plan.user.home, signal)));
  }
  const programVersion = await findProgram(machine, plan, signal);
  const began = workspace.began();
  return {
    ...tally,
    baseTree: began.tree,
    baseCommit: began.commit,
    repository: keepRepository(began.repository, own.kept),
    withheld: began.withheld,
    skills: parts.skills.list.map(({ name }) => name),
    programVersion,
  };
}

/** Moves what the scratch directory does not take with it. */
function keepRepository(repository: HostPath, kept: HostPath): HostPath {
  if (repository === '') return '';
  renameSync(repository, kept);
  return kept;
}
