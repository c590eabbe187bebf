/**
 * Runs the smolvm command line: isolated state, a minimal environment, bounded output, a time
 * limit.
 */
import type { Host, HostPath, ProcessExit } from '../../host/host.ts';

/** One installation of smolvm working on one state directory. */
export type SmolvmCli = {
  readonly host: Host;
  readonly binary: HostPath;
  readonly stateDir: HostPath;
};

export type CliResult = {
  /** `KILLED` for any death by signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly aborted: boolean;
};

export type CliOptions = {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

/** What a shell gives for a death by SIGKILL. */
export const KILLED = 137;

/** A list of machines is the longest thing that we read whole. */
const LARGEST_OUTPUT = 4 * 1024 * 1024;

/**
 * The child's whole environment, the same for every call on one state directory. Nothing is
 * inherited, so that no `SMOLVM_*` of the runner bends a run. `SMOLVM_DATA_DIR` does nothing on
 * macOS, where `HOME` decides (smolvm.md §1.5).
 */
export function cliEnv(host: Host, stateDir: HostPath): Record<string, string> {
  const env: Record<string, string> = {
    PATH: host.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: stateDir,
  };
  if (host.platform === 'linux') env.SMOLVM_DATA_DIR = stateDir;
  // The runner ends what carries it when a job ends: a last resort, should we be killed.
  if (host.env.RUNNER_TRACKING_ID) env.RUNNER_TRACKING_ID = host.env.RUNNER_TRACKING_ID;
  return env;
}

/**
 * Runs one command to its end; not at all when the signal came before. Throws when it cannot start.
 */
export async function callSmolvm(
  cli: SmolvmCli,
  args: readonly string[],
  options: CliOptions,
): Promise<CliResult> {
  if (options.signal?.aborted) {
    return { exitCode: KILLED, stdout: '', stderr: '', timedOut: false, aborted: true };
  }
  const stdout = collectText();
  const stderr = collectText();
  const running = await cli.host.spawn([cli.binary, ...args], {
    env: cliEnv(cli.host, cli.stateDir),
    onStdout: stdout.push,
    onStderr: stderr.push,
    timeoutMs: options.timeoutMs,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const exit = await running.exit;
  return {
    exitCode: exitCodeOf(exit),
    stdout: stdout.text(),
    stderr: stderr.text(),
    timedOut: exit.timedOut,
    aborted: exit.aborted,
  };
}

/** Which signal ended the command line makes no difference to us. */
export function exitCodeOf(exit: ProcessExit): number {
  return exit.exitCode ?? KILLED;
}

function collectText(): { push(chunk: Uint8Array): void; text(): string } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  return {
    push(chunk) {
      const room = LARGEST_OUTPUT - size;
      if (room <= 0) return;
      chunks.push(chunk.subarray(0, room));
      size += Math.min(room, chunk.length);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
