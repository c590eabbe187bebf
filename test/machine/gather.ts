/** Runs a command in a machine and keeps all that it writes. */
import type { ExecOptions, ExecResult, Machine } from '../../src/machine/machine.ts';

export type Gathered = ExecResult & {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** stdout as UTF-8. */
  readonly text: string;
};

/** Handlers in `options` are called too. */
export async function gather(
  machine: Machine,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<Gathered> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const result = await machine.exec(argv, {
    ...options,
    onStdout: (chunk) => {
      out.push(chunk);
      return options.onStdout?.(chunk);
    },
    onStderr: (chunk) => {
      err.push(chunk);
      return options.onStderr?.(chunk);
    },
  });
  const stdout = Buffer.concat(out);
  return { ...result, stdout, stderr: Buffer.concat(err), text: stdout.toString() };
}
