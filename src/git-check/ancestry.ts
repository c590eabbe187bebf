/** A tip must be a commit that was made on top of the base. */

import { CheckStop, type Findings } from './finding.ts';
import { askGit, linesOf, unreadable } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';

/** Returns the commits that the tips are, or stand for. */
export async function checkAncestry(
  git: GitRunner,
  base: string,
  tips: readonly string[],
  findings: Findings,
): Promise<readonly string[]> {
  const input = linesOf(tips.map((tip) => `${tip}^{}`));
  const format = '--batch-check=%(objecttype) %(objectname)';
  const lines = (await askGit(git, ['cat-file', format], { input })).toString().split('\n');
  const commits = new Set<string>();
  for (const [index, tip] of tips.entries()) {
    const where = { rule: 'ancestry' as const, commit: tip };
    const [type, commit = ''] = lines[index]?.split(' ') ?? [];
    if (type !== 'commit')
      throw new CheckStop({ ...where, detail: 'It is no commit, nor does it stand for one' });
    const detail = 'It was not made on top of the commit that the run began with';
    if (base !== '' && !(await isAncestor(git, base, commit))) findings.add({ ...where, detail });
    commits.add(commit);
  }
  return [...commits];
}

async function isAncestor(git: GitRunner, base: string, tip: string): Promise<boolean> {
  if (base === tip) return true;
  const { exitCode } = await git(['merge-base', '--is-ancestor', base, tip]);
  if (exitCode > 1) throw unreadable('git merge-base cannot read the commits');
  return exitCode === 0;
}
