/** The directory that is collected at the end without being asked for: made, and empty. */
import type { ProvisionPlan } from '../plan/plan.ts';
import type { Step } from './step.ts';

export function outputDirectoryStep({ outputDirectory }: ProvisionPlan): Step {
  return {
    remove: [outputDirectory],
    entries: [{ kind: 'directory', path: outputDirectory.slice(1), mode: 0o755 }],
  };
}
