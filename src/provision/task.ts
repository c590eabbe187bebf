/** The task as a file, beside being the agent's stdin. */
import type { ProvisionPlan } from '../plan/plan.ts';
import { type Step, textFile } from './step.ts';

export function taskStep({ task }: ProvisionPlan): Step {
  return task.text === '' ? {} : { entries: [textFile(task.to, task.text, 0o644)] };
}
