/** Puts together what the plan says about git: rules for commits, the gate's remotes, the proposal. */
import type { Problem } from '../errors.ts';
import { type CheckRules, DEFAULT_POLICY, type ProtectedPath } from '../git-check/policy.ts';
import type { Selected } from '../manifest/manifest.ts';
import type { GitPlan } from './git-plan.ts';
import type { PlanRequest } from './make-plan.ts';
import { planPush } from './push.ts';
import { planRemotes } from './remote.ts';

const MIB = 1024 * 1024;

type Git = { readonly plan: GitPlan; readonly notices: readonly Problem[] };

/** @throws {BottleError} `config-invalid`: see `planRemotes` and `planPush`. */
export function planGit(request: PlanRequest, runId: string): Git {
  const { remotes, origin, notices } = planRemotes(request);
  const push = planPush(request, runId);
  return {
    plan: { policy: planPolicy(request.selected), remotes, origin, push: push.plan },
    notices: [...notices, ...push.notices],
  };
}

/** Where the manifest says it; of the number of commits it says nothing. */
const KEYS: Readonly<Record<keyof CheckRules, string>> = {
  protectedPaths: 'protected_paths',
  maxFileBytes: 'max_file_mib',
  maxPatchBytes: 'max_patch_mib',
  maxFiles: 'max_files',
  maxCommits: 'max_commits',
  allowSubmodules: 'allow_submodules',
};

/** What the checks allow. */
export function planPolicy({ bottle, source }: Selected): GitPlan['policy'] {
  const gate = bottle['git-gate'] ?? {};
  const sources = Object.entries(KEYS).map(([rule, key]) => {
    return [rule, source(['bottle', 'git-gate', key])];
  });
  return {
    value: {
      protectedPaths: protect(gate.protected_paths ?? []),
      maxFileBytes: bytes(gate.max_file_mib) ?? DEFAULT_POLICY.maxFileBytes,
      maxPatchBytes: bytes(gate.max_patch_mib) ?? DEFAULT_POLICY.maxPatchBytes,
      maxFiles: gate.max_files ?? DEFAULT_POLICY.maxFiles,
      maxCommits: DEFAULT_POLICY.maxCommits,
      allowSubmodules: gate.allow_submodules ?? DEFAULT_POLICY.allowSubmodules,
    },
    sources: Object.fromEntries(sources),
  };
}

function bytes(mib: number | undefined): number | undefined {
  return mib === undefined ? undefined : Math.ceil(mib * MIB);
}

type Written = NonNullable<NonNullable<Selected['bottle']['git-gate']>['protected_paths']>;

/** The first that fits decides, so the bottle's own stand before the built-in ones. */
function protect(written: Written): readonly ProtectedPath[] {
  const own = written.map(
    (entry): ProtectedPath =>
      typeof entry === 'string' ? { glob: entry, action: 'block' } : entry,
  );
  return [...own, ...DEFAULT_POLICY.protectedPaths];
}
