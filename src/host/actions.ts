/** The `Host` of a real step: the runner's environment, log, state and outputs, and its processes. */
import { randomInt } from 'node:crypto';
import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as core from '@actions/core';
import type { Host, HostPath } from './host.ts';
import { createLog } from './log.ts';
import { runProcess, spawnProcess } from './process.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const BASE_36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A step's host, and the way to leave: pending timers and sockets never keep a finished step alive. */
export type ActionsHost = Host & { exit(): never };

export function createHost(): ActionsHost {
  // A copy: while the cache client works, the process's own PATH leads to stand-ins for its tools
  // (`services.ts`), and no program that is started beside it may take those for the runner's.
  const env = { ...process.env };
  const log = createLog({ ...core, write: (text) => process.stdout.write(text) });
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env,
    nodePath: process.execPath,
    // Relative to the bundle: dist/main/index.js → dist/gateway/index.js. `url` is kept apart so
    // that the bundler does not take the gateway for an asset of this bundle.
    gatewayEntry: fileURLToPath(new URL(['..', 'gateway', 'index.js'].join('/'), import.meta.url)),
    log,
    facts: () => ({
      cores: availableParallelism(),
      memoryMib: Math.floor(totalmem() / MIB),
      freeMemoryMib: Math.floor(freemem() / MIB),
      freeDiskGib: freeDiskGib(env.RUNNER_TEMP || tmpdir()),
    }),
    now: () => Date.now(),
    randomName: (length) => Array.from({ length }, () => BASE_36[randomInt(36)]).join(''),
    input: (name) => core.getInput(name),
    run: (argv, options) => runProcess(argv, { env, ...options }),
    spawn: spawnProcess,
    which: (program) => findOnPath(program, env.PATH ?? ''),
    saveState: (name, value) => core.saveState(name, value),
    state: (name) => core.getState(name),
    setOutput: (name, value) => core.setOutput(name, value),
    setSecret: (value) => log.withCommands(() => core.setSecret(value)),
    writeSummary: async (markdown) => {
      if (env.GITHUB_STEP_SUMMARY) {
        await core.summary.addRaw(markdown).write({ overwrite: true });
      }
    },
    setFailed: (message) => {
      process.exitCode = 1;
      log.error(message);
    },
    cancelled: cancellation(),
    exit: () => process.exit(),
  };
}

function freeDiskGib(path: HostPath): number {
  const { bavail, bsize } = statfsSync(path);
  return Math.floor((bavail * bsize) / GIB);
}

/** The runner cancels with SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL. */
function cancellation(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => controller.abort(new Error(`the runner sent ${name}`)));
  }
  return controller.signal;
}

function findOnPath(program: string, path: string): HostPath | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find(isExecutableFile);
}

function isExecutableFile(path: HostPath): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
