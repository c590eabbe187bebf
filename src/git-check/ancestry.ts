/** A tip must be a commit that was made on top of the base. */

import { CheckStop, type Findings } from './finding.ts';
import { askGit, linesOf } from './git-output.ts';
import type { GitRunner } from './git-runner.ts';
import { isAncestor } from './history.ts';

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
