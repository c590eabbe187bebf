/** Brings back what the agent made, however it ended: its outputs, its work as a proposal, its session. */
import { searchSecrets } from './git-check/secret-search.ts';
import type { Host } from './host/host.ts';
import { keepSession } from './keep-session.ts';
import type { Machine } from './machine/machine.ts';
import { collect } from './outputs/collect.ts';
import type { Collected } from './outputs/outputs.ts';
import { makeProposal, type ProposalRequest } from './proposal/make-proposal.ts';
import type { Provisioned } from './provision/provisioned.ts';
import { type Run, secretsOf } from './run.ts';

export async function bringBack(
  host: Host,
  run: Run,
  machine: Machine,
  given: Provisioned,
): Promise<void> {
  const { plan, paths, salvaging } = run;
  const search = searchSecrets(secretsOf(run));
  const options = { ...salvaging.collecting, bundles: paths.bundles, search };
  const take = () => collect(machine, plan, given, paths.artifact, options);
  const collected = await run.phase('collect', take);
  await run.phase('proposal', () => makeProposal(host, proposalRequest(run, given, collected)));
  await keepSession(host, run, machine);
}

function proposalRequest(
  run: Run,
  { baseCommit, baseTree, repository, withheld }: Provisioned,
  { sent }: Collected,
): ProposalRequest {
  const { plan, paths, salvaging } = run;
  return {
    sent,
    base: { commit: baseCommit, tree: baseTree, repository, withheld },
    author: plan.provision.gitUser,
    message: `Work of the agent ${plan.agent.name.value}\n\nIts run was ${plan.runId}.`,
    policy: { ...plan.git.policy.value, secrets: secretsOf(run) },
    scratch: paths.scratch,
    directory: paths.artifact,
    signal: salvaging.proposing,
  };
}
