/** Makes the proposal from what came out of the guest, none of which is believed. */
import type { CheckPolicy } from '../git-check/policy.ts';
import type { Host, HostPath } from '../host/host.ts';
import type { Proposal } from './proposal.ts';

export type ProposalRequest = {
  /** Bundles of the guest, hostile bytes; empty: it did not come. */
  readonly sent: {
    /** One commit: everything as the agent left it, committed or not. */
    readonly work: HostPath;
    /** The commits that the agent made itself. */
    readonly commits: HostPath;
  };
  readonly base: {
    /** Empty: there was no git on the runner. */
    readonly commit: string;
    /** The commit's tree with what was changed and untracked on the runner. */
    readonly tree: string;
    /** A bare repository of ours that has both, by alternates or itself. */
    readonly repository: HostPath;
    /** Paths of the commit that the guest did not get: latin1 of their bytes. */
    readonly withheld: ReadonlySet<string>;
  };
  /** Of the commit with what the agent left uncommitted. */
  readonly author: { readonly name: string; readonly email: string };
  readonly policy: CheckPolicy;
  /** A directory of the run; the proposal's repository stays there. */
  readonly scratch: HostPath;
  /** Gets `changes.patch` and `proposal.bundle`. */
  readonly directory: HostPath;
  readonly signal: AbortSignal;
};

/** Never throws for what the guest sent, nor for a full disk or a lack of time. */
export async function makeProposal(host: Host, request: ProposalRequest): Promise<Proposal> {
  void host;
  void request;
  return { kind: 'none', notices: [] };
}
