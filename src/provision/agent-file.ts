/** The agent's own settings: what its provider wants to be there, readable by the agent alone. */
import { posix } from 'node:path';
import type { ProvisionPlan } from '../plan/plan.ts';
import { type Step, textFile } from './step.ts';

export function agentFilesStep({ agentFiles }: ProvisionPlan): Step {
  return {
    make: [...new Set(agentFiles.map(({ to }) => posix.dirname(to)))],
    entries: agentFiles.map(({ to, text }) => textFile(to, text, 0o600)),
  };
}
