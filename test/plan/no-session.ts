/** The session of a plan that keeps none and continues none. */
import type { Plan } from '../../src/plan/plan.ts';

export const SCOPE: Plan['session']['scope'] = {
  trigger: 'default-branch',
  event: 'workflow_dispatch',
  actor: { id: '583231', login: 'octocat' },
  repository: { id: '1296269', name: 'octo-org/octo-repo' },
  ref: 'refs/heads/main',
  number: 0,
  workflowRun: '1658821493',
};

export const NO_SESSION: Plan['session'] = {
  keep: { value: false, source: 'input keep-session' },
  scope: SCOPE,
  continues: null,
};
