/**
 * Can this runner boot a machine with this smolvm? Each probe is one function, none of them throws.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { Host, HostPath, RunResult } from '../host/host.ts';
import type { Finding } from './machine.ts';

/** What the engine was written against (smolvm.md §11.2). */
const FLOOR = [1, 9, 2] as const;
/** Before it `create` and `delete` took the name as a positional argument. */
const OTHER_SYNTAX = [1, 0, 2] as const;

type Version = readonly [number, number, number];

const PROBE_TIMEOUT_MS = 20_000;

export async function preflightSmolvm(host: Host, binary: HostPath): Promise<Finding[]> {
  const platform = platformFinding(host);
  if (!platform.ok) return [platform];
  const version = await versionFinding(host, binary);
  return [
    platform,
    version,
    ...(version.ok ? [await featureFinding(host, binary)] : []),
    host.platform === 'linux' ? await kvmFinding('/dev/kvm') : await hypervisorFinding(host),
  ];
}

export function platformFinding(host: Host): Finding {
  const found = `${host.platform}-${host.arch}`;
  const ok = ['linux-x64', 'linux-arm64', 'darwin-arm64'].includes(found);
  const remedy =
    'smolvm exists for Linux on x64 and arm64 and for Apple Silicon: use such a runner.';
  return { probe: 'platform', found, ok, remedy: ok ? '' : remedy };
}

/** `smolvm 1.9.2` → `[1, 9, 2]`. */
export function parseVersion(text: string): Version | undefined {
  const match = /^smolvm (\d+)\.(\d+)\.(\d+)(?:[-+]\S*)?\s*$/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

function isBefore(version: Version, other: Version): boolean {
  const index = version.findIndex((part, at) => part !== other[at]);
  return index !== -1 && Number(version[index]) < Number(other[index]);
}

export async function versionFinding(host: Host, binary: HostPath): Promise<Finding> {
  const probe = `${binary} --version`;
  const result = await tryRun(host, [binary, '--version']);
  if (typeof result === 'string') {
    const remedy = 'Let the action install smolvm, or set SMOLVM_BIN to an installation.';
    return { probe, found: result, ok: false, remedy };
  }
  const version = parseVersion(result.stdout);
  const remedy =
    version === undefined
      ? 'This is not smolvm: set SMOLVM_BIN to its program.'
      : isBefore(version, OTHER_SYNTAX)
        ? 'This smolvm has another command syntax (before 1.0.2): install 1.9.2 or newer.'
        : isBefore(version, FLOOR)
          ? `Install smolvm ${FLOOR.join('.')} or newer.`
          : '';
  const said = (result.stdout || result.stderr).trim().slice(0, 200);
  return {
    probe,
    found: said === '' ? `exit ${result.exitCode}` : said,
    ok: remedy === '',
    remedy,
  };
}

/** Per help page, the options that the engine cannot do without. A version number alone can lie. */
const FEATURES = {
  create: ['--name', '--from', '--cpus', '--mem', '--storage', '--mount-socket', '--label'],
  exec: ['--name', '--workdir', '--timeout', '--secret-env', '-i'],
  delete: ['--name', '--force'],
} as const;

export async function featureFinding(host: Host, binary: HostPath): Promise<Finding> {
  const missing: string[] = [];
  for (const [command, options] of Object.entries(FEATURES)) {
    const result = await tryRun(host, [binary, 'machine', command, '--help']);
    const help = typeof result === 'string' ? '' : result.stdout;
    missing.push(
      ...options.filter((option) => !help.includes(option)).map((option) => `${command} ${option}`),
    );
  }
  const ok = missing.length === 0;
  return {
    probe: 'smolvm options',
    found: ok ? 'all there' : `missing: ${missing.join(', ')}`,
    ok,
    remedy: ok ? '' : `Install smolvm ${FLOOR.join('.')} or newer.`,
  };
}

export async function kvmFinding(device: HostPath): Promise<Finding> {
  const probe = `open ${device} for reading and writing`;
  try {
    const file = await open(device, constants.O_RDWR);
    await file.close();
    return { probe, found: 'opened', ok: true, remedy: '' };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
    const absent = code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO';
    const remedy = absent
      ? 'This runner has no KVM: use ubuntu-latest (x64), in a container job add ' +
        '`--device /dev/kvm`, or choose `engine: bubblewrap` knowingly.'
      : `Run \`sudo chmod 666 ${device}\` in a step before.`;
    return { probe, found: code, ok: false, remedy };
  }
}

/** Hosted macOS runners are virtual machines without nested Hypervisor.framework (smolvm.md §9). */
export async function hypervisorFinding(host: Host): Promise<Finding> {
  const support = await readSysctl(host, 'kern.hv_support');
  const guest = await readSysctl(host, 'kern.hv_vmm_present');
  const ok = support === '1' && guest === '0';
  return {
    probe: 'sysctl kern.hv_support kern.hv_vmm_present',
    found: `${support} ${guest}`,
    ok,
    remedy: ok
      ? ''
      : 'This Mac cannot boot machines (hosted macOS runners never can): ' +
        'use bare-metal Apple Silicon or ubuntu-latest.',
  };
}

async function readSysctl(host: Host, name: string): Promise<string> {
  const result = await tryRun(host, ['/usr/sbin/sysctl', '-n', name]);
  if (typeof result === 'string') return 'unknown';
  return result.exitCode === 0 ? result.stdout.trim() : 'unknown';
}

/** The result, or why the program could not be started. Without `SMOLVM_*` of the runner. */
async function tryRun(host: Host, argv: readonly string[]): Promise<RunResult | string> {
  const env = { PATH: host.env.PATH ?? '/usr/bin:/bin', HOME: host.env.HOME ?? '/' };
  try {
    return await host.run(argv, { env, timeoutMs: PROBE_TIMEOUT_MS });
  } catch (error) {
    return messageOf(error);
  }
}
