/** The bubblewrap engine: Linux namespaces, one `bwrap` per command on one private tree. */
import { existsSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BottleError, messageOf } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import type { Engine, Machine, MachineSpec } from '../machine.ts';
import { INSTALL } from './failure.ts';
import { seenSources } from './launch.ts';
import { openMachine } from './machine.ts';
import { mountPoints } from './options.ts';
import { hostRootfs, imageRootfs } from './rootfs.ts';
import { bottleDirectory, makeState, removeState } from './state.ts';

export function bubblewrapEngine(host: Host): Engine {
  return {
    name: 'bubblewrap',
    isolation: 'namespaces',
    create: (spec, signal) => createMachine(host, spec, signal),
    destroy: (handle) => removeState(host, handle.stateDir),
  };
}

/** The version that `bwrap --version` tells; undefined when there is no bwrap that runs. */
async function bwrapVersion(host: Host): Promise<string | undefined> {
  const bwrap = host.which('bwrap');
  if (bwrap === undefined) return undefined;
  const { exitCode, stdout } = await host.run([bwrap, '--version']);
  return exitCode === 0 ? /[0-9]+(\.[0-9]+)+/.exec(stdout)?.[0] : undefined;
}

async function createMachine(
  host: Host,
  spec: MachineSpec,
  signal?: AbortSignal,
): Promise<Machine> {
  signal?.throwIfAborted();
  const bwrap = host.which('bwrap');
  const version = await bwrapVersion(host);
  if (bwrap === undefined || version === undefined) {
    throw bootFailed('There is no bubblewrap on this runner', 'bwrap on PATH', INSTALL);
  }
  if (existsSync(spec.stateDir)) {
    const fix = 'Destroy that machine first, or name another directory.';
    throw bootFailed('The state directory of the machine is in use', spec.stateDir, fix);
  }
  const rootfs = unpackedImage(host, spec);
  try {
    const etc = await makeState(host, spec, rootfs);
    const sources = {
      bottle: bottleDirectory(spec.stateDir),
      ...(rootfs === undefined ? {} : { rootfs }),
      ...(spec.program === undefined ? {} : { program: spec.program.host }),
    };
    const seen = seenSources(sources, host.uid);
    const system =
      seen.rootfs === undefined || rootfs === undefined
        ? hostRootfs()
        : imageRootfs(rootfs, seen.rootfs, mountPoints(spec, etc));
    const machine = openMachine(host, { spec, bwrap, version, sources, system, etc });
    await machine.boot(signal);
    signal?.throwIfAborted();
    return machine;
  } catch (error) {
    await removeState(host, spec.stateDir);
    if (error instanceof BottleError || signal?.aborted) throw error;
    const fix = 'See that the disk is not full and that the runner may write there.';
    throw bootFailed(`The machine's state: ${messageOf(error)}`, spec.stateDir, fix, error);
  }
}

/** Where the image's tree is; undefined when the bottle takes the runner's own `/usr`. */
function unpackedImage(host: Host, { image }: MachineSpec): HostPath | undefined {
  if (image.kind === 'host') return undefined;
  if (image.rootfs === undefined || !existsSync(image.rootfs)) {
    const fix = 'Unpack its layers first; bubblewrap cannot read the file itself.';
    throw bootFailed('The image is not unpacked', image.path, fix);
  }
  // As root the bottle is somebody else, who must be able to enter.
  if (host.uid === 0 && (statSync(image.rootfs).mode & 0o005) !== 0o005) {
    const fix = 'Give the directory mode 0755.';
    throw bootFailed('The unpacked image is closed to other users', image.rootfs, fix);
  }
  return image.rootfs;
}

/**
 * Makes a bottle in a directory of its own, with one command in it, and removes it.
 * @throws {BottleError} `boot-failed` when this runner cannot hold a bottle
 */
export async function tryBottle(host: Host): Promise<void> {
  const parent = await mkdtemp(join(host.env.RUNNER_TEMP ?? tmpdir(), 'bottle-probe-'));
  try {
    await createMachine(host, {
      name: 'bottle-probe',
      image: { kind: 'host' },
      cpus: 1,
      memoryMib: 0,
      storageGib: 0,
      user: { name: 'node', uid: 1000, gid: 1000, home: '/home/node' },
      socket: { host: join(parent, 'none.sock'), guest: '/run/bottle/gateway.sock' },
      stateDir: join(parent, 'state'),
      labels: {},
    });
  } finally {
    await removeState(host, parent);
  }
}

function bootFailed(what: string, where: string, fix: string, cause?: unknown): BottleError {
  return new BottleError({ outcome: 'boot-failed', what, where, fix, cause });
}
