/** How long a process has been at work, which other processes on the machine do not change. */
import { readFileSync } from 'node:fs';

/** Of the kernel's clock for processes: `USER_HZ`, 100 a second on all Linux machines. */
const TICK_MS = 10;

/** Milliseconds in user and system mode, from /proc/PID/stat (proc_pid_stat(5)). */
export function cpuMilliseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name before it may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
