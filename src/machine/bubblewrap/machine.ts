/** A bottle that stands: commands run in it, until it is stopped and removed. */
import { existsSync } from 'node:fs';
import { BottleError } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import type { ExecOptions, ExecResult, Machine, MachineSpec } from '../machine.ts';
import { missingDirectory, setupFailure, startFailureCode } from './failure.ts';
import { type Ended, launch, type Sources, seenSources } from './launch.ts';
import { bottleOptions } from './options.ts';
import { giveSocket, removeState } from './state.ts';

/** What a shell gives for a death by SIGKILL, which is how we end a guest. */
const KILLED = 137;

export type BottleMachine = Machine & {
  /** Runs a first command, without the gateway's socket, which need not be there yet. */
  boot(signal?: AbortSignal): Promise<void>;
};

export type Standing = {
  readonly spec: MachineSpec;
  readonly bwrap: HostPath;
  /** Of bwrap: `0.8.0`. */
  readonly version: string;
  readonly sources: Sources;
  /** bwrap options of the read-only part of the file system. */
  readonly system: readonly string[];
  /** Names of the files in the machine's own `etc`. */
  readonly etc: readonly string[];
};

export function openMachine(host: Host, standing: Standing): BottleMachine {
  const { spec, version, sources } = standing;
  const commands = openCommands(host, standing);
  return {
    name: spec.name,
    engine: 'bubblewrap',
    isolation: 'namespaces',
    engineVersion: version,
    boot: async (signal) => {
      await commands.run(['true'], signal === undefined ? {} : { signal }, sources);
    },
    exec: async (argv, options = {}) => {
      refuse(spec, options, commands.stopped);
      await openSocket(host, spec);
      return commands.run(argv, options, { ...sources, socket: spec.socket.host });
    },
    stop: commands.stop,
    destroy: async () => {
      await commands.stop();
      await removeState(host, spec.stateDir);
    },
  };
}

/** The commands of one bottle, which end together. */
function openCommands(host: Host, standing: Standing) {
  const { spec, bwrap } = standing;
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();
  let count = 0;

  const run = async (argv: readonly string[], options: ExecOptions, sources: Sources) => {
    const signals = [stopping.signal, ...(options.signal ? [options.signal] : [])];
    const signal = AbortSignal.any(signals);
    if (signal.aborted) return { exitCode: KILLED, timedOut: false, aborted: true, durationMs: 0 };
    count += 1;
    const seen = bottleOptions(standing, seenSources(sources, host.uid), options);
    const request = { bwrap, sources, options: seen, argv, id: String(count) };
    const ending = launch(host, request, { ...processOptions(options), signal });
    running.add(ending);
    try {
      return resultOf(host, spec, options, await ending);
    } finally {
      running.delete(ending);
    }
  };

  const stop = async () => {
    stopping.abort(new Error(`machine ${spec.name} was stopped`));
    await Promise.allSettled(running);
  };
  return { run, stop, stopped: stopping.signal };
}

/** What of a command's options is the process's own; the rest is for bwrap. */
function processOptions({ stdin, onStdout, onStderr, timeoutMs }: ExecOptions) {
  return {
    ...(stdin === undefined ? {} : { stdin }),
    ...(onStdout === undefined ? {} : { onStdout }),
    ...(onStderr === undefined ? {} : { onStderr }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function resultOf(host: Host, spec: MachineSpec, options: ExecOptions, ended: Ended): ExecResult {
  const { timedOut, aborted, durationMs } = ended.exit;
  const result = (exitCode: number) => ({ exitCode, timedOut, aborted, durationMs });
  if (ended.kind === 'exited') return result(ended.exitCode);
  if (ended.kind === 'ended-by-us') return result(KILLED);
  if (ended.exit.signal !== null) {
    throw new BottleError({
      outcome: 'internal-error',
      what: 'The bottle was ended from outside while a command ran in it',
      where: `machine ${spec.name}, bwrap died of ${ended.exit.signal}`,
      fix: 'The usual cause is a runner that is out of memory: take a larger one.',
    });
  }
  const code = startFailureCode(ended.reason);
  if (code !== undefined) return result(code);
  if (missingDirectory(ended.reason)) {
    throw new BottleError({
      outcome: 'provision-failed',
      what: 'The working directory of a command is not there in the guest',
      where: `${options.cwd ?? spec.user.home} in machine ${spec.name}`,
      fix: 'Name a directory that exists, or make it first.',
    });
  }
  throw setupFailure(host, spec.name, ended.reason);
}

function refuse(spec: MachineSpec, options: ExecOptions, stopped: AbortSignal): void {
  const what = stopped.aborted
    ? 'A command was to run in a machine that is stopped'
    : options.user === 'root'
      ? 'A command was to run as root, and a bubblewrap bottle has no root'
      : undefined;
  if (what === undefined) return;
  throw new BottleError({
    outcome: 'internal-error',
    what,
    where: `machine ${spec.name}`,
    fix: 'This is a fault of the action: report it with the log of the step.',
  });
}

async function openSocket(host: Host, { socket }: MachineSpec): Promise<void> {
  if (existsSync(socket.host)) return giveSocket(host, socket.host);
  throw new BottleError({
    outcome: 'gateway-failed',
    what: "The gateway's socket is not there, so the bottle would have no way out",
    where: socket.host,
    fix: 'See why the gateway ended: its messages stand above in the log.',
  });
}
