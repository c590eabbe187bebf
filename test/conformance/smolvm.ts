/** One smolvm with a state directory of its own: commands, machines, and an end to all of them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunningProcess, RunResult, SpawnOptions } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';
import { writeTinyPack } from '../pack/rootfs.ts';
import type { PackOptions } from '../pack/writer.ts';
import { DOUBLE } from '../smolvm-double/double.ts';

const given = process.env.SMOLVM_BIN ?? '';
export const binary = given === '' ? DOUBLE : given;
export const onDouble = given === '';

/**
 * An image for machines: of the double's own, or the one that SMOLVM_PACK names; empty for none.
 */
export function pack(): string {
  return onDouble ? 'tiny' : (process.env.SMOLVM_PACK ?? '');
}

export type Call = {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array | string;
};

export type Listed = {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly cpus: number;
  readonly memory_mib: number;
  readonly network: boolean;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>>;
};

export type Smolvm = ReturnType<typeof openSmolvm>;

/** `close` removes every machine and the directory. */
export function openSmolvm() {
  const root = mkdtempSync(join(tmpdir(), 'sc-'));
  const state = join(root, 's');
  mkdirSync(state);
  const environment = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: state,
    ...(process.platform === 'linux' ? { SMOLVM_DATA_DIR: state } : {}),
  };
  let packs = 0;

  const run = (argv: readonly string[], call: Call = {}): Promise<RunResult> =>
    runProcess([binary, ...argv], {
      env: { ...environment, ...call.env },
      cwd: root,
      input: Buffer.from(call.input ?? ''),
      timeoutMs: 110_000,
    });
  const start = (
    argv: readonly string[],
    options: Partial<SpawnOptions>,
  ): Promise<RunningProcess> =>
    spawnProcess([binary, ...argv], {
      ...options,
      env: { ...environment, ...options.env },
      graceMs: 0,
    });
  const list = async (): Promise<Listed[]> =>
    JSON.parse((await run(['machine', 'ls', '--json'])).stdout) as Listed[];
  const find = async (name: string) => (await list()).find((machine) => machine.name === name);

  return {
    root,
    state,
    environment,
    run,
    start,
    list,
    find,
    machine: (...argv: string[]) => run(['machine', ...argv]),
    exec: (name: string, ...argv: string[]) => run(['machine', 'exec', '--name', name, ...argv]),
    /** An image for a machine that runs. */
    async image(manifest: PackOptions['manifest'] = {}): Promise<string> {
      if (!onDouble) return pack();
      packs += 1;
      const path = join(root, `${packs}.smolmachine`);
      await writeTinyPack(path, { manifest });
      return path;
    },
    /** A machine that runs, made with the options given. */
    async boot(name: string, ...options: string[]): Promise<void> {
      await expectOk(run(['machine', 'create', '--name', name, '--mem', '512', ...options]));
      await expectOk(run(['machine', 'start', '--name', name]));
    },
    async close(): Promise<void> {
      for (const { name } of await list()) {
        await run(['machine', 'stop', '--name', name]);
        await run(['machine', 'delete', '--name', name, '-f']);
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export async function expectOk(result: Promise<RunResult>): Promise<RunResult> {
  const ended = await result;
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
  return ended;
}

/** Exit 1, and an `Error:` that says `words`. */
export async function expectRefusal(result: Promise<RunResult>, words: string): Promise<void> {
  const { exitCode, stderr } = await result;
  expect(stderr).toContain(words);
  expect(exitCode).toBe(1);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
