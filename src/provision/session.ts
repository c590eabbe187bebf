/** The session that the agent goes on with: files that were checked, readable by the agent alone. */
import { posix } from 'node:path';
import type { ProvisionPlan } from '../plan/plan.ts';
import type { TarEntry } from '../tar/write.ts';
import type { Step } from './step.ts';

export function sessionStep({ session }: ProvisionPlan): Step {
  return {
    make: [...new Set(session.map(({ to }) => posix.dirname(to)))],
    // No right to be executed, whatever it was before.
    entries: session.map(({ to, from, size }): TarEntry => {
      return { kind: 'file', path: to.slice(1), mode: 0o600, from, size };
    }),
  };
}
