/** Checks which paths a change touches: protected ones, aliases of others, submodules. */
import { type Change, SUBMODULE } from './change.ts';
import type { CheckAction, CheckRule } from './finding.ts';
import type { Inspection } from './inspection.ts';
import { isModules } from './module-file.ts';
import { pathFault } from './path-name.ts';
import { protectPaths } from './protected-path.ts';

export function checkPaths({ changes, policy, findings, show }: Inspection): void {
  const protection = protectPaths(policy.protectedPaths);
  const seen = new Set<string>();
  for (const change of changes) {
    const { commit, path } = change;
    const add = (rule: CheckRule, detail: string, action: CheckAction = 'block') => {
      if (!findings.isFull(rule)) findings.add({ rule, action, commit, path: show(path), detail });
    };
    if (!policy.allowSubmodules && isSubmoduleChange(change))
      add('submodule', 'It adds or changes a submodule');
    if (seen.has(path)) continue;
    seen.add(path);
    const fault = pathFault(path);
    if (fault !== undefined) add('path-alias', `The path is not allowed: ${fault}`);
    const rule = protection(path);
    if (rule !== undefined)
      add('protected-path', `The path is protected: ${rule.glob}`, rule.action);
  }
}

function isSubmoduleChange(change: Change): boolean {
  return change.now !== undefined && (change.now.mode === SUBMODULE || isModules(change));
}
