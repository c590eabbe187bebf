/** What provisioning carries out of a plan. */
import { join } from 'node:path';
import type { Plan, ProvisionPlan } from '../../src/plan/plan.ts';
import { NO_GIT } from '../plan/no-git.ts';

export type ProvisionInput = Pick<Plan, 'provision' | 'user' | 'git' | 'agent' | 'env'>;

/** A command of the manifest's own: nothing is looked for. */
const AGENT: Plan['agent'] = {
  name: { value: 'a', source: 'test' },
  bottles: { value: ['dev'], source: 'test' },
  provider: { value: 'command', source: 'test' },
  program: { value: { kind: 'command' }, source: 'test' },
  argv: ['true'],
  resume: { argv: [], session: '' },
  exitCodes: {},
  sessionPaths: [],
  prices: null,
  outputSchema: null,
};

export function makePlan(
  workspace: string,
  home: string,
  parts: Partial<ProvisionPlan> = {},
): ProvisionInput {
  return {
    git: NO_GIT,
    agent: AGENT,
    env: [],
    user: { name: 'agent', uid: 1000, gid: 1000, home },
    provision: {
      workspace: { from: workspace, to: join(home, 'workspace'), exclude: [], pinned: [] },
      prompt: { text: '', to: join(home, '.claude-bottle-prompt.txt') },
      skills: { list: [], to: join(home, '.claude', 'skills') },
      task: { text: 'Do it.\n', to: join(home, 'task.txt') },
      outputDirectory: join(home, 'outputs'),
      gitUser: { name: 'Bottle Agent', email: 'agent@example.com' },
      session: [],
      agentFiles: [],
      ...parts,
    },
  };
}
