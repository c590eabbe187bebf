/** Runs git on the runner so that nothing that a repository says is carried out. */
import { BottleError } from '../errors.ts';
import type { Host, HostPath } from '../host/host.ts';
import { printableEnd } from '../printable.ts';

export type GitResult = {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
};

type GitOptions = {
  readonly cwd: HostPath;
  /** Added to the hardened environment: `GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
};

/** `ask` takes any exit code for an answer; `run` throws `BottleError` for all but 0. */
export type Git = {
  ask(args: readonly string[], options: GitOptions): Promise<GitResult>;
  run(args: readonly string[], options: GitOptions): Promise<Buffer>;
  /** Settles when no git that was started is left. */
  idle(): Promise<void>;
};

/** No hooks, no file-system monitor, nothing that only makes a scratch directory durable. */
const SETTINGS = [
  'safe.directory=*',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.fsync=none',
  'core.compression=1',
].flatMap((setting) => ['-c', setting]);

/** `home` is a scratch directory: no configuration of a user or of the system is read. */
export function makeGit(host: Host, program: HostPath, home: HostPath, signal: AbortSignal): Git {
  const hardened = {
    PATH: host.env.PATH ?? '',
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
  };
  const running = new Set<Promise<unknown>>();

  async function start(args: readonly string[], options: GitOptions): Promise<GitResult> {
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    const child = await host.spawn([program, ...SETTINGS, ...args], {
      cwd: options.cwd,
      env: { ...hardened, ...options.env },
      ...(options.stdin ? { stdin: options.stdin } : {}),
      onStdout: (chunk) => void stdout.push(chunk),
      onStderr: (chunk) => void stderr.push(chunk),
      signal,
      graceMs: 0,
    });
    const { exitCode } = await child.exit;
    signal.throwIfAborted();
    return {
      exitCode: exitCode ?? -1,
      stdout: Buffer.concat(stdout),
      stderr: printableEnd(Buffer.concat(stderr).toString()),
    };
  }

  const ask: Git['ask'] = (args, options) => {
    const result = start(args, options);
    running.add(result);
    const done = () => running.delete(result);
    result.then(done, done);
    return result;
  };
  return {
    ask,
    run: async (args, options) => {
      const result = await ask(args, options);
      if (result.exitCode === 0) return result.stdout;
      throw gitFailed(args[0] ?? '', options.cwd, result);
    },
    idle: async () => void (await Promise.allSettled(running)),
  };
}

export function gitFailed(command: string, where: HostPath, result: GitResult): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `git ${command} on the runner ended with exit code ${result.exitCode}: ${result.stderr}`,
    where,
    fix: 'Make sure that the checkout is complete: git fsck and git status should run in it.',
  });
}
