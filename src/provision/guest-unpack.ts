/** Carries the steps out in the guest: one exec, one tar stream on its stdin. */
import { BottleError } from '../errors.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import { printableEnd } from '../printable.ts';
import { type TarEntry, writeTar } from '../tar/write.ts';
import type { Step } from './step.ts';

/** Arguments: directories to make, `/`, directories to remove. For dash, bash and busybox. */
const SCRIPT = `set -eu
umask 022
while [ "$1" != / ]; do mkdir -p -- "$1"; shift; done
shift
[ "$#" -eq 0 ] || rm -rf -- "$@"
exec tar -x -p -o -f - -C /
`;

const STDERR_BYTES = 4096;

/** Throws `BottleError`: `cancelled`, `provision-failed`, or what a step's entries threw. */
export async function unpackInGuest(
  machine: Machine,
  steps: readonly Step[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const source = new AbortController();
  const stderr = makeTail();
  const make = steps.flatMap((step) => step.make ?? []);
  const remove = steps.flatMap((step) => step.remove ?? []);
  const execution = machine.exec(['sh', '-c', SCRIPT, 'provision', ...make, '/', ...remove], {
    stdin: stopOnError(writeTar(entriesOf(steps)), source),
    onStdout: () => {},
    onStderr: stderr.add,
    signal: signal ? AbortSignal.any([signal, source.signal]) : source.signal,
  });
  await Promise.allSettled([execution]);
  // How a guest ends that we stopped ourselves says nothing.
  source.signal.throwIfAborted();
  const result = await execution;
  if (result.aborted) throw cancelled();
  if (result.exitCode !== 0 || result.timedOut) throw failed(result, stderr.text());
}

async function* entriesOf(steps: readonly Step[]): AsyncGenerator<TarEntry> {
  for (const step of steps) yield* step.entries ?? [];
}

/** Ends the guest's command with the source's own error, so that half an archive never passes. */
async function* stopOnError(
  stream: AsyncIterable<Uint8Array>,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}

/** Keeps the end of what a guest's program says. */
export function makeTail() {
  let tail = Buffer.alloc(0);
  return {
    add: (chunk: Uint8Array) => {
      tail = Buffer.concat([tail, chunk.subarray(-STDERR_BYTES)]).subarray(-STDERR_BYTES);
    },
    text: () => printableEnd(tail.toString()),
  };
}

export function cancelled(): BottleError {
  return new BottleError({
    outcome: 'cancelled',
    what: 'The run was cancelled while the guest was provisioned',
    where: 'the cancellation of the job',
    fix: 'Run the job again.',
  });
}

function failed(result: ExecResult, stderr: string): BottleError {
  const said = stderr === '' ? 'and said nothing' : `and said: ${stderr}`;
  return new BottleError({
    outcome: 'provision-failed',
    what: `The guest could not unpack what it was given: exit code ${result.exitCode}, ${said}`,
    where: 'sh and tar in the guest, as the agent’s user',
    fix:
      result.exitCode === 127
        ? 'The image needs sh, mkdir, rm and tar on its PATH.'
        : 'Make sure that the agent may write there, and that machine.storage_gib is enough.',
  });
}
