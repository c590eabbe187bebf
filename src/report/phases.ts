/** The clock of a run's phases: what ran when, for how long, and whether it threw. */
import type { Phase } from './record.ts';

export type PhaseClock = {
  /** Runs `action` as the phase `name`, which is recorded also when it throws. */
  run<T>(name: string, action: () => T | Promise<T>): Promise<T>;
  /** The phases that have ended, in the order in which they ended. */
  ended(): readonly Phase[];
};

/** `now` gives milliseconds; each phase counts from the moment of this call. */
export function startPhases(now: () => number): PhaseClock {
  const zero = now();
  const phases: Phase[] = [];
  return {
    async run(name, action) {
      const startMs = now() - zero;
      let failed = true;
      try {
        const value = await action();
        failed = false;
        return value;
      } finally {
        phases.push({ name, startMs, durationMs: now() - zero - startMs, failed });
      }
    },
    ended: () => [...phases],
  };
}
