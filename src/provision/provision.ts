/** Puts all that the plan names into the guest: one tar stream, one exec. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import type { Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { gitStep } from './git.ts';
import { type Git, makeGit } from './git-command.ts';
import { cancelled, unpackInGuest } from './guest-unpack.ts';
import { outputDirectoryStep } from './output-directory.ts';
import { promptStep } from './prompt.ts';
import type { Provisioned } from './provisioned.ts';
import { skillsStep } from './skills.ts';
import type { Step, Tally } from './step.ts';
import { taskStep } from './task.ts';
import { workspaceStep } from './workspace.ts';

/** The parts of a plan that are carried out here. */
type ProvisionInput = Pick<Plan, 'provision' | 'user'>;

/**
 * Fills the guest. Nothing on the runner is written to but a scratch directory that is removed.
 * Throws `BottleError`: `provision-failed`, `config-invalid` (the workspace), `cancelled`.
 */
export async function provision(
  host: Host,
  machine: Machine,
  plan: ProvisionInput,
  options: { readonly scratch: HostPath; readonly signal?: AbortSignal },
): Promise<Provisioned> {
  if (options.signal?.aborted) throw cancelled();
  const scratch = mkdtempSync(join(options.scratch, 'provision-'));
  const over = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, over.signal]) : over.signal;
  const program = host.which('git');
  const git = program ? makeGit(host, program, scratch, signal) : undefined;
  try {
    return await fill(host, machine, plan, { scratch, git, signal });
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
  own: { readonly scratch: string; readonly git: Git | undefined; readonly signal: AbortSignal },
): Promise<Provisioned> {
  const parts = plan.provision;
  const tally: Tally = { files: 0, bytes: 0, notices: [] };
  const { scratch, git, signal } = own;
  const workspace = workspaceStep({ host, plan: parts, git, scratch, tally });
  const steps: Step[] = [
    promptStep(parts),
    taskStep(parts),
    skillsStep(parts, tally),
    outputDirectoryStep(parts),
    gitStep(parts, plan.user),
    workspace,
  ];
  await unpackInGuest(machine, steps, signal);
  const { tree, commit } = workspace.began();
  const skills = parts.skills.list.map(({ name }) => name);
  return { ...tally, baseTree: tree, baseCommit: commit, skills };
}
