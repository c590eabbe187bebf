/** Runs git on the runner so that nothing that a repository says is carried out. */
import { BottleError } from '../errors.ts';
import { GIT_CONFIG, GIT_ENVIRONMENT } from '../git-settings.ts';
import type { Host, HostPath, ProcessExit, SpawnOptions } from '../host/host.ts';
import { printableEnd } from '../printable.ts';

export type GitResult = {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** One line, fit for an error. */
  readonly stderr: string;
};

type GitOptions = {
  readonly cwd: HostPath;
  /** Added to the hardened environment: `GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  /** Default: 60 s, enough for a question. */
  readonly timeoutMs?: number;
};

/**
 * `ask` takes any exit code for an answer; `run` throws `BottleError` for all but 0. Both throw it
 * when the time is over.
 */
export type Git = {
  ask(args: readonly string[], options: GitOptions): Promise<GitResult>;
  run(args: readonly string[], options: GitOptions): Promise<Buffer>;
  /** Settles when no git that was started is left. */
  idle(): Promise<void>;
};

const TIMEOUT_MS = 60_000;

/** What is written is read once, from a scratch directory: small is no gain there. */
const FAST = ['-c', 'core.compression=1'];

/** `home` is a scratch directory: no configuration of a user or of the system is read. */
export function makeGit(host: Host, program: HostPath, home: HostPath, signal: AbortSignal): Git {
  const hardened = { PATH: host.env.PATH ?? '', HOME: home, ...GIT_ENVIRONMENT };
  const running = new Set<Promise<unknown>>();

  async function start(args: readonly string[], options: GitOptions): Promise<GitResult> {
    const { timeoutMs = TIMEOUT_MS } = options;
    const env = { ...hardened, ...options.env };
    const argv = [program, ...GIT_CONFIG, ...FAST, ...args];
    const { exit, ...said } = await gather(host, argv, { ...options, env, timeoutMs, signal });
    signal.throwIfAborted();
    if (exit.timedOut) throw tookTooLong(commandOf(args), options.cwd, timeoutMs);
    return { exitCode: exit.exitCode ?? -1, ...said };
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
      throw gitFailed(commandOf(args), options.cwd, result);
    },
    idle: async () => void (await Promise.allSettled(running)),
  };
}

async function gather(
  host: Host,
  argv: readonly string[],
  options: SpawnOptions,
): Promise<Omit<GitResult, 'exitCode'> & { readonly exit: ProcessExit }> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const child = await host.spawn(argv, {
    ...options,
    onStdout: (chunk) => void stdout.push(chunk),
    onStderr: (chunk) => void stderr.push(chunk),
    graceMs: 0,
  });
  const exit = await child.exit;
  const said = printableEnd(Buffer.concat(stderr).toString());
  return { exit, stdout: Buffer.concat(stdout), stderr: said };
}

/** git's command in `[-c <setting>] <command> …`. */
function commandOf(args: readonly string[]): string {
  return args[args[0] === '-c' ? 2 : 0] ?? '';
}

export function gitFailed(command: string, where: HostPath, result: GitResult): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `git ${command} on the runner ended with exit code ${result.exitCode}: ${result.stderr}`,
    where,
    fix: 'Make sure that the checkout is complete: git fsck and git status should run in it.',
  });
}

function tookTooLong(command: string, where: HostPath, timeoutMs: number): BottleError {
  return new BottleError({
    outcome: 'provision-failed',
    what: `git ${command} on the runner was not done after ${timeoutMs / 1000} s, and was ended`,
    where,
    fix: "See whether the runner's disk answers; a checkout with fetch-depth 1 takes less time.",
  });
}
