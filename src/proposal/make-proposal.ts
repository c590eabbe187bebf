/** Makes the proposal from what came out of the guest, none of which is believed. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { GitLimitError } from '../git-check/git-runner.ts';
import type { CheckPolicy } from '../git-check/policy.ts';
import type { Host, HostPath } from '../host/host.ts';
import type { SentBundles } from '../outputs/outputs.ts';
import { printable } from '../printable.ts';
import { blockedBy, type Proposal } from './proposal.ts';
import { propose } from './propose.ts';
import { openRepository, type ProposalRepository } from './repository.ts';
import { settleTree } from './settle.ts';
import { takeWork } from './take.ts';
import { writeCommit } from './write.ts';

export type ProposalRequest = {
  /** Hostile bytes. */
  readonly sent: SentBundles;
  readonly base: {
    /** Empty: there was no git on the runner. */
    readonly commit: string;
    /** The commit's tree with what was changed and untracked on the runner. */
    readonly tree: string;
    /** A bare repository of ours that has both, by alternates or itself. */
    readonly repository: HostPath;
    /** Paths of the commit that the guest did not get, each byte as the character of that number. */
    readonly withheld: ReadonlySet<string>;
  };
  /** Of the commit with what the agent left uncommitted; either may be empty. */
  readonly author: { readonly name: string; readonly email: string };
  readonly message: string;
  readonly policy: CheckPolicy;
  /** A directory of the run; the proposal's repository stays there. */
  readonly scratch: HostPath;
  /** Gets `changes.patch` and `proposal.bundle`; made when it does not exist. */
  readonly directory: HostPath;
  readonly signal: AbortSignal;
};

/** Never throws for what the guest sent, nor for a full disk or a lack of time. */
export async function makeProposal(host: Host, request: ProposalRequest): Promise<Proposal> {
  const { sent, base, signal } = request;
  if (base.commit === '') return { kind: 'none', notices: [] };
  if (sent.work === '' && sent.commits === '') {
    if (sent.unchanged) return { kind: 'none', notices: [] };
    const reason = "The agent's work did not come out of the guest";
    return { kind: 'refused', findings: [], reason, notices: [] };
  }
  try {
    return await takeAndPropose(openScratch(host, request), request);
  } catch (error) {
    const why = signal.aborted ? 'there was no time left' : printable(messageOf(error));
    const reason = `The agent's work could not be taken: ${why}`;
    const findings = error instanceof GitLimitError ? [blockedBy('file-count', why)] : [];
    return { kind: 'refused', findings, reason, notices: [] };
  }
}

function openScratch(host: Host, { scratch, base, signal }: ProposalRequest): ProposalRepository {
  const program = host.which('git');
  if (program === undefined) throw new Error('there is no git on the runner');
  const directory = mkdtempSync(join(scratch, 'proposal-'));
  return openRepository(host, program, base, directory, signal);
}

async function takeAndPropose(
  repository: ProposalRepository,
  request: ProposalRequest,
): Promise<Proposal> {
  const { sent, base, author, message, policy, directory } = request;
  const {
    head,
    tree: left,
    findings,
    notices: taken,
  } = await takeWork(repository, sent, base.commit);
  if (left === '') {
    const reason = `What the guest sent of its work was refused: ${findings[0]?.detail}`;
    return { kind: 'refused', findings, reason, notices: taken };
  }
  const parent = head || base.commit;
  const { tree, notices: settled } = await settleTree(repository, { base, parent, tree: left });
  const tip = await writeCommit(repository, { parent, tree, author, message });
  const notices = [...taken, ...settled];
  if (tip === base.commit) return { kind: 'none', notices };
  const change = await propose(repository, { base: base.commit, tip, policy, directory });
  return { ...change, notices: [...notices, ...change.notices] };
}
