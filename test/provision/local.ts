/** A runner that is this computer, and a machine that is a shell on it. */
import { execFileSync } from 'node:child_process';
import type { Host } from '../../src/host/host.ts';
import { runProcess, spawnProcess } from '../../src/host/process.ts';
import type { Machine } from '../../src/machine/machine.ts';

export type LocalMachine = Machine & { readonly executed: readonly (readonly string[])[] };

export type GuestOptions = {
  /** PATH in the guest; default: the runner's own. */
  readonly guestPath?: string;
  readonly shell?: string;
};

export function localHost(env: Readonly<Record<string, string>>, hasGit = true): Host {
  const unused = () => {
    throw new Error('provisioning has no business here');
  };
  const git = execFileSync('sh', ['-c', 'command -v git']).toString().trim();
  return {
    platform: process.platform,
    arch: process.arch,
    uid: process.getuid?.() ?? -1,
    env: { PATH: process.env.PATH ?? '', ...env },
    nodePath: process.execPath,
    gatewayEntry: '',
    log: {
      info: unused,
      debug: unused,
      notice: unused,
      warning: unused,
      error: unused,
      startGroup: unused,
      endGroup: unused,
      openGuestLog: unused,
    },
    facts: unused,
    now: () => Date.now(),
    randomName: unused,
    input: unused,
    run: (argv, options) => runProcess(argv, { env: process.env, ...options }),
    spawn: spawnProcess,
    which: (program) => (program === 'git' && hasGit ? git : undefined),
    saveState: unused,
    state: unused,
    setOutput: unused,
    setSecret: unused,
    writeSummary: unused,
    setFailed: unused,
    cancelled: new AbortController().signal,
  };
}

/** A machine whose guest is this computer: guest paths are paths in the scene's folder. */
export function localMachine(home: string, options: GuestOptions = {}): LocalMachine {
  const executed: (readonly string[])[] = [];
  const PATH = options.guestPath ?? process.env.PATH ?? '';
  return {
    executed,
    name: 'bottle-test',
    engine: 'bubblewrap',
    isolation: 'namespaces',
    engineVersion: '0',
    exec: async (argv, given = {}) => {
      executed.push(argv);
      const [program = '', ...rest] = argv;
      const child = await spawnProcess([options.shell ?? program, ...rest], {
        cwd: given.cwd ?? home,
        env: { PATH, HOME: home },
        ...(given.stdin ? { stdin: given.stdin } : {}),
        ...(given.onStdout ? { onStdout: given.onStdout } : {}),
        ...(given.onStderr ? { onStderr: given.onStderr } : {}),
        ...(given.signal ? { signal: given.signal } : {}),
        graceMs: 0,
      });
      const { exitCode, timedOut, aborted, durationMs } = await child.exit;
      return { exitCode: exitCode ?? 137, timedOut, aborted, durationMs };
    },
    stop: async () => {},
    destroy: async () => {},
  };
}
