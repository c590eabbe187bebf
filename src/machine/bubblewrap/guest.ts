/** Processes of a bottle as the runner sees them: which there are, and their end. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { HostPath } from '../../host/host.ts';

/** Processes whose root directory is that of the bottle with this private tree. */
export function guestPids(bottle: HostPath): number[] {
  const tmp = identity(`${bottle}/tmp`);
  if (tmp === undefined) return [];
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => identity(`/proc/${pid}/root/tmp`) === tmp)
    .map(Number);
}

/** Ends every process of a bottle; false when some are left. */
export async function endGuests(bottle: HostPath): Promise<boolean> {
  return endsWithin(() => {
    const pids = guestPids(bottle).filter(isAlive);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended meanwhile.
      }
    }
    return pids.length === 0;
  }, 5000);
}

/** False too for one that has ended but was not waited for: its whole namespace is gone then. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]$/.test(stat.slice(stat.lastIndexOf(')') + 2).charAt(0));
  } catch {
    return false;
  }
}

/** Asks again and again until `ended` says yes; false when it did not within `ms`. */
export async function endsWithin(ended: () => boolean, ms: number): Promise<boolean> {
  const deadline = performance.now() + ms;
  for (let pause = 1; !ended(); pause = Math.min(pause * 2, 50)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return true;
}

function identity(path: HostPath): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
