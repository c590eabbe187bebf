/** Who the agent's commits are by: the agent's own `~/.gitconfig`, which the plan decides whole. */
import type { GuestUser } from '../machine/machine.ts';
import type { ProvisionPlan } from '../plan/plan.ts';
import { type Step, textFile } from './step.ts';

export function gitStep({ gitUser }: ProvisionPlan, user: GuestUser): Step {
  const lines = Object.entries({ name: gitUser.name, email: gitUser.email })
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `\t${key} = ${quoted(value)}\n`);
  if (lines.length === 0) return {};
  const config = `[user]\n${lines.join('')}`;
  return { entries: [textFile(`${user.home}/.gitconfig`, config, 0o644)] };
}

/** A value as git's configuration quotes it; other control characters cannot stand in one. */
function quoted(value: string): string {
  const escaped = value
    .replace(/[\\"]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replace(/[\0-\x1f\x7f]/g, '');
  return `"${escaped}"`;
}
