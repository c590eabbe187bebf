/** Runs git on the runner so that nothing that anybody has configured is carried out. */
import { BottleError } from '../errors.ts';
import { GIT_CONFIG, GIT_ENVIRONMENT } from '../git-settings.ts';
import type { Host, HostPath, RunningProcess, SpawnOptions } from '../host/host.ts';
import { printableEnd } from '../printable.ts';

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

const TIMEOUT_MS = 60_000;

/** `home` is a scratch directory: no user's configuration is read. */
export function makeGit(host: Host, program: HostPath, home: HostPath): Git {
  const common = (options: GitOptions) => ({
    cwd: options.cwd,
    env: { PATH: host.env.PATH ?? '', HOME: home, ...GIT_ENVIRONMENT, ...options.env },
    signal: host.cancelled,
    graceMs: 0,
  });
  return {
    start: (args, options) => {
      const { cwd: _, env: __, ...talk } = options;
      return host.spawn([program, ...GIT_CONFIG, ...args], { ...talk, ...common(options) });
    },
    ask: async (args, options) => {
      const stdout: Uint8Array[] = [];
      const stderr: Uint8Array[] = [];
      const child = await host.spawn([program, ...GIT_CONFIG, ...args], {
        ...common(options),
        onStdout: (chunk) => void stdout.push(chunk),
        onStderr: (chunk) => void stderr.push(chunk),
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      });
      const { exitCode, timedOut } = await child.exit;
      return {
        exitCode: exitCode ?? -1,
        stdout: Buffer.concat(stdout),
        stderr: timedOut ? 'it took too long' : printableEnd(Buffer.concat(stderr).toString()),
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
