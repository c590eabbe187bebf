/** Boots a smolvm machine and removes one: the commands' order, time limits and second tries. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BottleError } from '../../errors.ts';
import type { HostPath } from '../../host/host.ts';
import type { MachineSpec } from '../machine.ts';
import { createArgv, deleteArgv, execArgv, startArgv, stopArgv } from './argv.ts';
import { type CliResult, callSmolvm, KILLED, type SmolvmCli } from './cli.ts';
import { engineError } from './failure.ts';
import { type DropPrefix, readDropPrefix, setupProgram } from './guest.ts';
import { findMachine } from './list.ts';
import { machineDirectory, machineLogTail } from './state.ts';

/** `create` unpacks the image's assets: gigabytes on a slow disk. */
const CREATE_TIMEOUT_MS = 600_000;
const SETUP_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const DELETE_TIMEOUT_MS = 60_000;
const ATTEMPTS = 3;
const PAUSE_MS = 300;

/** smolvm's own words for a failure that goes away by itself (smolvm.md §2.6). */
const TRANSIENT = /directory not empty|database is locked/i;
const BOOT_TIMEOUT = /agent did not become ready within/i;

export type BootOptions = {
  /** Our own limit for `start`, which unpacks the image's layers the first time. */
  readonly startTimeoutMs: number;
  readonly signal?: AbortSignal;
};

/** Creates and starts; a boot that is not ready in time gets a second machine. */
export async function bootMachine(
  cli: SmolvmCli,
  spec: MachineSpec,
  pack: HostPath,
  options: BootOptions,
): Promise<void> {
  await mkdir(spec.stateDir, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt++) {
    await createMachine(cli, spec, pack, options.signal);
    const result = await callSmolvm(cli, startArgv(spec.name), {
      timeoutMs: options.startTimeoutMs,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (result.exitCode === 0) return;
    if (result.aborted) throw cancelled(spec.name);
    const late = result.timedOut || BOOT_TIMEOUT.test(result.stderr);
    if (!late || attempt > 1) throw await bootError(cli, spec.name, 'machine start', result);
    cli.host.log.warning(`Machine ${spec.name} was not ready in time; trying once more.`);
    await removeMachine(cli, spec.name);
  }
}

async function createMachine(
  cli: SmolvmCli,
  spec: MachineSpec,
  pack: HostPath,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await retryTransient(cli, createArgv(spec, pack), CREATE_TIMEOUT_MS, signal);
  if (result.aborted) throw cancelled(spec.name);
  if (result.exitCode !== 0) throw await bootError(cli, spec.name, 'machine create', result);
  await checkCreated(cli, spec);
}

/** `create` exits 0 without having done all that it was asked: smolvm.md §2.2. */
async function checkCreated(cli: SmolvmCli, spec: MachineSpec): Promise<void> {
  const made = await findMachine(cli, spec.name);
  if (made === undefined) {
    const stderr = `vm not found: ${spec.name}`;
    throw engineError({ outcome: 'boot-failed', command: 'machine create', exitCode: 0, stderr });
  }
  if (made.network) {
    throw new BottleError({
      outcome: 'image-failed',
      what: 'the image demands a network, and a bottle has none',
      where: `machine ${spec.name}: \`network\` is true in the image's manifest`,
      fix: 'Build the image again without a network (`net`) in its Smolfile.',
    });
  }
  if (made.cpus !== spec.cpus || made.memoryMib !== spec.memoryMib) {
    cli.host.log.notice(
      `The machine has ${made.cpus} CPUs and ${made.memoryMib} MiB, as its image says, not ` +
        `${spec.cpus} and ${spec.memoryMib}: smolvm cannot override an image ` +
        'with its own defaults (4 and 8192).',
    );
  }
}

/** Makes the agent's user and finds the program that changes to it. */
export async function setUpGuest(
  cli: SmolvmCli,
  spec: MachineSpec,
  signal: AbortSignal | undefined,
): Promise<DropPrefix> {
  const argv = execArgv({
    name: spec.name,
    interactive: false,
    timeoutSeconds: SETUP_TIMEOUT_MS / 1000,
    variables: [],
    argv: ['/bin/sh', '-c', setupProgram(spec.user, spec.socket.guest)],
  });
  const options = { timeoutMs: SETUP_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
  let result = await callSmolvm(cli, argv, options);
  // The first exec after a boot can be lost without a word (bot-bottle.md §4.6, 10).
  if (result.exitCode === KILLED) result = await callSmolvm(cli, argv, options);
  if (result.aborted) throw cancelled(spec.name);
  const drop = readDropPrefix(result.stdout, spec.user);
  if (result.exitCode !== 0 || drop === undefined) {
    throw await bootError(cli, spec.name, 'machine exec (to make the user)', result);
  }
  return drop;
}

async function bootError(
  cli: SmolvmCli,
  name: string,
  command: string,
  result: CliResult,
): Promise<BottleError> {
  const log = await machineLogTail(machineDirectory(cli.host.platform, cli.stateDir, name));
  const stderr = result.timedOut
    ? `${result.stderr}\nthe agent did not become ready within our own limit`
    : result.stderr;
  const { exitCode } = result;
  return engineError({ outcome: 'boot-failed', command, exitCode, stderr, log });
}

function cancelled(name: string): BottleError {
  return new BottleError({
    outcome: 'cancelled',
    what: 'the run was cancelled while its machine booted',
    where: `machine ${name}`,
    fix: 'Nothing to do; the machine was removed.',
  });
}

export async function stopMachine(cli: SmolvmCli, name: string): Promise<void> {
  const result = await retryTransient(cli, stopArgv(name), STOP_TIMEOUT_MS);
  if (result.exitCode === 0 || /vm not found/i.test(result.stderr)) return;
  throw engineError({ outcome: 'internal-error', command: 'machine stop', ...result });
}

/**
 * Stops and deletes by name; false when there was none. A `delete` alone leaves the process of a
 * machine whose start was interrupted.
 */
async function removeMachine(cli: SmolvmCli, name: string): Promise<boolean> {
  if ((await findMachine(cli, name)) === undefined) return false;
  await stopMachine(cli, name);
  const result = await retryTransient(cli, deleteArgv(name), DELETE_TIMEOUT_MS);
  if (result.exitCode === 0 || /vm not found/i.test(result.stderr)) return true;
  throw engineError({ outcome: 'internal-error', command: 'machine delete', ...result });
}

async function retryTransient(
  cli: SmolvmCli,
  argv: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<CliResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await callSmolvm(cli, argv, {
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const again = result.exitCode !== 0 && !result.aborted && TRANSIENT.test(result.stderr);
    if (!again || attempt === ATTEMPTS) return result;
    await delay(PAUSE_MS * attempt);
  }
}

/** Removes the machine and then its state directory; true when there was either. */
export async function removeState(cli: SmolvmCli, name: string): Promise<boolean> {
  const present = await stat(cli.stateDir).then(
    () => true,
    () => false,
  );
  if (!present) return false;
  await removeMachine(cli, name);
  await rm(cli.stateDir, { recursive: true, force: true, maxRetries: ATTEMPTS });
  return true;
}
