/** The most memory that this process held, in bytes. */
import { readFileSync } from 'node:fs';

/**
 * `getrusage` would count the parent's memory, too: a child begins as its copy. 0 where unknown.
 */
export function peakMemory(): number {
  if (process.platform !== 'linux') return 0;
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
