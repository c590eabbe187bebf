/** Names a running process so that others can tell, later, whether it still runs. */
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import type { Host } from '../host/host.ts';

/** `<pid>-<start>-<boot>-<pid namespace>`: fit for a file name, and never the same for two processes. */
export type Owner = string;

/** Locks and marks of a process that cannot be seen from here (another container) count this long. */
const UNSEEN_MS = 60 * 60 * 1000;

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

async function ask(host: Pick<Host, 'run'>, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout } = await host.run(argv, { timeoutMs: 5000 });
  return exitCode === 0 ? stdout.trim() : '';
}

/** Identifies this boot of the machine. */
export async function bootId(host: Pick<Host, 'platform' | 'run'>): Promise<string> {
  const text =
    host.platform === 'linux'
      ? await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
      : await ask(host, ['sysctl', '-n', 'kern.bootsessionuuid']);
  return short(text);
}

/** When the process started, as the kernel counts it; empty when there is none, or it is a zombie. */
async function startOf(host: Pick<Host, 'platform' | 'run'>, pid: string): Promise<string> {
  if (host.platform !== 'linux') return await ask(host, ['ps', '-o', 'lstart=', '-p', pid]);
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in brackets, and may hold anything.
  const [state, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? '' : (rest[18] ?? '');
}

/** The name of this process. */
export async function currentOwner(host: Pick<Host, 'platform' | 'run'>): Promise<Owner> {
  const space = await readlink('/proc/self/ns/pid').catch(() => '');
  const start = await startOf(host, String(process.pid));
  return [process.pid, short(start), await bootId(host), short(space)].join('-');
}

/**
 * Has the process `owner` ended? `me` is the asking process, `ageMs` how old the mark is that names
 * the owner. A name that is no owner's counts as ended.
 */
export async function hasEnded(
  host: Pick<Host, 'platform' | 'run'>,
  owner: Owner,
  me: Owner,
  ageMs: number,
): Promise<boolean> {
  const [pid = '', start, boot, space] = owner.split('-');
  const [, , myBoot, mySpace] = me.split('-');
  if (!/^[1-9][0-9]*$/.test(pid) || boot !== myBoot) return true;
  if (space !== mySpace) return ageMs > UNSEEN_MS;
  const now = await startOf(host, pid);
  return now === '' || short(now) !== start;
}
