/** A `Host` for engine tests: real processes, a log that keeps its lines, no runner environment. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Host, Log } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';

export type EngineHost = Host & { readonly lines: readonly string[] };

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function engineHost(overrides: Partial<Host> = {}): EngineHost {
  const lines: string[] = [];
  const env = { PATH };
  return {
    lines,
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env,
    nodePath: process.execPath,
    gatewayEntry: '/nonexistent',
    log: keepLines(lines),
    facts: () => ({ cores: 1, memoryMib: 1024, freeMemoryMib: 1024, freeDiskGib: 100 }),
    now: () => Date.now(),
    randomName: (length) =>
      Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join(''),
    input: () => '',
    run: (argv, options) => runProcess(argv, { env, ...options }),
    spawn: spawnProcess,
    which: (program) =>
      PATH.split(':')
        .map((directory) => join(directory, program))
        .find(isExecutable),
    saveState: () => {},
    state: () => '',
    setOutput: () => {},
    setSecret: () => {},
    writeSummary: async () => {},
    setFailed: () => {},
    cancelled: new AbortController().signal,
    ...overrides,
  };
}

function keepLines(lines: string[]): Log {
  const keep = (message: string) => void lines.push(message);
  return {
    info: keep,
    debug: keep,
    notice: keep,
    warning: keep,
    error: keep,
    startGroup: keep,
    endGroup: () => {},
    openGuestLog: (source) => ({
      write: (chunk) => keep(`${source} | ${Buffer.from(chunk)}`),
      end: () => {},
    }),
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
