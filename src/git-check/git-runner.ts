/** Runs git in one bare repository, so that nothing in it is carried out and nothing grows or lasts. */
import { GIT_CONFIG, GIT_ENVIRONMENT } from '../git-settings.ts';
import type { Host, HostPath } from '../host/host.ts';
import { printableEnd } from '../printable.ts';

export type GitAnswer = {
  readonly exitCode: number;
  /** Empty where `onStdout` took it. */
  readonly stdout: Buffer;
  /** One printable line; it may quote what is in the repository. */
  readonly stderr: string;
};

export type GitRunOptions = {
  readonly input?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly env?: Readonly<Record<string, string>>;
  /** Of stdout where it is kept; default 16 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Output as it comes. What it throws ends git, and is thrown. */
  readonly onStdout?: (chunk: Uint8Array) => void | Promise<void>;
};

/**
 * Any exit code is an answer. Throws `GitLimitError` when git takes too long or says too much, and
 * the signal's reason when that is aborted.
 */
export type GitRunner = (args: readonly string[], options?: GitRunOptions) => Promise<GitAnswer>;

export class GitLimitError extends Error {
  override readonly name = 'GitLimitError';
}

export type GitRunnerSettings = {
  readonly spawn: Host['spawn'];
  /** git itself. */
  readonly program: HostPath;
  /** A bare repository that we have made. */
  readonly directory: HostPath;
  /** For git to find its own programs. */
  readonly path: string;
  /** Added for each git: `GIT_OBJECT_DIRECTORY` and the like of a quarantine. */
  readonly env?: Readonly<Record<string, string>>;
  /** For one git; default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
};

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_STDERR = 4096;

/** Grafts that cannot be there, and no object too large to be held. */
const BOUNDS = { GIT_GRAFT_FILE: '/dev/null/none', GIT_ALLOC_LIMIT: '512m' };
const BARE = ['-c', 'core.bigFileThreshold=32m', '-c', 'core.packedGitLimit=256m'];

export function makeGitRunner(settings: GitRunnerSettings): GitRunner {
  const { spawn, program, directory, path, timeoutMs = TIMEOUT_MS } = settings;
  return async (args, { input, env, maxBytes = MAX_BYTES, signal, onStdout } = {}) => {
    const stdout: Uint8Array[] = [];
    let stderr = '';
    let kept = 0;
    const keep = (chunk: Uint8Array) => {
      kept += chunk.length;
      if (kept > maxBytes)
        throw new GitLimitError(`git ${args[0]} said more than ${maxBytes} bytes`);
      stdout.push(chunk);
    };
    const ends = [signal, settings.signal].filter((one) => one !== undefined);
    const child = await spawn([program, ...GIT_CONFIG, ...BARE, ...args], {
      cwd: directory,
      env: {
        ...{ PATH: path, HOME: directory, ...GIT_ENVIRONMENT, ...BOUNDS, GIT_DIR: directory },
        ...{ ...settings.env, ...env },
      },
      ...(input === undefined ? {} : { stdin: input }),
      onStdout: onStdout ?? keep,
      onStderr: (chunk) => {
        stderr = (stderr + Buffer.from(chunk).toString()).slice(-MAX_STDERR);
      },
      timeoutMs,
      signal: AbortSignal.any(ends),
      graceMs: 0,
    });
    const { exitCode, timedOut } = await child.exit;
    for (const one of ends) one.throwIfAborted();
    if (timedOut)
      throw new GitLimitError(`git ${args[0]} was not done after ${timeoutMs / 1000} s`);
    return {
      exitCode: exitCode ?? -1,
      stdout: Buffer.concat(stdout),
      stderr: printableEnd(stderr),
    };
  };
}
