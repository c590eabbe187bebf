/** Is a commit part of a branch on GitHub? */
import { z } from 'zod';
import { makeApiClient } from '../github/client.ts';
import type { Host } from '../host/host.ts';
import { pushFailed } from './fault.ts';
import { openGitHub, segment } from './github.ts';
import { PATIENCE } from './write-back.ts';
import type { Place } from './written.ts';

const comparison = z.object({ status: z.enum(['identical', 'behind', 'ahead', 'diverged']) });
const repository = z.object({ default_branch: z.string() });

/** `of`: a branch; empty: the default one. @throws {BottleError} `push-failed` when it is not */
export async function requireAncestor(
  host: Pick<Host, 'env' | 'cancelled'>,
  place: Place,
  { commit, of }: { readonly commit: string; readonly of: string },
): Promise<void> {
  const github = openGitHub(makeApiClient(host, place.token, PATIENCE), place);
  const what = 'The commit that the agent began with could not be looked at';
  const ask = { method: 'GET' as const, what };
  const branch =
    of || (await github.demand({ ...ask, path: '', answer: repository })).default_branch;
  // The second page has no files, of which there may be megabytes.
  const path = `/compare/${segment(branch)}...${commit}?per_page=1&page=2`;
  const found = await github.find({ ...ask, path, answer: comparison });
  if (found?.status === 'identical' || found?.status === 'behind') return;
  throw pushFailed({
    what: 'The agent began with a commit that is not in the branch that its change goes into',
    where: `commit ${commit}, branch ${branch}: ${found?.status ?? 'GitHub has no such commit'}`,
    fix: 'Check out a commit of that branch for the agent, or name the right one in `base`.',
  });
}
