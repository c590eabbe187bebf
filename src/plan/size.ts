/** How large the machine is: what the bottle says, or what this runner can spare. */

import type { PlanRequest } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { first } from './sourced.ts';

const MOST_CPUS = 4;
const LEAST_MEMORY_MIB = 256;
const MOST_MEMORY_MIB = 4096;
const SHARE_OF_FREE_MEMORY = 0.6;
const STORAGE_GIB = 10;

type Size = Omit<Plan['machine'], 'name'>;

export function planSize({ selected, facts }: Pick<PlanRequest, 'selected' | 'facts'>): Size {
  const { cpus, memory_mib, storage_gib } = selected.bottle.machine ?? {};
  const memory = Math.floor(facts.freeMemoryMib * SHARE_OF_FREE_MEMORY);
  return {
    cpus: first(
      [cpus, selected.source('bottle.machine.cpus')],
      [clamp(facts.cores - 1, 1, MOST_CPUS), `default: cores − 1, at most ${MOST_CPUS}`],
    ),
    memoryMib: first(
      [memory_mib, selected.source('bottle.machine.memory_mib')],
      [
        clamp(memory, LEAST_MEMORY_MIB, MOST_MEMORY_MIB),
        `default: 60 % of free, from ${LEAST_MEMORY_MIB} to ${MOST_MEMORY_MIB}`,
      ],
    ),
    storageGib: first(
      [storage_gib, selected.source('bottle.machine.storage_gib')],
      [STORAGE_GIB, 'default'],
    ),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
