/** Runs a command of the guest whose output is a tar stream, and unpacks it while it comes. */
import { messageOf } from '../errors.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import { printable } from '../printable.ts';
import { createChunkPipe } from './chunk-pipe.ts';
import type { Extracted } from './extract.ts';

export type ReceiveOptions = {
  /** For sentences: `outputs`. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
};

export type Received = {
  readonly extracted: Extracted;
  /** The beginning of what the command wrote to its standard error. */
  readonly said: readonly string[];
  /** Why it did not come to its end; empty: it did. */
  readonly broken: string;
};

const STDERR_BYTES = 8192;
const STDERR_LINES = 20;

/** Throws what `unpack` throws; a guest or a machine that fails is told. */
export async function receive(
  machine: Machine,
  argv: readonly string[],
  { what, timeoutMs, signal }: ReceiveOptions,
  unpack: (stream: AsyncIterable<Uint8Array>) => Promise<Extracted>,
): Promise<Received> {
  const pipe = createChunkPipe();
  const broken = new AbortController();
  const unpacking = unpack(pipe.stream).catch((error) => {
    pipe.close();
    broken.abort(error);
    throw error;
  });
  const stderr = createHead(STDERR_BYTES);
  const running = machine
    .exec(argv, {
      cwd: '/',
      onStdout: pipe.push,
      onStderr: stderr.add,
      timeoutMs,
      signal: signal ? AbortSignal.any([signal, broken.signal]) : broken.signal,
    })
    .finally(pipe.end);
  const [extracted, ended] = await Promise.allSettled([unpacking, running]);
  if (extracted.status === 'rejected') throw extracted.reason;
  return {
    extracted: extracted.value,
    said: linesOf(stderr.text()),
    broken: signal?.aborted
      ? `Collecting ${what} was stopped: there was no time left`
      : endingOf(ended, what, timeoutMs),
  };
}

function endingOf(
  ended: PromiseSettledResult<ExecResult>,
  what: string,
  timeoutMs: number,
): string {
  if (ended.status === 'rejected') {
    return `The machine failed while ${what} were collected: ${printable(messageOf(ended.reason))}`;
  }
  const { timedOut, exitCode } = ended.value;
  if (timedOut) return `Collecting ${what} was stopped after ${timeoutMs / 1000} s`;
  return exitCode === 0 ? '' : `Collecting ${what} ended with exit code ${exitCode}`;
}

/** The first `limit` bytes of what is added. */
function createHead(limit: number) {
  const chunks: Uint8Array[] = [];
  let room = limit;
  return {
    add(chunk: Uint8Array) {
      const head = chunk.slice(0, room);
      room -= head.length;
      if (head.length > 0) chunks.push(head);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

function linesOf(text: string): string[] {
  const lines = text
    .replaceAll('\t', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(0, STDERR_LINES).map((line) => printable(line));
}
