/** Is a program a smolvm that the engine can drive? Version, options, and on macOS its entitlement. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Host, HostPath, RunResult } from '../../host/host.ts';
import { PINNED_VERSION } from './release.ts';

/** The oldest version that has all the engine needs (smolvm.md §11.2). */
export const FLOOR = '1.9.2';
/** Versions whose command line was read from their source. */
export const KNOWN_GOOD: readonly string[] = ['1.9.2', PINNED_VERSION];
/** Before it `create` and `delete` took the name as a positional argument. */
const OTHER_SYNTAX = '1.0.2';

const PROBE_TIMEOUT_MS = 20_000;

/** What is wrong with a program, and what to do. */
export type Fault = { readonly found: string; readonly remedy: string };

export type ProbedProgram = {
  /** Such as `1.9.3`; empty when it is no smolvm. */
  readonly version: string;
  /** Empty: the engine can drive it. */
  readonly faults: readonly Fault[];
};

/** Never throws for a program that is missing or broken. */
export async function probeProgram(host: Host, program: HostPath): Promise<ProbedProgram> {
  const said = await tryRun(host, [program, '--version']);
  const version = typeof said === 'string' ? '' : (readVersion(said.stdout) ?? '');
  if (version === '') {
    const text = typeof said === 'string' ? said : said.stdout || said.stderr;
    const found = text.trim().slice(0, 200) || 'it prints no version';
    const remedy = 'Let the action install smolvm, or set SMOLVM_BIN to an installation.';
    return { version, faults: [{ found, remedy }] };
  }
  if (isBefore(version, FLOOR)) {
    const why = isBefore(version, OTHER_SYNTAX) ? ', whose command line is another one' : '';
    return { version, faults: [{ found: `version ${version}${why}`, remedy: INSTALL_NEWER }] };
  }
  const faults = await Promise.all([
    findMissingOptions(host, program),
    findEntitlement(host, program),
  ]);
  return { version, faults: faults.filter((fault) => fault !== undefined) };
}

const INSTALL_NEWER = `Install smolvm ${FLOOR} or newer.`;

/** `smolvm 1.9.2` → `1.9.2`; undefined for any other text. */
export function readVersion(text: string): string | undefined {
  return /^smolvm (\d+\.\d+\.\d+(?:[-+]\S*)?)\s*$/.exec(text)?.[1];
}

function isBefore(version: string, other: string): boolean {
  const [ours, theirs] = [version, other].map((text) => text.split(/[-+.]/).map(Number));
  const at = [0, 1, 2].find((part) => ours?.[part] !== theirs?.[part]) ?? 0;
  return Number(ours?.[at]) < Number(theirs?.[at]);
}

/** Per help page, the options that the engine cannot do without. A version number alone can lie. */
const OPTIONS = {
  create: ['--name', '--from', '--cpus', '--mem', '--storage', '--mount-socket', '--label'],
  exec: ['--name', '--workdir', '--timeout', '--secret-env', '-i'],
  delete: ['--name', '--force'],
} as const;

async function findMissingOptions(host: Host, program: HostPath): Promise<Fault | undefined> {
  const missing = await Promise.all(
    Object.entries(OPTIONS).map(async ([command, options]) => {
      const result = await tryRun(host, [program, 'machine', command, '--help']);
      const help = typeof result === 'string' ? '' : result.stdout;
      return options.filter((option) => !help.includes(option)).map((o) => `${command} ${o}`);
    }),
  );
  if (missing.flat().length === 0) return undefined;
  return { found: `missing options: ${missing.flat().join(', ')}`, remedy: INSTALL_NEWER };
}

const HYPERVISOR = 'com.apple.security.hypervisor';

/** macOS gives the hypervisor to signed programs with this entitlement only; signing anew drops it. */
async function findEntitlement(host: Host, program: HostPath): Promise<Fault | undefined> {
  if (host.platform !== 'darwin') return undefined;
  const binary = binaryOf(program);
  const result = await tryRun(host, ['/usr/bin/codesign', '-d', '--entitlements', '-', binary]);
  if (typeof result === 'string') return undefined; // no codesign: then macOS itself will tell
  if (`${result.stdout}${result.stderr}`.includes(HYPERVISOR)) return undefined;
  return {
    found: `${binary} lacks the entitlement ${HYPERVISOR}`,
    remedy: 'Install smolvm again, and do not sign or strip it.',
  };
}

/** A release has a shell script in front of its binary. */
function binaryOf(program: HostPath): HostPath {
  try {
    const binary = join(dirname(realpathSync(program)), 'smolvm-bin');
    return existsSync(binary) ? binary : program;
  } catch {
    return program;
  }
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
