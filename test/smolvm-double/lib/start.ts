/** `machine start`. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PackManifest } from '../../../src/image/pack-manifest.ts';
import { type Command, flag, SmolvmError, value } from './command.ts';
import { localImage } from './create.ts';
import { applyFault, milliseconds } from './fault.ts';
import { enterGuest, GUEST_ENV, type GuestConfig, runInGuest } from './guest.ts';
import { machineFiles } from './layout.ts';
import { endMonitor, getGuest, isAlive, isAnswering, monitorPid, probeState } from './machine.ts';
import { applyLayer } from './pack-file.ts';
import { getRecord, listRecords, type MachineRecord, updateRecord } from './record.ts';

/** smolvm's constant; no option changes it. */
const READY_MS = 30_000;
/** More devices than these and the guest has no interrupt lines left. */
const MOST_MOUNTS = 4;
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

export const start: Command = {
  name: 'machine start',
  options: [value('name', 'n'), value('proxy'), value('no-proxy'), flag('forkable')],
  operands: 0,
  async run(args) {
    return await startMachine(args.get('name') ?? 'default');
  },
};

export async function startMachine(name: string): Promise<number> {
  const record = getRecord(name);
  const state = await probeState(record);
  if (state === 'running') {
    process.stdout.write(`Machine '${name}' already running (PID: ${record.pid})\n`);
    return 0;
  }
  const unlock = lock(record);
  try {
    checkPorts(record);
    process.stderr.write(`Starting machine '${name}'${counts(record)}...\n`);
    await applyFault('start');
    await endMonitor(name);
    await boot(record);
    const pid = await prepareGuest(record);
    updateRecord(record, { state: 'running', pid, prepared: true });
    process.stdout.write(`Machine '${name}' running (PID: ${pid})\n`);
    return 0;
  } finally {
    unlock();
  }
}

function counts({ mounts, ports }: MachineRecord): string {
  const parts = [
    ...(mounts.length > 0 ? [`${mounts.length} mount(s)`] : []),
    ...(ports.length > 0 ? [`${ports.length} port mapping(s)`] : []),
  ];
  return parts.length > 0 ? ` with ${parts.join(' and ')}` : '';
}

function lock({ name }: MachineRecord): () => void {
  const files = machineFiles(name);
  mkdirSync(files.directory, { recursive: true });
  const take = () => writeFileSync(files.lock, String(process.pid), { flag: 'wx' });
  try {
    try {
      take();
    } catch {
      if (isAlive(Number(readFileSync(files.lock, 'utf8')))) throw new Error('locked');
      rmSync(files.lock, { force: true });
      take();
    }
  } catch {
    throw new SmolvmError(
      'agent operation failed: start agent: another process is already starting or running this VM',
    );
  }
  return () => rmSync(files.lock, { force: true });
}

function checkPorts(record: MachineRecord): void {
  const running = listRecords().filter(
    ({ state, name }) => state === 'running' && name !== record.name,
  );
  for (const { host } of record.ports) {
    const other = running.find(({ ports }) => ports.some((port) => port.host === host));
    if (other === undefined) continue;
    throw new SmolvmError(
      `config operation failed: start machine: host port ${host} is already in use by running machine '${other.name}'`,
    );
  }
}

/** The monitor is a session of its own: it outlives this command. */
async function boot(record: MachineRecord): Promise<void> {
  const files = machineFiles(record.name);
  writeFileSync(files.name, record.name);
  makeDisks(record);
  if (record.mounts.length > MOST_MOUNTS) {
    throw new SmolvmError(
      'agent operation failed: start agent: krun_start_enter returned: -22 (EINVAL): no more IRQs are available',
    );
  }
  if (!existsSync(files.rootfs)) unpackImage(record);
  const config: GuestConfig = { ...record, rootfs: files.rootfs };
  writeFileSync(files.bootConfig, JSON.stringify(config));
  const monitor = spawn(
    process.execPath,
    [...process.execArgv, MAIN, '_boot-vm', files.bootConfig],
    {
      detached: true,
      stdio: ['ignore', openSync(files.console, 'a'), openSync(files.startupError, 'w')],
    },
  );
  monitor.unref();
  await untilReady(record.name, monitor.pid ?? 0);
}

