/** The branch that a change is written to: what it is now, and whether it may be written. */
import { z } from 'zod';
import { pushFailed } from './fault.ts';
import { type GitHub, segment } from './github.ts';
import { isOwnMessage } from './mark.ts';
import type { WriteBackRequest } from './written.ts';

/** Undefined: there is no such branch. */
export type BranchNow = { readonly sha: string; readonly tree: string } | undefined;

export type Target = { readonly defaultBranch: string; readonly now: BranchNow };

const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
const repositoryAnswer = z.object({ default_branch: z.string() });
const branchAnswer = z.object({
  name: z.string(),
  protected: z.boolean(),
  commit: z.object({
    sha,
    commit: z.object({ message: z.string(), tree: z.object({ sha }) }),
  }),
});
const comparison = z.object({
  total_commits: z.int(),
  commits: z.array(z.object({ sha, commit: z.object({ message: z.string() }) })),
});

/** @throws {BottleError} `push-failed`: the branch is the default, protected, or somebody else's. */
export async function findTarget(github: GitHub, request: WriteBackRequest): Promise<Target> {
  const { push, place, change } = request;
  const branch = push.branch.value;
  const what = 'The repository could not be looked at';
  const { default_branch: defaultBranch } = await github.demand({
    ...{ method: 'GET', path: '', what, answer: repositoryAnswer },
  });
  const base = push.base.value || defaultBranch;
  if ([defaultBranch, base].includes(branch)) {
    throw refusedBranch(branch, 'it is where changes go after a review, and not before');
  }
  const path = `/branches/${segment(branch)}`;
  const found = await github.find({ path, what: 'The branch could not be looked at', ...ANSWER });
  // A branch that was renamed answers to its old name too.
  const there = found?.name === branch ? found : undefined;
  if (there?.protected) throw refusedBranch(branch, 'it is protected');
  if (there && !isOwnMessage(there.commit.commit.message, { branch, workflow: place.workflow })) {
    throw refusedBranch(branch, `its last commit, ${there.commit.sha}, is not of this workflow`);
  }
  await requireBase(github, change.base);
  return {
    defaultBranch,
    now: there && { sha: there.commit.sha, tree: there.commit.commit.tree.sha },
  };
}

const ANSWER = { answer: branchAnswer };

/** A commit that only the runner has would be written along, and nobody has looked at it. */
async function requireBase(github: GitHub, base: string): Promise<void> {
  const what = 'The commit that the agent began with could not be looked at';
  const answer = z.object({ sha });
  if (await github.find({ path: `/git/commits/${base}`, what, answer })) return;
  throw pushFailed({
    what: 'The agent began with a commit that GitHub does not have',
    where: `commit ${base}`,
    fix: 'Check out a commit that is pushed, and make no commit of your own before the agent runs.',
  });
}

/** Would taking the branch to a commit beside it lose what somebody else has written? */
export async function requireOwnCommits(
  github: GitHub,
  { change, push, place }: WriteBackRequest,
  now: NonNullable<BranchNow>,
): Promise<void> {
  const branch = push.branch.value;
  const { total_commits: total, commits } = await github.demand({
    method: 'GET',
    path: `/compare/${change.base}...${now.sha}?per_page=100`,
    what: 'What the branch holds could not be looked at',
    answer: comparison,
    maxBytes: 32 << 20,
  });
  const mark = { branch, workflow: place.workflow };
  const foreign = commits.find(({ commit }) => !isOwnMessage(commit.message, mark));
  if (foreign !== undefined) {
    const reason = `the change does not follow it, and would lose its commit ${foreign.sha}`;
    throw refusedBranch(branch, `${reason}, which is not of this workflow`);
  }
  if (total > commits.length) throw refusedBranch(branch, `it has ${total} commits of its own`);
}

export function refusedBranch(branch: string, reason: string) {
  return pushFailed({
    what: 'The branch may not be written',
    where: `branch ${branch}: ${reason}`,
    fix: 'Name another in the input `branch`, or leave it empty for one that is always new.',
  });
}
