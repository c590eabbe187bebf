/** Checks every commit that a change brings, before anybody else sees a byte of it. */
import { checkAncestry } from './ancestry.ts';
import { listChanges } from './change.ts';
import { checkCollisions } from './collision.ts';
import { checkContents, listSearched } from './content-check.ts';
import { type CheckFinding, CheckStop, collectFindings, type Findings } from './finding.ts';
import { unreadable } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';
import { findSpans, listComparisons } from './history.ts';
import { coverPaths, findOrigins, type Inspection } from './inspection.ts';
import { describeObjects, findNewObjects } from './new-object.ts';
import { checkPatchSize } from './patch-size.ts';
import { checkPaths } from './path-check.ts';
import type { CheckPolicy } from './policy.ts';
import { searchSecrets } from './secret-search.ts';

export type CheckRequest = {
  /** Each tip must descend from it; empty: none need to. */
  readonly base: string;
  /** Object ids of commits or tags. */
  readonly tips: readonly string[];
  /** Commits that are public already, and so are not looked at. */
  readonly known?: readonly string[];
  readonly policy: CheckPolicy;
};

/**
 * All commits, trees, files, tags and names that the tips have and neither `base` nor `known` has.
 * The objects must have come in by `takePack`, which is where their form is checked, or through a
 * receive-pack with `STRICT_RECEIVE`. Throws only when the runner cannot start git, or is aborted.
 */
export async function checkCommits(
  git: GitRunner,
  request: CheckRequest,
): Promise<readonly CheckFinding[]> {
  const findings = collectFindings();
  try {
    await inspect(git, request, findings);
  } catch (error) {
    if (!(error instanceof CheckStop)) throw error;
    findings.add(error.finding);
  }
  return findings.list();
}

const MAX_TIPS = 200;
const ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

async function inspect(git: GitRunner, request: CheckRequest, findings: Findings): Promise<void> {
  const { base, policy, known = [] } = request;
  const tips = [...new Set(request.tips)];
  const isId = (id: string) => ID.test(id);
  if (![...tips, ...known].every(isId) || (base !== '' && !isId(base)))
    throw unreadable('Something that is no object id was to be checked');
  if (tips.length > MAX_TIPS)
    throw new CheckStop({ rule: 'ref-name', detail: `There are more than ${MAX_TIPS} tips` });
  const found = await findNewObjects(git, { base, tips, known, policy });
  const { objects, trees, heads: shown } = await describeObjects(git, found, { tips, base });
  const heads = await checkAncestry(git, base, { tips, heads: shown }, findings);
  const { commits } = found;
  const spans = await findSpans(git, commits, heads, base);
  const changes = await listChanges(git, listComparisons(commits, spans, trees), policy.maxFiles);
  const search = searchSecrets(policy.secrets);
  const show = await coverPaths(search, changes, findings);
  const origins = findOrigins(changes);
  const scope = { git, policy, spans, objects, changes, origins };
  const inspection: Inspection = { ...scope, search, findings, show };
  checkPaths(inspection);
  const searched = listSearched(inspection);
  // git would hold a file that is too large as a whole.
  const isLarge = findings.has('file-size');
  await together(
    checkContents(inspection, searched),
    checkCollisions(inspection),
    isLarge ? undefined : checkPatchSize(inspection),
  );
}

/** Leaves nothing running behind: the first failure is thrown when all have ended. */
async function together<T extends readonly unknown[]>(
  ...tasks: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}
