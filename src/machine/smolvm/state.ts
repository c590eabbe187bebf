/**
 * Where smolvm keeps a machine on the runner's disk, and whether its socket's path is short enough.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { BottleError } from '../../errors.ts';
import type { HostPath } from '../../host/host.ts';
import { printableLines } from '../../printable.ts';

/**
 * The longest path, in bytes, of a unix socket that still boots. Linux: `sun_path` has 108 bytes
 * with its final NUL. macOS: measured upstream, smolvm.md §1.5.
 */
export function longestSocketPath(platform: string): number {
  return platform === 'darwin' ? 100 : 107;
}

/** The directory of one machine: its disks, its logs and its socket. */
export function machineDirectory(platform: string, stateDir: HostPath, name: string): HostPath {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  const cache = platform === 'darwin' ? 'Library/Caches' : '.cache';
  return join(stateDir, cache, 'smolvm', 'vms', hash);
}

export function machineSocket(platform: string, stateDir: HostPath, name: string): HostPath {
  return join(machineDirectory(platform, stateDir, name), 'agent.sock');
}

/**
 * Throws when the machine's socket would not fit; smolvm itself then fails with a misleading -22.
 */
export function checkSocketPath(platform: string, stateDir: HostPath, name: string): void {
  const socket = machineSocket(platform, stateDir, name);
  const longest = longestSocketPath(platform);
  const over = Buffer.byteLength(socket) - longest;
  if (over <= 0) return;
  throw new BottleError({
    outcome: 'boot-failed',
    what: `the machine's socket path is ${over} bytes too long to boot`,
    where: `${socket}: ${over + longest} bytes, ${platform} allows ${longest}`,
    fix:
      `Shorten the state directory ${stateDir} by at least ${over} bytes: ` +
      `use a runner work folder or RUNNER_TEMP nearer to the root.`,
  });
}

const LOGS = ['startup-error', 'console'].map((log) => `agent-${log}.log`);
const LOG_TAIL_BYTES = 4096;

/** The ends of the machine's own logs, made safe to print; empty when there are none. */
export async function machineLogTail(directory: HostPath): Promise<string> {
  const parts: string[] = [];
  for (const log of LOGS) {
    const text = printableLines(await readTail(join(directory, log)), 25);
    if (text !== '') parts.push(`${log}:\n${text}`);
  }
  return parts.join('\n');
}

async function readTail(path: HostPath): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const start = Math.max(0, size - LOG_TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOG_TAIL_BYTES), {
      position: start,
    });
    return buffer.subarray(0, bytesRead).toString('utf8');
  } catch {
    return '';
  }
}
