/** What a plan says about git where nobody says anything: nothing is served or written back. */
import { DEFAULT_POLICY } from '../../src/git-check/policy.ts';
import type { GitPlan } from '../../src/plan/git-plan.ts';

const fromDefault = <T>(value: T) => ({ value, source: 'default' });

export const NO_GIT: GitPlan = {
  policy: {
    value: DEFAULT_POLICY,
    sources: {
      protectedPaths: 'default',
      maxFileBytes: 'default',
      maxPatchBytes: 'default',
      maxFiles: 'default',
      maxCommits: 'default',
      allowSubmodules: 'default',
    },
  },
  remotes: [],
  origin: '',
  push: {
    mode: fromDefault('none'),
    branch: fromDefault('bottle/hello-k3x9q'),
    base: fromDefault('main'),
    title: fromDefault(''),
    draft: fromDefault(false),
    labels: fromDefault([]),
    reviewers: fromDefault([]),
    comment: fromDefault(false),
    number: fromDefault(0),
  },
};
