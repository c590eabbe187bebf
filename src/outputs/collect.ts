/** Brings back what the agent made: one command in the guest, one tar stream out of it. */
import { randomBytes } from 'node:crypto';
import { messageOf } from '../errors.ts';
import type { SecretSearch } from '../git-check/secret-search.ts';
import type { HostPath } from '../host/host.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import type { Plan } from '../plan/plan.ts';
import { printable } from '../printable.ts';
import type { Provisioned } from '../provision/provisioned.ts';
import { createChunkPipe } from './chunk-pipe.ts';
import { createPlacement, OWN } from './collect-place.ts';
import { collectArgv } from './collect-script.ts';
import { RESULT_BYTES, takeSent } from './collect-sent.ts';
import { DEFAULT_EXTRACT_LIMITS, type Extracted, extractTar, type WatchFile } from './extract.ts';
import { ANY_DEPTH, GIT_DIRECTORY, parseGlob, type Search } from './glob.ts';
import type { Collected } from './outputs.ts';

export type CollectPlan = Pick<Plan, 'outputs' | 'provision' | 'resultFile' | 'user'> & {
  readonly limits: Pick<Plan['limits'], 'outputMib'>;
};

export type CollectOptions = {
  /** Is made, and gets the bundles of the agent's work. */
  readonly bundles: HostPath;
  readonly timeoutMs: number;
  /** What is looked for in the files while they come. */
  readonly search: SecretSearch;
  /** Ends the collection early. */
  readonly signal?: AbortSignal;
};

const MIB = 1 << 20;
const STDERR_BYTES = 8192;
const STDERR_LINES = 20;

/**
 * Puts `outputs`, `workspace`, `home` and `root` into the directory, as far as there is something.
 * What had come when the time was over is kept.
 *
 * Never throws for what the guest does or for a machine that dies: the rest is kept, and a notice
 * says it. Throws when the runner's own disk does not let the directory be made.
 */
export async function collect(
  machine: Machine,
  plan: CollectPlan,
  provisioned: Pick<Provisioned, 'baseCommit' | 'baseTree'>,
  directory: HostPath,
  options: CollectOptions,
): Promise<Collected> {
  const { workspace, outputDirectory } = plan.provision;
  const scratch = `bottle-collect-${randomBytes(8).toString('hex')}`;
  const base = { workspace: workspace.to, home: plan.user.home };
  const globs = plan.outputs.value.map((text) => parseGlob(text, base));
  const everything: Search = {
    directory: outputDirectory,
    depth: ANY_DEPTH,
    name: '*',
    skipped: GIT_DIRECTORY,
  };
  const argv = collectArgv({
    scratch,
    baseCommit: provisioned.baseCommit,
    baseTree: provisioned.baseTree,
    workspace: workspace.to,
    outputDirectory,
    resultFile: plan.resultFile,
    resultBytes: RESULT_BYTES + 1,
    searches: [everything, ...globs.map(({ search }) => search)],
  });
  const placement = createPlacement(plan, globs, scratch);
  const { extracted, notices } = await receive(machine, argv, options, (stream) =>
    extractTar(stream, directory, limitsOf(plan), placement.place, watchWith(options.search)),
  );
  const sent = takeSent(directory, extracted.files, options.bundles);
  const unmatched = placement.unmatched().map(({ text }) => `No file matched outputs: ${text}`);
  return {
    directory,
    files: sent.files,
    clean: extracted.clean,
    refused: extracted.refused,
    sent: sent.sent,
    result: sent.result,
    notices: [...notices, ...noticesOf(extracted), ...sent.notices, ...unmatched],
  };
}

/** Bundles are searched when they are opened: here they are packed. */
function watchWith(search: SecretSearch): WatchFile {
  return (path) => {
    if (path.startsWith(`${OWN}/`)) return undefined;
    const stream = search.stream();
    let found = false;
    const note = (matches: readonly unknown[]) => {
      found ||= matches.length > 0;
    };
    return {
      push: async (chunk) => note(await stream.push(chunk)),
      async end() {
        note(await stream.end());
        return found;
      },
    };
  };
}

function limitsOf(plan: CollectPlan) {
  const bytes = plan.limits.outputMib.value * MIB;
  return { ...DEFAULT_EXTRACT_LIMITS, fileBytes: bytes, totalBytes: bytes };
}

/** Runs the command and unpacks its output while it comes. */
async function receive(
  machine: Machine,
  argv: readonly string[],
  { timeoutMs, signal }: CollectOptions,
  unpack: (stream: AsyncIterable<Uint8Array>) => Promise<Extracted>,
): Promise<{ readonly extracted: Extracted; readonly notices: readonly string[] }> {
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
  const said = linesOf(stderr.text()).map((line) => `The guest said: ${line}`);
  const ending = signal?.aborted
    ? ['Collecting outputs was stopped: there was no time left']
    : endingOf(ended, timeoutMs);
  return { extracted: extracted.value, notices: [...said, ...ending] };
}

function endingOf(ended: PromiseSettledResult<ExecResult>, timeoutMs: number): string[] {
  if (ended.status === 'rejected') {
    return [
      `The machine failed while outputs were collected: ${printable(messageOf(ended.reason))}`,
    ];
  }
  const { timedOut, exitCode } = ended.value;
  if (timedOut) return [`Collecting outputs was stopped after ${timeoutMs / 1000} s`];
  return exitCode === 0 ? [] : [`Collecting outputs ended with exit code ${exitCode}`];
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

function noticesOf({ broken, files, refused, refusedCount }: Extracted): string[] {
  const notices: string[] = [];
  if (broken !== undefined) {
    notices.push(`The outputs broke off (${broken}); ${files.length} files before that are kept`);
  }
  if (refusedCount > refused.length) {
    notices.push(`${refusedCount - refused.length} more entries were refused than are listed`);
  }
  return notices;
}
