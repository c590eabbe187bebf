/** By what a later run knows its own: trailers in commits, a hidden line in Markdown. */
import { createHash } from 'node:crypto';

export type Mark = {
  readonly runId: string;
  readonly branch: string;
  /** See `Place`. */
  readonly workflow: string;
};

/** Agents' messages keep no such lines: see `cleanMessage`. */
export function trailersOf({ runId, branch, workflow }: Mark): string {
  return `Bottle-Run: ${runId}\n${branchTrailer({ branch, workflow })}`;
}

/** Was the commit made for this branch by this workflow? */
export function isOwnMessage(message: string, mark: Omit<Mark, 'runId'>): boolean {
  const last = message.trimEnd().split('\n\n').at(-1) ?? '';
  return last.split('\n').includes(branchTrailer(mark));
}

function branchTrailer({ branch, workflow }: Omit<Mark, 'runId'>): string {
  return `Bottle-Branch: ${branch}, ${workflow || 'no workflow'}`;
}

/** Shown by nobody; cleaned text cannot hold a comment of HTML. */
export function hiddenMark(kind: 'pull-request' | 'comment', ...owner: readonly string[]): string {
  const id = createHash('sha256').update(owner.join('\0')).digest('hex').slice(0, 24);
  return `<!-- bottle-action ${kind} ${id} -->`;
}
