/** Has the runner room for a bottle: cores, memory, disk, and paths that are short enough? */
import { statfs } from 'node:fs/promises';
import type { Host, HostPath } from '../../host/host.ts';
import type { Finding } from '../machine.ts';
import { fail, ok, warn } from './finding.ts';

export type RoomFacts = {
  readonly cores: number;
  readonly memoryMib: number;
  readonly freeMemoryMib: number;
  /** Where runs lie: RUNNER_TEMP. Undefined: it cannot be told. */
  readonly freeDiskMib: number | undefined;
  readonly sockets: readonly SocketFacts[];
};

/** A unix socket's path has to fit into a field of the kernel's. */
export type SocketFacts = {
  /** Such as `the gateway's socket`. */
  readonly what: string;
  /** In bytes. */
  readonly length: number;
  /** The most that still works, in bytes. */
  readonly most: number;
};

/** Agents need about this to install and build something. */
const USEFUL_MEMORY_MIB = 2048;
const USEFUL_DISK_MIB = 8 * 1024;
/** As the plan does when the manifest says nothing. */
const SHARE_OF_FREE_MEMORY = 0.6;

export async function probeRoom(
  host: Host,
  temp: HostPath,
  sockets: readonly SocketFacts[],
): Promise<RoomFacts> {
  const disk = await statfs(temp).catch(() => undefined);
  return {
    ...host.facts(),
    freeDiskMib: disk && Math.floor((disk.bavail * disk.bsize) / 2 ** 20),
    sockets,
  };
}

export function examineRoom(facts: RoomFacts): Finding[] {
  return [
    examineCores(facts),
    examineMemory(facts),
    examineDisk(facts),
    ...facts.sockets.map(examineSocket),
  ];
}

function examineCores({ cores }: RoomFacts): Finding {
  if (cores > 1) return ok('cores', `${cores}; a bottle gets one less, at most 4`);
  return warn('cores', '1, shared with the bottle', 'Use a runner with two cores or more.');
}

function examineMemory({ memoryMib, freeMemoryMib }: RoomFacts): Finding {
  const share = Math.floor(freeMemoryMib * SHARE_OF_FREE_MEMORY);
  const found = `${freeMemoryMib} of ${memoryMib} MiB free; a bottle gets ${Math.min(share, 4096)}`;
  if (share >= USEFUL_MEMORY_MIB) return ok('memory', found);
  const remedy = 'Use a runner with more memory, or end what uses it in the steps before.';
  return warn('memory', found, remedy);
}

function examineDisk({ freeDiskMib }: RoomFacts): Finding {
  const probe = 'disk of RUNNER_TEMP';
  if (freeDiskMib === undefined) return ok(probe, 'not probed');
  const found = `${freeDiskMib} MiB free`;
  if (freeDiskMib >= USEFUL_DISK_MIB) return ok(probe, found);
  return warn(probe, found, 'Free some: an image, its machine and the outputs take several GiB.');
}

function examineSocket({ what, length, most }: SocketFacts): Finding {
  const found = `a path of ${length} bytes; ${most} fit`;
  if (length <= most) return ok(what, found);
  return fail(what, found, "Put the runner's work folder, and so RUNNER_TEMP, nearer to the root.");
}
