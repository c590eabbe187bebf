/** Installs one version of an agent's program from npm: once, whole, checked, into the tool cache. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { withLock } from '../lock/lock.ts';
import { currentOwner } from '../lock/owner.ts';
import { printableEnd } from '../printable.ts';
import { toolCache } from '../tool-cache.ts';
import { type InstalledPackage, readInstalled } from './installed.ts';

/** One version of one package. */
export type ProgramRequest = {
  /** `@scope/name` or `name`. */
  readonly npm: string;
  /** Exact: `1.2.3`. */
  readonly version: string;
  /** Where the version was asked for. */
  readonly source: string;
  /** The program, below the installation. */
  readonly file: string;
};

export type InstalledProgram = {
  /** Whole and never written to again. */
  readonly directory: HostPath;
  readonly origin: 'npm' | 'tool cache';
  /** The package itself comes first. */
  readonly packages: readonly InstalledPackage[];
};

const INSTALL_MS = 10 * 60_000;
const STDERR_BYTES = 16 * 1024;

/**
 * @throws {BottleError} `config-invalid`: there is no such version; `provision-failed`: it could not be
 *   installed.
 */
export async function installProgram(
  host: Host,
  request: ProgramRequest,
): Promise<InstalledProgram> {
  const root = join(toolCache(host.env), 'agent');
  const key = `${request.npm.replace('/', '+')}-${request.version}-linux-${host.arch}`;
  const directory = join(root, key);
  const locker = { host, me: await currentOwner(host), what: 'agent program' };
  const isNew = await withLock(join(root, '.locks', key), locker, async () => {
    if (existsSync(directory)) return false;
    await makeInstallation(host, request, directory, join(root, '.temporary', key));
    return true;
  });
  const packages = await readInstalled(directory, request);
  return { directory, origin: isNew ? 'npm' : 'tool cache', packages };
}

/** Makes `directory` at once or not at all. Only the lock's owner uses `work`. */
async function makeInstallation(
  host: Host,
  request: ProgramRequest,
  directory: HostPath,
  work: HostPath,
): Promise<void> {
  try {
    // A process that was killed may have left something.
    await rm(work, { recursive: true, force: true });
    await mkdir(work, { recursive: true });
    // npm looks upwards for a project until it finds one: with its own, no checkout has a say.
    await writeFile(join(work, 'package.json'), '{"private":true}\n');
    await runNpm(host, request, work);
    await readInstalled(work, request);
    // The bottle's user is nobody on the runner, and whoever installs may have a strict umask.
    await host.run(['chmod', '-R', 'a+rX,go-w', work]);
    await rename(work, directory);
  } catch (error) {
    host.cancelled.throwIfAborted();
    if (error instanceof BottleError) throw error;
    throw failed(request, messageOf(error), 'See that the disk of the tool cache is not full.');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** By the runner's own client, from where it is configured to fetch; what is fetched runs nothing. */
async function runNpm(host: Host, { npm, version, source }: ProgramRequest, work: HostPath) {
  const request = { npm, version, source };
  const program = host.which('npm');
  if (program === undefined) {
    throw failed(
      request,
      'this runner has no npm',
      'Install Node with npm on the runner, or put the program into the image and leave out "version".',
    );
  }
  let stderr = '';
  const child = await host.spawn(argvOfNpm(program, `${npm}@${version}`, host.arch), {
    cwd: work,
    env: definedOf(host.env),
    onStderr: (chunk) => {
      stderr = (stderr + Buffer.from(chunk).toString()).slice(-STDERR_BYTES);
    },
    timeoutMs: INSTALL_MS,
    signal: host.cancelled,
  });
  const exit = await child.exit;
  host.cancelled.throwIfAborted();
  if (exit.exitCode === 0) return;
  throw explain(request, exit.timedOut ? 'it took too long' : stderr);
}

function argvOfNpm(program: HostPath, spec: string, arch: string): string[] {
  return [
    program,
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
    // Of what the bottle is, not of what the runner is.
    '--os=linux',
    `--cpu=${arch}`,
    '--libc=glibc',
    '--include=optional',
    '--omit=dev',
    '--install-strategy=hoisted',
    '--no-global',
    '--no-engine-strict',
    '--',
    spec,
  ];
}

function explain(request: Omit<ProgramRequest, 'file'>, stderr: string): BottleError {
  const said = printableEnd(stderr.replace(/^npm (error|ERR!) A complete log.*\n.*$/m, ''));
  if (/\b(ETARGET|E404|ENOVERSIONS)\b/.test(stderr)) {
    return new BottleError({
      outcome: 'config-invalid',
      what: `There is no version ${request.version} of ${request.npm} where this runner's npm looks`,
      where: `agent_provider.version, ${request.source}`,
      fix: 'Name a version that is published there; "npm view PACKAGE versions" lists them.',
    });
  }
  if (/\bEINTEGRITY\b/.test(stderr)) {
    const fix = 'Do not use it until you know why: somebody on the way may have changed it.';
    return failed(request, `what arrived is not what the registry describes: ${said}`, fix);
  }
  return failed(request, said || 'npm said nothing', 'See that the runner reaches its registry.');
}

export function failed(
  { npm, version, source }: Omit<ProgramRequest, 'file'>,
  why: string,
  fix: string,
): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `The agent's program could not be installed: ${why}`,
    where: `${npm}@${version}, agent_provider.version, ${source}`,
    fix,
  });
}

function definedOf(env: Host['env']): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}
