/** Boots bubblewrap bottles for tests, each in its own directory with a gateway that says hello. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BottleError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { bubblewrapEngine, tryBottle } from '../../src/machine/bubblewrap/bubblewrap.ts';
import type { Machine, MachineSpec } from '../../src/machine/machine.ts';
import { engineHost } from './engine-host.ts';

export type BottleSetup = {
  readonly host?: Host;
  readonly spec?: Partial<MachineSpec>;
  /** Where the directory is made; default: the system's place for temporary files. */
  readonly parent?: string;
};

/** The machine's `destroy` removes the directory and the gateway too. */
export async function bootBottle(setup: BottleSetup = {}): Promise<Machine> {
  const directory = mkdtempSync(join(setup.parent ?? tmpdir(), 'bottle-test-'));
  const gateway = createServer((connection) => connection.end('hello\n'));
  const spec = bottleSpec(directory, setup.spec);
  await new Promise<void>((resolve) => gateway.listen(spec.socket.host, resolve));
  const cleanUp = () => {
    gateway.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const machine = await bubblewrapEngine(setup.host ?? engineHost()).create(spec);
    return { ...machine, destroy: () => machine.destroy().finally(cleanUp) };
  } catch (error) {
    cleanUp();
    throw error;
  }
}

export function bottleSpec(directory: string, overrides: Partial<MachineSpec> = {}): MachineSpec {
  return {
    name: 'bottle-test',
    image: { kind: 'host' },
    cpus: 1,
    memoryMib: 512,
    storageGib: 1,
    user: { name: 'node', uid: 1000, gid: 1000, home: '/home/node' },
    socket: { host: join(directory, 'gateway.sock'), guest: '/run/bottle/gateway.sock' },
    stateDir: join(directory, 'state'),
    labels: {},
    ...overrides,
  };
}

/** Why no bottle can be booted here; empty when one can. */
export async function whyNoBottle(): Promise<string> {
  return await tryBottle(engineHost()).then(
    () => '',
    (error: BottleError) => `needs bwrap: ${error.what}. ${error.fix}`,
  );
}
