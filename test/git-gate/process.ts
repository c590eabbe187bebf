/** Processes of this machine, read from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export type Process = { readonly pid: number; readonly parent: number; readonly argv: string[] };

export const NO_PROC = process.platform === 'linux' ? '' : 'needs /proc: run on Linux';

export function allProcesses(): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => readProcess(Number(name)) ?? []);
}

/** All that it started, and that those started, and so on. */
export function descendants(pid: number): Process[] {
  const all = allProcesses();
  const below = (parent: number): Process[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** In bytes, since it began. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** Undefined: it is gone, or only its exit code is left. */
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    return { pid, parent: Number(parent), argv };
  } catch {
    return undefined;
  }
}
