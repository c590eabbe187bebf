/** Lets smolvm fetch a pack from a registry, or build one from a container image. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError, messageOf } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';

/** The smolvm that the engine uses, too. */
export type SmolvmCommand = {
  readonly path: HostPath;
  readonly version: string;
  /**
   * Its whole environment: `PATH`, `HOME` or `SMOLVM_DATA_DIR`, proxies; none of the runner's
   * `SMOLVM_*`.
   */
  readonly env: Readonly<Record<string, string>>;
};

const PULL_TIMEOUT_MS = 15 * 60_000;
/** It boots a machine of 8 GiB, pulls the image inside and compresses it. */
const BUILD_TIMEOUT_MS = 30 * 60_000;
const TAIL_CHARACTERS = 600;

type Call = {
  readonly argv: readonly string[];
  readonly folder: HostPath;
  readonly timeoutMs: number;
  readonly what: string;
  readonly fix: string;
};

async function callSmolvm(
  host: Pick<Host, 'spawn' | 'log' | 'cancelled'>,
  smolvm: SmolvmCommand,
  { argv, folder, timeoutMs, what, fix }: Call,
): Promise<void> {
  const log = host.log.openGuestLog('smolvm');
  let tail = '';
  const onStderr = (chunk: Uint8Array) => {
    log.write(chunk);
    tail = (tail + Buffer.from(chunk).toString()).slice(-TAIL_CHARACTERS);
  };
  const fail = (found: string, cause?: unknown) => {
    const where = `smolvm ${argv.slice(0, 3).join(' ')}: ${found} ${tail.trim()}`;
    return new BottleError({ outcome: 'image-failed', what, where: where.trim(), fix, cause });
  };
  try {
    const child = await host.spawn([smolvm.path, ...argv], {
      cwd: folder, // a neutral one: smolvm looks for its stub below the current directory
      env: smolvm.env,
      timeoutMs,
      signal: host.cancelled,
      onStdout: (chunk) => log.write(chunk),
      onStderr,
    });
    const exit = await child.exit;
    host.cancelled.throwIfAborted();
    if (exit.timedOut) throw fail(`not done after ${timeoutMs / 60_000} minutes`);
    if (exit.exitCode !== 0) throw fail(`exit code ${exit.exitCode ?? exit.signal}`);
  } catch (error) {
    host.cancelled.throwIfAborted();
    throw error instanceof BottleError ? error : fail(messageOf(error), error);
  } finally {
    await log.end();
  }
}

/** Pulls the pack that `reference` names in an OCI registry into `folder`; returns its path. */
export async function pullPack(
  host: Pick<Host, 'spawn' | 'log' | 'cancelled'>,
  smolvm: SmolvmCommand,
  reference: string,
  folder: HostPath,
): Promise<HostPath> {
  const file = join(folder, 'pulled.smolmachine');
  await callSmolvm(host, smolvm, {
    argv: ['pack', 'pull', reference, '-o', file],
    folder,
    timeoutMs: PULL_TIMEOUT_MS,
    what: 'The image could not be pulled',
    fix: `Check that ${reference} is a .smolmachine in that registry and that smolvm may read it.`,
  });
  return file;
}

/** What a pack is built from: an image in a registry, or a Smolfile that was checked. */
export type PackInput =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'smolfile'; readonly path: HostPath };

/** Builds a pack in `folder`; returns its path. */
export async function buildPack(
  host: Pick<Host, 'spawn' | 'log' | 'cancelled' | 'facts'>,
  smolvm: SmolvmCommand,
  input: PackInput,
  folder: HostPath,
): Promise<HostPath> {
  const { memoryMib } = host.facts();
  const output = join(folder, 'built');
  await mkdir(folder, { recursive: true });
  const from = input.kind === 'image' ? ['-I', input.reference] : ['-s', input.path];
  await callSmolvm(host, smolvm, {
    argv: ['pack', 'create', ...from, '-o', output],
    folder,
    timeoutMs: BUILD_TIMEOUT_MS,
    what: 'The image could not be built',
    fix:
      `It is built in a machine of 8192 MiB (this runner has ${memoryMib}) ` +
      'that pulls the image itself.',
  });
  return `${output}.smolmachine`;
}