async function untilReady(name: string, monitor: number): Promise<void> {
  const limit = Date.now() + milliseconds('SMOLVM_DOUBLE_READY_LIMIT_MS', READY_MS);
  while (!(await isAnswering(name))) {
    if (!isAlive(monitor)) {
      throw new SmolvmError(
        'agent operation failed: start agent: boot process exited (code 1) before the agent was ready',
      );
    }
    if (Date.now() > limit) {
      await endMonitor(name);
      throw new SmolvmError(
        'agent operation failed: start agent: agent did not become ready within 30 seconds',
      );
    }
    await delay(5);
  }
}

/** Sparse, empty and never read: only that they exist, and how large, can be observed. */
function makeDisks({ name, storageGib, overlayGib }: MachineRecord): void {
  const files = machineFiles(name);
  for (const [disk, size] of [
    ['storage', storageGib ?? 20],
    ['overlay', overlayGib ?? 10],
  ] as const) {
    if (existsSync(files.disk(disk, 'qcow2')) || existsSync(files.disk(disk, 'raw'))) continue;
    writeFileSync(files.disk(disk, 'raw'), '');
    truncateSync(files.disk(disk, 'raw'), size * 2 ** 30);
  }
}

function unpackImage(record: MachineRecord): void {
  const { rootfs, pack } = machineFiles(record.name);
  mkdirSync(rootfs);
  if (record.packed) {
    for (const layer of packedLayers(record)) applyLayer(join(pack, layer), rootfs);
  } else if (record.image !== null) {
    const source = localImage(record.image);
    if (source === undefined) {
      throw new SmolvmError(
        `agent operation failed: pull image: crane manifest failed for ${record.image} (the double has no registry and reads no archives)`,
      );
    }
    cpSync(source, rootfs, { recursive: true, verbatimSymlinks: true });
  }
  for (const name of ['etc', 'proc', 'dev', 'tmp', 'run', 'root', 'workspace', 'usr']) {
    mkdirSync(join(rootfs, name), { recursive: true });
  }
}

function packedLayers({ name }: MachineRecord): string[] {
  const text = readFileSync(join(machineFiles(name).pack, 'manifest.json'), 'utf8');
  return (JSON.parse(text) as PackManifest).assets.layers.map(({ path }) => path);
}

/** What a first start does in the guest, and the workload; returns the monitor's process id. */
async function prepareGuest(record: MachineRecord): Promise<number> {
  const pid = monitorPid(record.name);
  if (pid === undefined)
    throw new SmolvmError('agent operation failed: start agent: the VM is gone');
  const guest = await getGuest({ ...record, state: 'running', pid });
  if (record.image !== null && !record.packed && !record.prepared) {
    process.stderr.write(`Pulling ${record.image}...\n`);
    await delay(milliseconds('SMOLVM_DOUBLE_PULL_MS', 0));
  }
  await runInit(record, guest);
  const workload = [...record.entrypoint, ...record.cmd];
  if (workload.length > 0) await launch(record, guest, workload);
  return pid;
}

async function runInit(record: MachineRecord, guest: number): Promise<void> {
  const count = record.init.length;
  if (count === 0) return;
  if (record.prepared) {
    process.stdout.write(`Init already completed, skipping ${count} command(s)\n`);
    return;
  }
  process.stdout.write(`Running ${count} init command(s)...\n`);
  for (const [index, command] of record.init.entries()) {
    const { status, stdout } = runInGuest(guest, ['/bin/sh', '-c', `(${command}\n) 2>&1`]);
    process.stdout.write(String(stdout).replaceAll('\n', '\r\n'));
    if (status === 0) continue;
    await endMonitor(record.name);
    throw new SmolvmError(`agent operation failed: init: init[${index}] failed (exit ${status})`);
  }
}

/** A container's workload runs beside; a bare machine's is waited for, without any limit. */
async function launch(
  record: MachineRecord,
  guest: number,
  argv: readonly string[],
): Promise<void> {
  const [program = '', ...args] = enterGuest(guest, record.workdir ?? '/', argv);
  const env = { ...GUEST_ENV, ...Object.fromEntries(record.env.map(splitPair)) };
  const detached = record.image !== null;
  const child = spawn(program, args, { env, detached, stdio: 'ignore' });
  if (detached) return child.unref();
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) process.stdout.write(`workload exited with code ${code}\n`);
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}
