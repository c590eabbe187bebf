/** macOS: is Hypervisor.framework there, and does a runner that is a service see Homebrew? */
import { existsSync } from 'node:fs';
import type { Host } from '../../host/host.ts';
import type { Finding } from '../machine.ts';
import { fail, ok, warn } from './finding.ts';
import type { PlatformFacts } from './platform.ts';

export type MacFacts = {
  /** `kern.hv_support`: `1`, `0`, or `unknown`. */
  readonly support: string;
  /** `kern.hv_vmm_present`: `1` in a virtual machine. */
  readonly guest: string;
  /** Programs of Homebrew that are installed, but not on PATH. */
  readonly hidden: readonly string[];
};

const SYSCTL_TIMEOUT_MS = 5_000;
const HOMEBREW = '/opt/homebrew/bin';
const PROGRAMS = ['zstd', 'gtar'];

export async function probeMac(host: Host): Promise<MacFacts> {
  const [support, guest] = await Promise.all([
    readSysctl(host, 'kern.hv_support'),
    readSysctl(host, 'kern.hv_vmm_present'),
  ]);
  const hidden = PROGRAMS.filter((name) => {
    return host.which(name) === undefined && existsSync(`${HOMEBREW}/${name}`);
  });
  return { support, guest, hidden };
}

async function readSysctl(host: Host, name: string): Promise<string> {
  try {
    const argv = ['/usr/sbin/sysctl', '-n', name];
    const { exitCode, stdout } = await host.run(argv, { timeoutMs: SYSCTL_TIMEOUT_MS });
    return exitCode === 0 ? stdout.trim() : 'unknown';
  } catch {
    return 'unknown';
  }
}

export function examineHypervisor(
  { support, guest }: MacFacts,
  { hosted }: PlatformFacts,
): Finding {
  const probe = 'Hypervisor.framework (kern.hv_support, kern.hv_vmm_present)';
  const found = `${support}, ${guest}`;
  if (support === '1' && guest === '0') return ok(probe, `${found}: bare metal`);
  if (hosted) {
    const remedy =
      "GitHub's macOS runners are virtual machines that cannot boot others: " +
      'use bare-metal Apple Silicon or ubuntu-latest.';
    return fail(probe, found, remedy);
  }
  if (guest === '1') {
    const remedy = 'A virtual Mac boots no machines: run the runner on the Mac itself.';
    return fail(probe, found, remedy);
  }
  if (support === 'unknown' || guest === 'unknown') {
    return warn(probe, found, 'If no machine boots, use bare-metal Apple Silicon.');
  }
  return fail(probe, found, 'Use another Mac with Apple Silicon, or ubuntu-latest.');
}

/** This action brings what it needs; other steps of the job may not. */
export function examineServicePath({ hidden }: MacFacts): Finding {
  const probe = 'PATH of the service';
  if (hidden.length === 0) return ok(probe, 'hides nothing of Homebrew');
  const remedy = `Other steps' caches are slower without: add ${HOMEBREW} to the runner's file .path.`;
  return warn(probe, `without ${hidden.join(' and ')}`, remedy);
}
