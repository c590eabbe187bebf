/** Processes that a step left behind. Linux only: elsewhere none are found. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export type Orphan = { readonly pid: number; readonly command: string };

/** A process that was just killed may take this long to be gone. */
const GONE_MS = 500;

/**
 * Processes whose environment holds the tracking id, which is how the runner knows them, and those
 * whose command line names `directory`: a bottle's processes have an environment of their own.
 */
export async function findOrphans(trackingId: string, directory: string): Promise<Orphan[]> {
  const deadline = performance.now() + GONE_MS;
  for (;;) {
    const orphans = await listOrphans(trackingId, directory);
    if (orphans.length === 0 || performance.now() > deadline) return orphans;
    await delay(20);
  }
}

/** One process each and no tree, as the runner does it. */
export function killOrphans(orphans: readonly Orphan[]): void {
  for (const { pid } of orphans) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

async function listOrphans(trackingId: string, directory: string): Promise<Orphan[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (pid === process.pid) return [];
      const [environment, command] = await Promise.all([
        read(`/proc/${pid}/environ`),
        read(`/proc/${pid}/cmdline`),
      ]);
      const ours =
        environment.split('\0').includes(`RUNNER_TRACKING_ID=${trackingId}`) ||
        command.includes(directory);
      return ours ? [{ pid, command: command.split('\0').join(' ').trim() }] : [];
    }),
  );
  return found.flat();
}

/** Empty for a process that is gone, a zombie, or another user's. */
async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
