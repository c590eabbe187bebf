/** What a run and the things of a run are called. */
import type { Plan } from './plan.ts';

/**
 * Characters of the agent's name that are kept. A machine's name takes 128 and an artifact's 256,
 * but it is people who read them.
 */
const LONGEST_SLUG = 40;

type Names = Pick<Plan, 'runId' | 'directory'> & { readonly machine: string };

/** `suffix` is what makes them unique. */
export function planNames(agentName: string, suffix: string): Names {
  const runId = `${slugOf(agentName)}-${suffix}`;
  return { runId, machine: `bottle-${runId}`, directory: `bottle-${suffix}` };
}

/** smolvm takes no `--` in a machine's name and no hyphen at its end; an agent may have both. */
function slugOf(agentName: string): string {
  return agentName.replace(/-+/g, '-').slice(0, LONGEST_SLUG).replace(/-$/, '');
}
