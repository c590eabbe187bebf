/** Where the double keeps its state: the places that smolvm's documentation names. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

const mac = process.platform === 'darwin';

/** `SMOLVM_DATA_DIR` stands in for HOME on Linux and is ignored on macOS. */
export function stateRoot(): string {
  const given = mac ? undefined : process.env.SMOLVM_DATA_DIR;
  return given || homedir();
}

export function databasePath(): string {
  const data = mac ? 'Library/Application Support' : '.local/share';
  return join(stateRoot(), data, 'smolvm/server/smolvm.db');
}

export function cachePath(): string {
  return join(stateRoot(), mac ? 'Library/Caches' : '.cache', 'smolvm');
}

export function machinePath(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return join(cachePath(), 'vms', hash);
}

/** The files of one machine. `rootfs` stands in for the two disks, which are empty here. */
export function machineFiles(name: string) {
  const directory = machinePath(name);
  const at = (file: string) => join(directory, file);
  return {
    directory,
    name: at('name'),
    pack: at('pack'),
    rootfs: at('rootfs'),
    lock: at('vm.lock'),
    pid: at('agent.pid'),
    guestPid: at('guest.pid'),
    socket: at('agent.sock'),
    console: at('agent-console.log'),
    startupError: at('agent-startup-error.log'),
    bootConfig: at('boot-config.json'),
    disk: (disk: 'storage' | 'overlay', kind: 'raw' | 'qcow2') => at(`${disk}.${kind}`),
  } as const;
}
