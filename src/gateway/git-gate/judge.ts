/** Judges a push before anybody but the gate has seen it: its refs, and every commit that is new. */
import { checkCommits } from '../../git-check/check-commits.ts';
import type { CheckFinding } from '../../git-check/finding.ts';
import type { GitRunner } from '../../git-check/git-runner.ts';
import type { CheckPolicy } from '../../git-check/policy.ts';
import { checkRefs } from '../../git-check/ref-name.ts';
import { printable } from '../../printable.ts';
import type { GitRepository, PushedRef } from '../protocol.ts';
import { compileRefs } from './ref-glob.ts';

export type JudgeParts = {
  readonly repository: GitRepository;
  readonly policy: CheckPolicy;
};

/** `shown`: its name without what is secret in it. */
export type ShownRef = PushedRef & { readonly shown: string };

export const MAX_REFS = 200;

/** Empty: nothing speaks against it. `git` sees the objects of the push. */
export async function judgePush(
  git: GitRunner,
  refs: readonly ShownRef[],
  { repository, policy }: JudgeParts,
): Promise<readonly CheckFinding[]> {
  const named = judgeNames(refs, repository);
  if (named.length > 0) return named;
  const lost = await judgeLosses(git, refs, repository);
  if (lost.length > 0) return lost;
  const tips = refs.filter((ref) => !isZero(ref.new)).map((ref) => ref.new);
  if (tips.length === 0) return [];
  const known = await idsOfRefs(git);
  return checkCommits(git, { base: '', tips: [...new Set(tips)], known, policy });
}

function judgeNames(
  refs: readonly ShownRef[],
  { name, refs: globs }: GitRepository,
): CheckFinding[] {
  if (refs.length > MAX_REFS) {
    return [refused('', `more than ${MAX_REFS} refs were pushed at once`)];
  }
  const secret = refs.find(({ ref, shown }) => shown !== ref);
  if (secret !== undefined) {
    return [{ ...refused(secret.shown, 'the name of the ref holds a secret'), rule: 'secret' }];
  }
  const names = refs.map(({ ref }) => ref);
  const isAllowed = compileRefs(globs);
  const others = names.filter((ref) => !isAllowed(ref));
  return [
    ...checkRefs(names),
    ...others.map((ref) => refused(ref, `${name} takes ${globs.join(', ')} alone`)),
  ];
}

/** git itself looks at this only when the push has been accepted, which is too late for an upstream. */
async function judgeLosses(
  git: GitRunner,
  refs: readonly PushedRef[],
  { name, allowForce }: GitRepository,
): Promise<CheckFinding[]> {
  if (allowForce) return [];
  const lost: CheckFinding[] = [];
  for (const { ref, old, new: now } of refs) {
    if (isZero(old)) continue;
    if (isZero(now)) lost.push(refused(ref, `${name} allows no ref to be deleted`));
    else if (ref.startsWith('refs/tags/'))
      lost.push(refused(ref, `${name} lets tags be as they are`));
    else if (!(await isAncestor(git, old, now))) {
      lost.push(refused(ref, `${name} allows no push that takes commits away (no force)`));
    }
  }
  return lost;
}

async function isAncestor(git: GitRunner, old: string, now: string): Promise<boolean> {
  return (await git(['merge-base', '--is-ancestor', old, now])).exitCode === 0;
}

/** What has been here before: the upstream's, and what the guest has pushed and was looked at. */
async function idsOfRefs(git: GitRunner): Promise<string[]> {
  const { stdout } = await git(['for-each-ref', '--format=%(objectname)']);
  return [...new Set(stdout.toString().split('\n').filter(Boolean))];
}

export function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

function refused(ref: string, detail: string): CheckFinding {
  return { rule: 'ref-name', action: 'block', commit: '', path: printable(ref), line: 0, detail };
}
