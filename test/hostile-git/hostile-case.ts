/** All hostile cases, by what they are about. */
import { BUNDLES } from './bundle.ts';
import type { HostileCase } from './case.ts';
import { COMMITS } from './commit.ts';
import { EXECUTION_SETTINGS } from './execution-setting.ts';
import { PACKS } from './pack.ts';
import { REFS } from './ref.ts';
import { REPOSITORY_FILES } from './repository-file.ts';
import { TREES } from './tree.ts';
import { WORK_TREES } from './work-tree.ts';

export const HOSTILE_CASES: Readonly<Record<string, readonly HostileCase[]>> = {
  'settings that run programs': EXECUTION_SETTINGS,
  'files of the repository': REPOSITORY_FILES,
  packs: PACKS,
  bundles: BUNDLES,
  refs: REFS,
  trees: TREES,
  'commits and tags': COMMITS,
  'what is checked out': WORK_TREES,
};
