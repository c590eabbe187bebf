/** A bottle's private tree on the runner: made once, and removed whatever a guest did to it. */
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../../errors.ts';
import type { Host, HostPath } from '../../host/host.ts';
import type { MachineSpec } from '../machine.ts';
import { etcFiles, NSSWITCH } from './etc.ts';
import { endGuests } from './guest.ts';
import { UNPRIVILEGED_ID } from './launch.ts';
import { hostname } from './options.ts';
import { imagePath, imageText } from './rootfs.ts';

/** Inside the state directory, which only we may enter; root binds it where the bottle can. */
export function bottleDirectory(stateDir: HostPath): HostPath {
  return join(stateDir, 'bottle');
}

/**
 * Makes `home` and `tmp` for the guest, `etc` for its files, `status` for bwrap's reports.
 * Gives the names of the files in `etc`.
 */
export async function makeState(
  host: Host,
  spec: MachineSpec,
  rootfs: HostPath | undefined,
): Promise<string[]> {
  const bottle = bottleDirectory(spec.stateDir);
  await mkdir(spec.stateDir, { recursive: true, mode: 0o700 });
  await mkdir(bottle);
  for (const [name, mode] of [
    ['etc', 0o755],
    ['home', 0o755],
    ['tmp', 0o1777],
    ['status', 0o700],
  ] as const) {
    await mkdir(join(bottle, name));
    await chmod(join(bottle, name), mode);
  }
  await chmod(bottle, 0o755);
  const files = {
    ...etcFiles(spec.user, hostname(spec), {
      passwd: rootfs === undefined ? '' : imageText(rootfs, '/etc/passwd'),
      group: rootfs === undefined ? '' : imageText(rootfs, '/etc/group'),
    }),
    ...(rootfs === undefined ? { 'nsswitch.conf': NSSWITCH } : {}),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(bottle, 'etc', name), text);
    await chmod(join(bottle, 'etc', name), 0o644);
  }
  if (rootfs !== undefined) await copyHome(host, spec, rootfs);
  await giveToGuest(host, bottle);
  return Object.keys(files);
}

/** What an image has in the user's home belongs to the user, who may change it. */
async function copyHome(host: Host, spec: MachineSpec, rootfs: HostPath): Promise<void> {
  const from = imagePath(rootfs, spec.user.home);
  if (from === undefined) return;
  const to = join(bottleDirectory(spec.stateDir), 'home');
  await mustRun(host, ['cp', '-R', '-P', '-p', '--reflink=auto', '--', `${from}/.`, to]);
}

async function giveToGuest(host: Host, bottle: HostPath): Promise<void> {
  if (host.uid !== 0) return;
  const owner = `${UNPRIVILEGED_ID}:${UNPRIVILEGED_ID}`;
  const own = ['home', 'tmp', 'status'].map((name) => join(bottle, name));
  await mustRun(host, ['chown', '-R', '-h', owner, '--', ...own]);
}

/** The gateway made it for the runner's root; the bottle's own user must be able to connect. */
export async function giveSocket(host: Host, socket: HostPath): Promise<void> {
  if (host.uid === 0) await chown(socket, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
}

/**
 * Ends every process of the machine and removes its state; true when there was something.
 * A guest may leave directories without rights and trees deeper than a path may be long.
 */
export async function removeState(host: Host, stateDir: HostPath): Promise<boolean> {
  if (!existsSync(stateDir)) return false;
  const ended = await endGuests(bottleDirectory(stateDir));
  const quick = await host.run(['rm', '-rf', '--', stateDir]);
  if (quick.exitCode !== 0) {
    await host.run(['chmod', '-R', 'u+rwx', '--', stateDir]);
    await mustRun(host, ['rm', '-rf', '--', stateDir]);
  }
  if (ended) return true;
  throw new BottleError({
    outcome: 'internal-error',
    what: 'Processes of a bottle could not be ended',
    where: stateDir,
    fix: 'Restart the runner before it takes another job.',
  });
}

async function mustRun(host: Host, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await host.run(argv);
  if (exitCode === 0) return;
  throw new BottleError({
    outcome: 'boot-failed',
    what: `${argv[0]} failed on the state of a bottle: ${stderr.trim().slice(0, 500)}`,
    where: `exit code ${exitCode} of ${argv[0]}`,
    fix: 'See that the disk is not full and that the directory belongs to the runner.',
  });
}
