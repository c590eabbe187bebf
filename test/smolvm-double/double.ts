/** The double for tests: its program, with faults where asked for, and machines that it runs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Host } from '../../src/host/host.ts';
import type { Machine, MachineSpec } from '../../src/machine/machine.ts';
import { smolvmEngine } from '../../src/machine/smolvm/smolvm.ts';
import { engineHost } from '../machine/engine-host.ts';
import { writeTinyPack } from '../pack/rootfs.ts';

export const DOUBLE = fileURLToPath(new URL('smolvm', import.meta.url));

/** Why the double cannot run machines here; empty when it can. */
export function whyNoDouble(): string {
  if (process.platform !== 'linux') return 'the smolvm double needs Linux';
  if (process.getuid?.() !== 0) {
    return 'the smolvm double needs root: run the tests with sudo or in a container';
  }
  try {
    execFileSync('bwrap', ['--unshare-user', '--unshare-pid', '--bind', '/', '/', 'nsenter', '-V']);
    return '';
  } catch {
    return 'the smolvm double needs bwrap and user namespaces: apt-get install bubblewrap util-linux';
  }
}

/** A program that is the double under `SMOLVM_DOUBLE_*` variables, which the engine would scrub. */
function doubleWith(directory: string, variables: Readonly<Record<string, string>>): string {
  const path = join(directory, 'smolvm');
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  const lines = ['#!/bin/sh', ...exports, `exec '${DOUBLE}' "$@"`, ''];
  writeFileSync(path, lines.join('\n'), { mode: 0o755 });
  return path;
}

export type DoubleSetup = {
  readonly host?: Host;
  readonly spec?: Partial<MachineSpec>;
  readonly faults?: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
};

export type DoubleScene = {
  readonly directory: string;
  readonly spec: MachineSpec;
  readonly boot: (signal?: AbortSignal) => Promise<Machine>;
  readonly engine: ReturnType<typeof smolvmEngine>;
  /** Removes the directory and closes the gateway, which says hello. */
  close(): void;
};

/** A directory with a small pack, a gateway and an engine on the double. */
export async function openDouble(setup: DoubleSetup = {}): Promise<DoubleScene> {
  const directory = mkdtempSync(join(tmpdir(), 'sv-'));
  const gateway = createServer((connection) => connection.end('hello\n'));
  const pack = join(directory, 'tiny.smolmachine');
  await writeTinyPack(pack);
  const spec: MachineSpec = {
    name: 'bottle-test',
    image: { kind: 'smolmachine', path: pack },
    cpus: 1,
    memoryMib: 512,
    storageGib: 1,
    user: { name: 'node', uid: 1000, gid: 1000, home: '/home/node' },
    socket: { host: join(directory, 'gateway.sock'), guest: '/run/bottle/gateway.sock' },
    stateDir: join(directory, 'state'),
    labels: { 'bottle.run': 'test' },
    ...setup.spec,
  };
  await new Promise<void>((resolve) => gateway.listen(spec.socket.host, resolve));
  const engine = smolvmEngine(setup.host ?? engineHost(), {
    binary: setup.faults === undefined ? DOUBLE : doubleWith(directory, setup.faults),
    ...(setup.startTimeoutMs === undefined ? {} : { startTimeoutMs: setup.startTimeoutMs }),
  });
  return {
    directory,
    spec,
    engine,
    boot: (signal) => engine.create(spec, signal),
    close() {
      gateway.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
