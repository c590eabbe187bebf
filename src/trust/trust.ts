/** Decides what a run may be trusted with: the ref that rules it, its head, its credentials. */
import type { Inputs } from '../inputs.ts';
import type { GitHubApi } from './api.ts';
import type { Event } from './event.ts';
import { type Admission, admit } from './gate.ts';
import { checkHead } from './head.ts';
import { refused } from './refused.ts';
import type { Repository } from './repository.ts';
import { chooseRef, type TrustedRef } from './trusted-ref.ts';

export type Trust = {
  /** Where the manifest, and all that has its rank, is read from. */
  readonly ref: TrustedRef;
  /** `untrusted`: what is checked out is not the event's trusted commit. */
  readonly head: 'trusted' | 'untrusted';
  /** May this run leave something in the cache for later ones? */
  readonly cacheTrusted: boolean;
  /** The run gets no credentials: no variable of the step, and only a patch is written back. */
  readonly dropCredentials: boolean;
  /** One sentence for the plan. */
  readonly reason: string;
  readonly notices: readonly string[];
};

export type TrustRequest = {
  readonly event: Event;
  readonly inputs: Pick<Inputs, 'manifestRef' | 'allowedActors' | 'allowUntrustedHead'>;
  /** Undefined where the checkout is none of git's. */
  readonly repository: Pick<Repository, 'head' | 'resolve' | 'ensureCommit'> | undefined;
  readonly api: GitHubApi;
};

/** Events that nobody without write access can cause, on a commit that is in the repository. */
const WRITERS_OWN = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'];

const NO_CREDENTIALS =
  "A fork's pull request runs without credentials: no variable of the step reaches the agent, and " +
  'a change comes back as a patch only.';

/** @throws {BottleError} `untrusted`: it may not start; `config-invalid`: a ref is not there. */
export async function decideTrust(request: TrustRequest): Promise<Trust> {
  const { event, inputs, repository } = request;
  const admission = await admit(request);
  const { ref, eventSha, from } = await chooseRef(event, inputs.manifestRef, repository);
  if (ref.kind === 'worktree') requireHarmlessWorktree(event, inputs.manifestRef, admission);
  const head = ref.kind === 'worktree' ? 'trusted' : await checkHead(request, [ref.sha, eventSha]);
  if (ref.kind === 'commit') await repository?.ensureCommit(ref.sha);
  const { dropCredentials } = admission;
  return {
    ref,
    head,
    cacheTrusted: ref.kind === 'commit' && head === 'trusted' && isOnDefaultBranch(event),
    dropCredentials,
    reason: `${admission.reason}; the manifest is read from ${from}.`,
    notices: [...(dropCredentials ? [NO_CREDENTIALS] : []), ...noticesOf(head, event)],
  };
}

/** True as well where no event is: you are at your own computer. */
export function needsWriteAccess({ kind }: Event): boolean {
  return kind === 'local' || WRITERS_OWN.includes(kind);
}

/** What every later run restores comes from runs that everybody's work is merged into. */
function isOnDefaultBranch({ kind, ref, defaultBranch }: Event): boolean {
  if (kind === 'schedule') return true;
  return (
    WRITERS_OWN.includes(kind) && defaultBranch !== '' && ref === `refs/heads/${defaultBranch}`
  );
}

/**
 * A work tree rules a run only where nobody but writers can have filled it; and not by default in
 * a pull request, where a checkout without git would then let the head rule.
 */
function requireHarmlessWorktree(
  event: Event,
  manifestRef: string,
  { dropCredentials }: Admission,
): void {
  if (needsWriteAccess(event)) return;
  const isOwn = event.kind === 'pull_request' && !dropCredentials;
  if (manifestRef === 'worktree' && isOwn) return;
  throw refused({
    what: 'The files as they are checked out cannot be trusted with this event',
    where: manifestRef === '' ? `event ${event.name}, no git checkout` : 'input manifest-ref',
    fix: 'Check the repository out with actions/checkout and leave `manifest-ref` empty.',
  });
}

function noticesOf(head: Trust['head'], { name, kind }: Event): string[] {
  if (head === 'trusted' || kind === 'local') return [];
  return [
    `The head of this ${name} run is not trusted: agent configuration in it (CLAUDE.md, .claude, ` +
      '.mcp.json and the like) is replaced with that of the trusted commit.',
  ];
}
