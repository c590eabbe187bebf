/** How large the machine is: what the bottle says, or what this runner can spare. */
import type { PlanRequest } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { first } from './sourced.ts';

/** Not 4: smolvm takes its own default for "not said" and lets the image decide. */
const MOST_CPUS = 3;
const LEAST_MEMORY_MIB = 256;
const MOST_MEMORY_MIB = 4096;
const SHARE_OF_FREE_MEMORY = 0.6;
const MOST_STORAGE_GIB = 10;
const SHARE_OF_FREE_DISK = 0.5;

type Size = Omit<Plan['machine'], 'name'>;

export function planSize({ selected, facts }: Pick<PlanRequest, 'selected' | 'facts'>): Size {
  const { cpus, memory_mib, storage_gib } = selected.bottle.machine ?? {};
  const memory = Math.floor(facts.freeMemoryMib * SHARE_OF_FREE_MEMORY);
  const disk = Math.floor(facts.freeDiskGib * SHARE_OF_FREE_DISK);
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
      [clamp(disk, 1, MOST_STORAGE_GIB), `default: half of free, at most ${MOST_STORAGE_GIB}`],
    ),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
