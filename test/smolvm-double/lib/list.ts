/** `machine ls`, `machine status`, `machine data-dir`: what is known of machines. */
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { type Command, flag, SmolvmError, value } from './command.ts';
import { machineFiles } from './layout.ts';
import { probeState } from './machine.ts';
import { findRecord, getRecord, listRecords, type MachineRecord } from './record.ts';

export const ls: Command = {
  name: 'machine ls',
  options: [flag('json'), flag('verbose', 'v')],
  operands: 0,
  async run(args) {
    const all = await Promise.all(listRecords().map(describe));
    if (args.has('json')) return print(JSON.stringify(all, null, 2));
    if (all.length === 0) return print('No machines found');
    return print(all.map(({ name, state }) => `${name}\t${state}`).join('\n'));
  },
};

/**
 * Not free of side effects: it makes disks of the default size, even for a name that is unknown.
 */
export const status: Command = {
  name: 'machine status',
  options: [value('name', 'n'), flag('json')],
  operands: 0,
  async run(args) {
    const name = args.get('name') ?? 'default';
    touchDisks(name);
    const record = findRecord(name);
    if (record === undefined && args.has('json')) {
      throw new SmolvmError(`config operation failed: machine status: machine '${name}' not found`);
    }
    const described = await describe(record ?? getRecord(name));
    if (args.has('json')) return print(JSON.stringify(described, null, 2));
    const pid = described.pid === null ? '' : ` (PID: ${described.pid})`;
    return print(`Machine '${name}': ${described.state}${pid}`);
  },
};

export const dataDir: Command = {
  name: 'machine data-dir',
  options: [{ ...value('name'), required: true }],
  operands: 0,
  run(args) {
    return print(machineFiles(args.get('name') ?? '').directory);
  },
};

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function touchDisks(name: string): void {
  const files = machineFiles(name);
  mkdirSync(files.directory, { recursive: true });
  for (const [disk, size] of [
    ['storage', 20],
    ['overlay', 10],
  ] as const) {
    const raw = files.disk(disk, 'raw');
    const path = existsSync(raw) ? raw : files.disk(disk, 'qcow2');
    if (!existsSync(path)) writeFileSync(path, '');
    truncateSync(path, size * 2 ** 30);
  }
}

/** The fields of `--json`; environment, mounts and secrets are not among them. */
async function describe(record: MachineRecord) {
  const state = await probeState(record);
  const alive = state === 'running' || state === 'unreachable';
  return {
    name: record.name,
    state,
    cpus: record.cpus,
    memory_mib: record.memoryMib,
    pid: alive ? record.pid : null,
    mounts: record.mounts.length,
    ports: record.ports.length,
    created_at: record.createdAt,
    storage_gb: record.storageGib,
    overlay_gb: record.overlayGib,
    image: record.image,
    entrypoint: record.entrypoint,
    cmd: record.cmd,
    ephemeral: false,
    gpu: false,
    gpu_vram_mib: null,
    labels: record.labels,
    restart_policy: 'never',
    network: record.network,
  };
}
