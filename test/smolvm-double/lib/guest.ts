/** The inside of a machine: namespaces made by bubblewrap that live as long as it runs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Mount, SocketMount } from './record.ts';

export type GuestConfig = {
  readonly name: string;
  readonly rootfs: string;
  readonly mounts: readonly Mount[];
  /** Sockets of this process, and where the guest sees them. */
  readonly sockets: readonly SocketMount[];
};

/**
 * The guest's first process: says that all is mounted, then waits until who holds its stdin is
 * gone.
 */
const FIRST = ['/bin/sh', '-c', 'echo ready; read -r _'];

/** Guest ids are the runner's own ids: root in the guest is root of its user namespace alone. */
const ID_MAP = '0 0 65536\n';

/** Boots; resolves with the guest's first process as the runner numbers it. */
export async function bootGuest(
  config: GuestConfig,
  console: number,
): Promise<{ readonly process: ChildProcess; readonly pid: number }> {
  const child = spawn('bwrap', bwrapArgs(config), {
    stdio: ['pipe', 'pipe', console, 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const block = child.stdio[3] as Writable;
  const info = await text(child.stdio[4] as Readable);
  const pid = Number((JSON.parse(info || '{}') as { 'child-pid'?: number })['child-pid'] ?? 0);
  if (pid === 0) throw new Error('bubblewrap could not make the namespaces');
  writeFileSync(`/proc/${pid}/uid_map`, ID_MAP);
  writeFileSync(`/proc/${pid}/gid_map`, ID_MAP);
  block.end('\n');
  const [first] = await Promise.race([once(child.stdout as Readable, 'data'), once(child, 'exit')]);
  if (String(first) !== 'ready\n') throw new Error('the guest ended while it booted');
  return { process: child, pid };
}

function bwrapArgs({ name, rootfs, mounts, sockets }: GuestConfig): string[] {
  return [
    ...['--unshare-user', '--userns-block-fd', '3', '--info-fd', '4', '--uid', '0', '--gid', '0'],
    ...['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--hostname', name],
    ...['--clearenv', '--bind', rootfs, '/'],
    ...runnerPrograms(rootfs),
    ...['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/tmp'],
    ...['--perms', '0755', '--tmpfs', '/run'],
    ...mounts.flatMap((m) => [m.readOnly ? '--ro-bind' : '--bind', m.host, m.guest]),
    ...sockets.flatMap(({ host, guest }) => ['--bind', host, guest]),
    ...['--', ...FIRST],
  ];
}

const USR_LINKS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

/** An image without programs of its own gets the runner's, read-only. */
function runnerPrograms(rootfs: string): string[] {
  const usr = join(rootfs, 'usr');
  if (existsSync(usr) && readdirSync(usr).length > 0) return [];
  for (const link of USR_LINKS) {
    const path = join(rootfs, link);
    const missing = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    const model = lstatSync(`/${link}`, { throwIfNoEntry: false });
    if (missing && model?.isSymbolicLink()) symlinkSync(readlinkSync(`/${link}`), path);
  }
  const alternatives = '/etc/alternatives';
  return [
    ...['--ro-bind', '/usr', '/usr'],
    ...(existsSync(join(rootfs, alternatives))
      ? []
      : ['--ro-bind-try', alternatives, alternatives]),
  ];
}

/** The command line that runs `argv` in a guest, as its root, below `cwd`. */
export function enterGuest(guestPid: number, cwd: string, argv: readonly string[]): string[] {
  const inside = cwd === '/' ? argv : ['/bin/sh', '-c', 'cd "$0" && exec "$@"', cwd, ...argv];
  return [
    ...['nsenter', '--target', String(guestPid), '--user', '--mount', '--pid', '--net'],
    ...['--ipc', '--uts', `--wd=/proc/${guestPid}/root`, '--', ...inside],
  ];
}

/** Runs a short command in a guest to its end. */
export function runInGuest(guestPid: number, argv: readonly string[], input?: Uint8Array) {
  const [program = '', ...args] = enterGuest(guestPid, '/', argv);
  return spawnSync(program, args, {
    input: input ?? new Uint8Array(),
    env: GUEST_ENV,
    maxBuffer: 2 ** 31,
  });
}

export const GUEST_ENV: Readonly<Record<string, string>> = {
  HOME: '/root',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  TERM: 'xterm-256color',
};

/** The processes that `pid` started and theirs, as the runner numbers them. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It ended meanwhile.
    }
  }
  const collect = (of: number): number[] =>
    (children.get(of) ?? []).flatMap((child) => [child, ...collect(child)]);
  return collect(pid);
}

/** A process's number inside its own namespace. */
export function innerPid(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^NSpid:.*\t(\d+)$/m);
  return Number(line?.[1] ?? pid);
}
