/** What bwrap said when a command never started → what the reader should do. */
import { BottleError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';

export const INSTALL = 'Install it: `sudo apt-get install bubblewrap`.';
export const ALLOW_USERNS =
  'Allow user namespaces: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`.';
export const RAISE_USERNS = 'Allow them: `sudo sysctl -w user.max_user_namespaces=15000`.';

/** First match wins; on bwrap's (and, as root, unshare's, mount's and setpriv's) own words. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  [/max_\S*_namespaces/, RAISE_USERNS],
  [/uid map|loopback|new namespace|Creating new namespace|unprivileged/, ALLOW_USERNS],
  [
    /mount proc/,
    'The runner is a container that hides parts of /proc: run it with `--privileged`.',
  ],
  [
    /unshare|setpriv|mount:/,
    'Run the runner as an ordinary user, or its container `--privileged`.',
  ],
];

export function setupFailure(host: Host, machine: string, reason: string): BottleError {
  const fix = FIXES.find(([pattern]) => pattern.test(reason))?.[1];
  return new BottleError({
    outcome: 'boot-failed',
    what: `bubblewrap could not set up the bottle: ${reason || 'it gave no reason'}`,
    where: `machine ${machine}, run by user id ${host.uid}`,
    fix: fix ?? 'Run the action with `mode: doctor` for what this runner lacks.',
  });
}

/** A shell's exit code for a command that could not be started: 127 not found, 126 not runnable. */
export function startFailureCode(reason: string): 126 | 127 | undefined {
  const found = /^bwrap: execvp .*: (.*)$/ms.exec(reason);
  if (found === null) return undefined;
  return found[1] === 'No such file or directory' ? 127 : 126;
}

export function missingDirectory(reason: string): boolean {
  return /^bwrap: Can't chdir to /m.test(reason);
}
