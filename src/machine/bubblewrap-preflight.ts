/** Can this runner hold a bubblewrap bottle? Each probe, what it found, the one-line remedy. */
import { readFileSync } from 'node:fs';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { ALLOW_USERNS, INSTALL, RAISE_USERNS } from './bubblewrap-failure.ts';
import { launchPrograms } from './bubblewrap-launch.ts';
import type { Finding } from './machine.ts';

const MAX_USERNS: HostPath = '/proc/sys/user/max_user_namespaces';
const APPARMOR: HostPath = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

/** The version that `bwrap --version` tells; undefined when there is no bwrap that runs. */
export async function bwrapVersion(host: Host): Promise<string | undefined> {
  const bwrap = host.which('bwrap');
  if (bwrap === undefined) return undefined;
  const { exitCode, stdout } = await host.run([bwrap, '--version']);
  return exitCode === 0 ? /[0-9]+(\.[0-9]+)+/.exec(stdout)?.[0] : undefined;
}

/** @param boot makes a bottle, runs a command in it, removes it; throws when that fails */
export async function probeRunner(host: Host, boot: () => Promise<void>): Promise<Finding[]> {
  if (host.platform !== 'linux') {
    return [finding('platform', host.platform, false, 'Use a Linux runner, or `engine: smolvm`.')];
  }
  const platform = finding('platform', host.platform, true, '');
  const version = await bwrapVersion(host);
  if (version === undefined) return [platform, finding('bwrap', 'not found', false, INSTALL)];
  const missing = launchPrograms(host.uid).filter((name) => host.which(name) === undefined);
  const bottle = await probeBottle(boot);
  // Either setting may be as it is when a bottle works all the same: a profile can exempt bwrap.
  const knob = (probe: string, path: HostPath, bad: string, remedy: string) => {
    const value = readSetting(path);
    return finding(probe, value ?? 'not present', bottle.ok || value !== bad, remedy);
  };
  return [
    platform,
    finding('bwrap', version, true, ''),
    finding(
      'programs',
      missing.length === 0 ? 'all present' : `missing: ${missing.join(', ')}`,
      missing.length === 0,
      'Install them: `sudo apt-get install bash coreutils util-linux mount`.',
    ),
    knob('user.max_user_namespaces', MAX_USERNS, '0', RAISE_USERNS),
    knob('kernel.apparmor_restrict_unprivileged_userns', APPARMOR, '1', ALLOW_USERNS),
    bottle,
  ];
}

async function probeBottle(boot: () => Promise<void>): Promise<Finding> {
  try {
    await boot();
    return finding('bottle', 'a command ran in one', true, '');
  } catch (error) {
    const remedy = error instanceof BottleError ? error.fix : 'See the message.';
    const found = error instanceof BottleError ? error.what : messageOf(error);
    return finding('bottle', found, false, remedy);
  }
}

function finding(probe: string, found: string, ok: boolean, remedy: string): Finding {
  return { probe, found, ok, remedy: ok ? '' : remedy };
}

function readSetting(path: HostPath): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
