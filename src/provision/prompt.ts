/** The prompt's file: always there, readable by the agent alone, even when it is empty. */
import type { ProvisionPlan } from '../plan/plan.ts';
import { type Step, textFile } from './step.ts';

export function promptStep({ prompt }: ProvisionPlan): Step {
  return { entries: [textFile(prompt.to, prompt.text, 0o600)] };
}
