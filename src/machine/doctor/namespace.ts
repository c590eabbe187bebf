/** Linux: can bubblewrap hold a bottle here? */
import { readFileSync } from 'node:fs';
import { BottleError, messageOf } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import { ALLOW_USERNS, INSTALL, RAISE_USERNS } from '../bubblewrap/failure.ts';
import { launchPrograms } from '../bubblewrap/launch.ts';
import type { Finding } from '../machine.ts';
import { fail, ok, warn } from './finding.ts';

export type NamespaceFacts = {
  /** Where bubblewrap is; empty: not on PATH. */
  readonly bwrap: HostPath;
  /** Other programs that a bottle's start needs and that are not on PATH. */
  readonly missing: readonly string[];
  /** `user.max_user_namespaces` and `kernel.apparmor_restrict_unprivileged_userns`; empty: not present. */
  readonly maxNamespaces: string;
  readonly apparmor: string;
  /** How a bottle fared that was made to see; undefined: none was. */
  readonly bottle: BottleTrial | undefined;
};

export type BottleTrial =
  | { readonly kind: 'held' }
  | { readonly kind: 'failed'; readonly what: string; readonly fix: string };

const MAX_NAMESPACES: HostPath = '/proc/sys/user/max_user_namespaces';
const APPARMOR: HostPath = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';

/** @param boot makes a bottle, runs a command in it, removes it; throws when that fails */
export async function probeNamespaces(
  host: Host,
  boot: (() => Promise<void>) | undefined,
): Promise<NamespaceFacts> {
  const bwrap = host.which('bwrap') ?? '';
  return {
    bwrap,
    missing: launchPrograms(host.uid).filter((name) => host.which(name) === undefined),
    maxNamespaces: readSetting(MAX_NAMESPACES),
    apparmor: readSetting(APPARMOR),
    bottle: boot && bwrap !== '' ? await attempt(boot) : undefined,
  };
}

function readSetting(path: HostPath): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

async function attempt(boot: () => Promise<void>): Promise<BottleTrial> {
  try {
    await boot();
    return { kind: 'held' };
  } catch (error) {
    const isOurs = error instanceof BottleError;
    const fix = isOurs ? error.fix : 'See the message.';
    return { kind: 'failed', what: isOurs ? error.what : messageOf(error), fix };
  }
}

export function examineNamespaces(facts: NamespaceFacts): Finding[] {
  if (facts.bwrap === '') return [fail('bwrap', 'not on PATH', INSTALL)];
  return [
    ok('bwrap', facts.bwrap),
    examinePrograms(facts),
    examineSetting('user.max_user_namespaces', facts.maxNamespaces, facts.bottle, {
      isBad: facts.maxNamespaces === '0',
      level: fail,
      remedy: RAISE_USERNS,
    }),
    // A profile can exempt bubblewrap from the rule, so alone it decides nothing.
    examineSetting('kernel.apparmor_restrict_unprivileged_userns', facts.apparmor, facts.bottle, {
      isBad: facts.apparmor === '1',
      level: warn,
      remedy: ALLOW_USERNS,
    }),
    ...examineTrial(facts),
  ];
}

function examinePrograms({ missing }: NamespaceFacts): Finding {
  const probe = 'programs of the system';
  if (missing.length === 0) return ok(probe, 'all on PATH');
  const remedy = 'Install them: `sudo apt-get install bash coreutils util-linux mount`.';
  return fail(probe, `not on PATH: ${missing.join(', ')}`, remedy);
}

/** A setting may be as it is where a bottle holds all the same. */
function examineSetting(
  probe: string,
  value: string,
  bottle: BottleTrial | undefined,
  bad: { readonly isBad: boolean; readonly level: typeof fail; readonly remedy: string },
): Finding {
  const found = value === '' ? 'not present' : value;
  return bad.isBad && bottle?.kind !== 'held'
    ? bad.level(probe, found, bad.remedy)
    : ok(probe, found);
}

function examineTrial({ bottle }: NamespaceFacts): Finding[] {
  const probe = 'a bottle, made to see';
  if (bottle === undefined) return [];
  if (bottle.kind === 'held') return [ok(probe, 'a command ran in it')];
  return [fail(probe, bottle.what, bottle.fix)];
}
