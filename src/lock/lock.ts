/**
 * A lock between processes on one machine, which a killed owner cannot keep.
 *
 * A lock is a directory of generations `0`, `1`, …; the highest names the owner, or is empty when it
 * was given back. To take it one links the next generation into place, which only one can do. The
 * highest is never removed, so who wakes late with an old view finds a higher one and steps back:
 * with a single lock file two processes could take the same dead owner's lock, one from the other.
 */
import { link, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host, HostPath } from '../host/host.ts';
import { hasEnded, type Owner } from './owner.ts';

export type Locker = {
  readonly host: Pick<Host, 'platform' | 'run' | 'randomName' | 'log' | 'cancelled'>;
  readonly me: Owner;
  /** What the locks are for, as a long wait is explained: `another job with the same …`. */
  readonly what: string;
};

const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 320;
/** A pause of this length means that the work takes a while. */
const FIRST_TOLD_MS = 160;

async function highest(folder: HostPath): Promise<number> {
  const names = await readdir(folder);
  return Math.max(-1, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}

/** Puts `text` into the new file `to` at once; false when there is one already. */
async function linkInto(to: HostPath, text: string, random: string): Promise<boolean> {
  const temporary = `${to}.${random}`;
  try {
    await writeFile(temporary, text);
    await link(temporary, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOENT: the owner swept our temporary file away.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function isFree(folder: HostPath, generation: number, locker: Locker): Promise<boolean> {
  if (generation < 0) return true;
  const path = join(folder, String(generation));
  try {
    const owner = await readFile(path, 'utf8');
    const ageMs = Date.now() - (await stat(path)).mtimeMs;
    return owner === '' || (await hasEnded(locker.host, owner, locker.me, ageMs));
  } catch {
    return false; // gone since: a higher one is there
  }
}

/** Tries to own generation `next`; false when another process was first. */
async function claim(folder: HostPath, next: number, locker: Locker): Promise<boolean> {
  const mine = join(folder, String(next));
  if (!(await linkInto(mine, locker.me, locker.host.randomName(8)))) return false;
  if ((await highest(folder)) === next) return true;
  await rm(mine, { force: true });
  return false;
}

async function sweep(folder: HostPath, generation: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== String(generation)) await rm(join(folder, name), { force: true });
  }
}

/** The generation that is now ours; undefined when `wait` is false and another process has it. */
async function acquire(
  folder: HostPath,
  locker: Locker,
  wait: boolean,
): Promise<number | undefined> {
  await mkdir(folder, { recursive: true });
  for (let pause = SHORTEST_WAIT_MS; ; pause = Math.min(pause * 2, LONGEST_WAIT_MS)) {
    locker.host.cancelled.throwIfAborted();
    const top = await highest(folder);
    const free = await isFree(folder, top, locker);
    if (free && (await claim(folder, top + 1, locker))) {
      await sweep(folder, top + 1);
      return top + 1;
    }
    if (!wait) return undefined;
    if (free) continue; // another process was faster; see who it is
    if (pause === FIRST_TOLD_MS) {
      locker.host.log.info(`Waiting for another job with the same ${locker.what}`);
    }
    await sleep(pause, undefined, { signal: locker.host.cancelled });
  }
}

async function release(folder: HostPath, generation: number): Promise<void> {
  await truncate(join(folder, String(generation)));
}

/** Runs `work` while this process alone holds the lock `folder`; waits for it as long as it takes. */
export async function withLock<T>(
  folder: HostPath,
  locker: Locker,
  work: () => Promise<T>,
): Promise<T> {
  const generation = (await acquire(folder, locker, true)) as number;
  try {
    return await work();
  } finally {
    await release(folder, generation);
  }
}

/** Runs `work` under the lock if it is free now; says whether it was. */
export async function tryLock(
  folder: HostPath,
  locker: Locker,
  work: () => Promise<void>,
): Promise<boolean> {
  const generation = await acquire(folder, locker, false);
  if (generation === undefined) return false;
  try {
    await work();
  } finally {
    await release(folder, generation);
  }
  return true;
}
