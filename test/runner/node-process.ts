/** Node as the runner starts, cancels and awaits it (NodeScriptActionHandler.cs, ProcessInvoker.cs). */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LineSink } from './step-log.ts';

export type NodeExit = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** A child of the step still held its stdout or stderr 5 s after it had ended. */
  readonly outputHeld: boolean;
};

export type NodeProcess = {
  readonly pid: number;
  readonly exit: Promise<NodeExit>;
  /** SIGINT, 7.5 s later SIGTERM, 2.5 s later SIGKILL, each to this one process. */
  cancel(): Promise<void>;
  kill(): void;
};

/** Node 24, whichever node runs the harness. */
const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
const SIGINT_MS = 7_500;
const SIGTERM_MS = 2_500;
const HELD_OUTPUT_MS = 5_000;

export function startNode(
  script: string,
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly output: { readonly stdout: LineSink; readonly stderr: LineSink };
  },
): NodeProcess {
  const started = performance.now();
  // In a group of its own, so that Ctrl-C in a terminal reaches it through `cancel` alone.
  const child = spawn(NODE, [script], {
    cwd: options.cwd,
    env: options.env,
    stdio: 'pipe',
    detached: true,
  });
  child.stdin.end();
  child.stdout.on('data', (chunk: Buffer) => options.output.stdout.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => options.output.stderr.write(chunk));

  const ended = new Promise<Pick<NodeExit, 'exitCode' | 'signal' | 'durationMs'>>(
    (resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (exitCode, signal) =>
        resolve({ exitCode, signal, durationMs: performance.now() - started }),
      );
    },
  );
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const awaitExit = async (): Promise<NodeExit> => {
    const exit = await ended;
    const outputHeld = !(await settlesWithin(closed, HELD_OUTPUT_MS));
    child.stdout.destroy();
    child.stderr.destroy();
    options.output.stdout.end();
    options.output.stderr.end();
    return { ...exit, outputHeld };
  };

  return {
    pid: child.pid ?? -1,
    exit: awaitExit(),
    async cancel() {
      child.kill('SIGINT');
      if (await settlesWithin(ended, SIGINT_MS)) return;
      child.kill('SIGTERM');
      if (await settlesWithin(ended, SIGTERM_MS)) return;
      child.kill('SIGKILL');
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const settled = await Promise.race([promise.then(() => true), late]);
  timer.abort();
  return settled;
}
