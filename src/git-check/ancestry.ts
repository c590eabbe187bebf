/** A tip must be a commit that was made on top of the base. */
import { CheckStop, type Findings } from './finding.ts';
import type { GitRunner } from './git-runner.ts';
import { isAncestor } from './history.ts';

/** `heads`: what each of the tips is or stands for; empty: no commit. Each once is returned. */
export async function checkAncestry(
  git: GitRunner,
  base: string,
  { tips, heads }: { readonly tips: readonly string[]; readonly heads: readonly string[] },
  findings: Findings,
): Promise<readonly string[]> {
  for (const [index, tip] of tips.entries()) {
    const where = { rule: 'ancestry' as const, commit: tip };
    const head = heads[index] ?? '';
    if (head === '')
      throw new CheckStop({ ...where, detail: 'It is no commit, nor does it stand for one' });
    const detail = 'It was not made on top of the commit that the run began with';
    if (base !== '' && !(await isAncestor(git, base, head))) findings.add({ ...where, detail });
  }
  return [...new Set(heads)];
}
