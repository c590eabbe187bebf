/** The agent's own `~/.gitconfig`: who its commits are by, and which remotes the gate stands for. */
import type { GuestUser } from '../machine/machine.ts';
import type { RemotePlan } from '../plan/git-plan.ts';
import type { ProvisionPlan } from '../plan/plan.ts';
import { gitSection } from './git-setting.ts';
import { type Step, textFile } from './step.ts';

export function gitStep(
  { gitUser }: ProvisionPlan,
  remotes: readonly Pick<RemotePlan, 'guestUrl' | 'insteadOf'>[],
  user: GuestUser,
): Step {
  const identity = Object.entries(gitUser).filter(([, value]) => value !== '');
  const config = [
    gitSection('user', '', identity),
    ...remotes.map(({ guestUrl, insteadOf }) =>
      gitSection(
        'url',
        guestUrl,
        insteadOf.map((address) => ['insteadOf', address]),
      ),
    ),
  ].join('');
  return config === '' ? {} : { entries: [textFile(`${user.home}/.gitconfig`, config, 0o644)] };
}
