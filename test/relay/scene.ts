/** A machine of each engine with a test gateway on its socket, and one relay program on its PATH. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../src/machine/machine.ts';
import { execBehindRelay, type RelayOptions } from '../../src/relay/relay.ts';
import { bootBottle, bottleSpec, whyNoBottle } from '../machine/bottle.ts';
import { engineHost } from '../machine/engine-host.ts';
import { type Gathered, gather } from '../machine/gather.ts';
import { openDouble, whyNoDouble } from '../smolvm-double/double.ts';
import { CLIENT } from './client.ts';
import { openTestGateway, type TestGateway, TOKEN } from './gateway.ts';

export const PROGRAMS = ['python3', 'perl', 'node', 'socat'] as const;

export type Scene = {
  readonly machine: Machine;
  readonly gateway: TestGateway;
  /** The gateway's, on this machine. */
  readonly socket: string;
  close(): Promise<void>;
};

export const ENGINES = {
  bubblewrap: {
    obstacle: await whyNoBottle(),
    async open(): Promise<Scene> {
      const directory = mkdtempSync(join(tmpdir(), 'relay-'));
      const { socket } = bottleSpec(directory);
      const machine = await bootBottle({ spec: { socket } });
      const gateway = await openTestGateway(socket.host);
      return sceneOf(machine, gateway, socket.host, () =>
        rmSync(directory, { recursive: true, force: true }),
      );
    },
  },
  smolvm: {
    obstacle: whyNoDouble(),
    async open(): Promise<Scene> {
      const double = await openDouble();
      const machine = await double.boot();
      const gateway = await openTestGateway(double.spec.socket.host);
      return sceneOf(machine, gateway, double.spec.socket.host, double.close);
    },
  },
} as const;

function sceneOf(machine: Machine, gateway: TestGateway, socket: string, clean: () => void): Scene {
  return {
    machine,
    gateway,
    socket,
    async close() {
      await machine.destroy();
      gateway.close();
      clean();
    },
  };
}

/** Why relays of this program cannot be tested here; empty when they can. */
export function whyNot(program: string): string {
  const host = engineHost();
  if (host.which(program) === undefined)
    return `needs ${program} in /usr: apt-get install ${program}`;
  if (host.which('python3') !== CLIENT) return 'the client needs /usr/bin/python3';
  return '';
}

/** What the scripts call beside the relay's own program. */
const TOOLS = ['sh', 'env', 'cat', 'grep', 'rm', 'sleep', 'setsid', 'head', 'od', 'tr', 'true'];

/** A PATH in the guest with `programs` and the tools of the scripts alone. */
export async function onlyWith(machine: Machine, programs: readonly string[]): Promise<string> {
  const path = `/tmp/only-${programs.join('-')}`;
  const link = 'mkdir -p "$0" && for name; do ln -sf "$(command -v "$name")" "$0/$name"; done';
  const { exitCode } = await machine.exec(['sh', '-c', link, path, ...TOOLS, ...programs]);
  if (exitCode !== 0) throw new Error(`cannot make ${path} in the guest`);
  return path;
}

/** Runs a command behind the relay and keeps all that it writes. */
export function gatherBehindRelay(
  machine: Machine,
  argv: readonly string[],
  options: Partial<RelayOptions> = {},
): Promise<Gathered> {
  const behind = {
    ...machine,
    exec: (command: readonly string[], own: object) =>
      execBehindRelay(machine, command, { token: TOKEN, ...own }),
  };
  return gather(behind, argv, options);
}
