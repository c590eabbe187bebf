/** Runs git on the runner so that nothing that anybody has configured is carried out. */
import { BottleError } from '../errors.ts';
import type { Host, HostPath, RunningProcess, SpawnOptions } from '../host/host.ts';

export type GitOptions = {
  readonly cwd: HostPath;
  /** Added to the hardened environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

export type GitResult = {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** One line, fit for an error. */
  readonly stderr: string;
};

export type Git = {
  /** Any exit code is an answer. */
  ask(args: readonly string[], options: GitOptions): Promise<GitResult>;
  /** A git that stays and is talked to. */
  start(args: readonly string[], options: GitOptions & Talk): Promise<RunningProcess>;
};

type Talk = Pick<SpawnOptions, 'stdin' | 'onStdout'>;

const SETTINGS = [
  // A container's root, or another user's checkout.
  'safe.directory=*',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.fsync=none',
  // A cache of what commits hold, which is believed without a look at them.
  'core.commitGraph=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

const ENVIRONMENT = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: '',
};

const TIMEOUT_MS = 60_000;

/** `home` is a scratch directory: no user's configuration is read. */
export function makeGit(host: Host, program: HostPath, home: HostPath): Git {
  const common = (options: GitOptions) => ({
    cwd: options.cwd,
    env: { PATH: host.env.PATH ?? '', HOME: home, ...ENVIRONMENT, ...options.env },
    signal: host.cancelled,
    graceMs: 0,
  });
  return {
    start: (args, options) => {
      const { cwd: _, env: __, ...talk } = options;
      return host.spawn([program, ...SETTINGS, ...args], { ...talk, ...common(options) });
    },
    ask: async (args, options) => {
      const stdout: Uint8Array[] = [];
      const stderr: Uint8Array[] = [];
      const child = await host.spawn([program, ...SETTINGS, ...args], {
        ...common(options),
        onStdout: (chunk) => void stdout.push(chunk),
        onStderr: (chunk) => void stderr.push(chunk),
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      });
      const { exitCode, timedOut } = await child.exit;
      const said = Buffer.concat(stderr)
        .toString()
        .replace(/[\p{C}\p{Z}]+/gu, ' ')
        .trim();
      return {
        exitCode: exitCode ?? -1,
        stdout: Buffer.concat(stdout),
        stderr: timedOut ? 'it took too long' : said.slice(-500),
      };
    },
  };
}

/** The checkout cannot be read as git's; `what` is the sentence's beginning. */
export function gitFailed(what: string, where: string, stderr: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: stderr === '' ? what : `${what}: ${stderr}`,
    where,
    fix: 'Check the repository out with actions/checkout before this step; git fsck should pass.',
  });
}
