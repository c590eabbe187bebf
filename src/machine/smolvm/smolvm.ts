/**
 * The smolvm engine: a hardware-isolated microVM per bottle, driven through smolvm's command line.
 */
import { BottleError } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import type { Engine, Machine, MachineSpec } from '../machine.ts';
import { checkSocketFlag } from './argv.ts';
import { bootMachine, removeState, setUpGuest, stopMachine } from './boot.ts';
import type { Booted } from './call.ts';
import { callSmolvm, type SmolvmCli } from './cli.ts';
import { execInGuest } from './exec.ts';
import { sendProgram } from './program.ts';
import { checkSocketPath } from './state.ts';

const VERSION_TIMEOUT_MS = 20_000;
/** smolvm gives the guest 30 s; the rest is for unpacking the image on a slow disk. */
const START_TIMEOUT_MS = 180_000;

export type SmolvmOptions = {
  /** The `smolvm` program of an installation. */
  readonly binary: HostPath;
  /** Our own limit for one boot; default 180 s. */
  readonly startTimeoutMs?: number;
};

export function smolvmEngine(host: Host, options: SmolvmOptions): Engine {
  const { binary, startTimeoutMs = START_TIMEOUT_MS } = options;
  return {
    name: 'smolvm',
    isolation: 'microvm',
    async create(spec, signal) {
      const pack = packOf(spec);
      checkSocketFlag(spec);
      checkSocketPath(host.platform, spec.stateDir, spec.name);
      const cli = { host, binary, stateDir: spec.stateDir };
      try {
        const limits = { startTimeoutMs, ...(signal === undefined ? {} : { signal }) };
        await bootMachine(cli, spec, pack, limits);
        const drop = await setUpGuest(cli, spec, signal);
        const booted = { cli, name: spec.name, user: spec.user, drop };
        const machine = openMachine(booted, await readVersion(cli));
        if (spec.program !== undefined) await sendProgram(machine, spec.program, signal);
        return machine;
      } catch (error) {
        await cleanUp(cli, spec.name);
        throw error;
      }
    },
    destroy: ({ name, stateDir }) => removeState({ host, binary, stateDir }, name),
  };
}

function packOf(spec: MachineSpec): HostPath {
  if (spec.image.kind === 'smolmachine') return spec.image.path;
  throw new BottleError({
    outcome: 'config-invalid',
    what: "smolvm cannot boot the runner's own files",
    where: `machine ${spec.name}: image of kind ${spec.image.kind}`,
    fix: 'Give a `.smolmachine` image, or choose `engine: bubblewrap` knowingly.',
  });
}

/** After a failed boot: the failure is what matters, so this one only warns. */
async function cleanUp(cli: SmolvmCli, name: string): Promise<void> {
  try {
    await removeState(cli, name);
  } catch (error) {
    cli.host.log.warning(`The failed machine ${name} could not be removed: ${error}`);
  }
}

async function readVersion(cli: SmolvmCli): Promise<string> {
  const result = await callSmolvm(cli, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  return result.stdout.trim().replace(/^smolvm /, '');
}

function openMachine(booted: Booted, engineVersion: string): Machine {
  const { cli, name } = booted;
  let last: Promise<unknown> = Promise.resolve();
  let stopping: Promise<void> | undefined;
  const stop = () => {
    // What still runs ends with the machine; it is waited for, because it asks smolvm why it ended.
    stopping ??= stopMachine(cli, name).then(async () => void (await last));
    return stopping;
  };
  return {
    name,
    engine: 'smolvm',
    isolation: 'microvm',
    engineVersion,
    /** One at a time: concurrent ones race in the guest, and the end of one would end the other. */
    exec(argv, options = {}) {
      const result = last.then(() => {
        if (stopping !== undefined) throw stopped(name);
        return execInGuest(booted, argv, options);
      });
      last = result.catch(() => {});
      return result;
    },
    stop,
    async destroy() {
      // A failure to stop comes back from the removal, which tries again.
      await stop().catch(() => {});
      await removeState(cli, name);
    },
  };
}

function stopped(name: string): BottleError {
  return new BottleError({
    outcome: 'internal-error',
    what: 'a command was to run in a machine that is stopped',
    where: `machine ${name}`,
    fix: 'This is a fault of the action: report it with the log of the step.',
  });
}
