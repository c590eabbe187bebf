/** What several commands ask of a machine: its true state, its guest, an end to it. */
import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SmolvmError } from './command.ts';
import { machineFiles } from './layout.ts';
import { type MachineRecord, updateRecord } from './record.ts';

/** The agent's time to answer before a machine counts as unreachable. */
const PROBE_MS = 3_000;

export type State = MachineRecord['state'] | 'unreachable';

/**
 * The state as it is, not as it was stored: a dead monitor is `stopped`, a silent one
 * `unreachable`.
 */
export async function probeState(record: MachineRecord): Promise<State> {
  if (record.state !== 'running') return record.state;
  if (record.pid === null || !isAlive(record.pid)) return 'stopped';
  return (await isAnswering(record.name)) ? 'running' : 'unreachable';
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

export async function isAnswering(name: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const client = connect(machineFiles(name).socket);
    const done = (answer: boolean) => {
      client.destroy();
      resolve(answer);
    };
    client.setTimeout(PROBE_MS, () => done(false));
    client.once('data', () => done(true));
    client.once('error', () => done(false));
    // Taken and let go without a word, as when the monitor ends just now.
    client.once('close', () => done(false));
  });
}

/** SIGKILL, unless there is no such process (any more). */
export function killProcess(pid: number | null | undefined): void {
  if (!pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** The monitor's process id as it wrote it down, if it lives. */
export function monitorPid(name: string): number | undefined {
  const pid = readNumber(machineFiles(name).pid);
  return pid !== undefined && isAlive(pid) ? pid : undefined;
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The guest's first process, or smolvm's error for a machine that does not run. */
export async function getGuest(record: MachineRecord): Promise<number> {
  const pid = readNumber(machineFiles(record.name).guestPid);
  if ((await probeState(record)) === 'running' && pid !== undefined) return pid;
  throw new SmolvmError(
    `agent operation failed: connect: machine '${record.name}' is not running. ` +
      `Use 'smolvm machine start --name ${record.name}' first.`,
  );
}

/** Ends the monitor and with it the guest; true when there was one. */
export async function endMonitor(name: string): Promise<boolean> {
  const pid = monitorPid(name);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGCONT');
  process.kill(pid, 'SIGTERM');
  for (let waited = 0; isAlive(pid); waited += 5) {
    if (waited === 2000) process.kill(pid, 'SIGKILL');
    await delay(5);
  }
  rmSync(machineFiles(name).pid, { force: true });
  rmSync(machineFiles(name).socket, { force: true });
  return true;
}

export async function stopRecord(record: MachineRecord): Promise<MachineRecord> {
  await endMonitor(record.name);
  return updateRecord(record, { state: 'stopped', pid: null });
}
