/** Proves from inside that the bottle is closed, before a credential or a prompt goes in. */
import { BottleError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { ExecResult, Machine } from '../machine/machine.ts';
import { execBehindRelay, GATEWAY_SOCKET, RELAY_PORT } from '../relay/relay.ts';
import { listenOnLoopback } from './listener.ts';
import {
  describeFound,
  type Found,
  makeProbes,
  type Probe,
  type ProbePlaces,
  readLine,
} from './probe.ts';
import { probesArgv } from './program.ts';

/** One wall, and how it was found. */
export type ProbeResult = {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  /** From the start of the proof until the guest answered; 0 when it did not. */
  readonly milliseconds: number;
};

export type Walls = { readonly probes: readonly ProbeResult[] };

export type ProveOptions = {
  /** What the relay says to the gateway. */
  readonly token: string;
  /** Those of the gateway. */
  readonly routes: ProbePlaces['routes'];
  readonly signal?: AbortSignal;
};

/** Each probe gives up after 1.5 s by itself; a busy machine may take longer to start them. */
const TIMEOUT_MS = 30_000;
/** Eleven lines of at most 2 KiB. */
const LARGEST_OUTPUT = 32 * 1024;

type Answer = { readonly found: Found; readonly milliseconds: number };

/**
 * Tries all that a bottle must not be able to do, as the agent's user and behind the same relay.
 *
 * @throws {BottleError} `isolation-failed` naming the walls that do not hold or could not be
 * tried; `provision-failed` when the guest has no relay; `cancelled`
 */
export async function proveWalls(
  host: Pick<Host, 'log'>,
  machine: Machine,
  options: ProveOptions,
): Promise<Walls> {
  const listener = await listenOnLoopback();
  try {
    const probes = makeProbes({
      runnerPort: listener.port,
      relayPort: RELAY_PORT,
      gatewaySocket: GATEWAY_SOCKET,
      routes: options.routes,
    });
    const answers = await askGuest(machine, probes, options);
    const found = probes.map((probe, index) => examine(probe, answers.get(index)));
    const breaches = found.flatMap(({ breach }) => breach ?? []);
    const visitors = await listener.visitors();
    if (visitors > 0) breaches.push(`the runner's loopback: ${visitors} × connected to, as it saw`);
    if (breaches.length > 0) throw isolationFailed(breaches, probes.length);
    host.log.debug(found.map(({ result }) => `${result.name}: ${result.found}`).join('; '));
    return { probes: found.map(({ result }) => result) };
  } finally {
    listener.close();
  }
}

async function askGuest(
  machine: Machine,
  probes: readonly Probe[],
  { token, signal }: ProveOptions,
): Promise<ReadonlyMap<number, Answer>> {
  const started = performance.now();
  const reader = readAnswers(probes.length, () => performance.now() - started);
  const result = await execBehindRelay(machine, probesArgv(probes), {
    token,
    timeoutMs: TIMEOUT_MS,
    onStdout: reader.push,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.aborted) throw cancelled();
  return isComplete(result) ? reader.answers() : new Map();
}

/** A program that failed half-way proves nothing. */
function isComplete({ exitCode, timedOut }: ExecResult): boolean {
  return exitCode === 0 && !timedOut;
}

/** Takes lines of the guest as they come; what is too much, or said twice, makes all worthless. */
function readAnswers(probes: number, elapsed: () => number) {
  const answers = new Map<number, Answer>();
  let rest = '';
  let bytes = 0;
  let worthless = false;
  return {
    push(chunk: Uint8Array): void {
      bytes += chunk.length;
      worthless ||= bytes > LARGEST_OUTPUT;
      if (worthless) return;
      const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const read = readLine(line, probes);
        worthless ||= read === undefined || answers.has(read.index);
        if (read) answers.set(read.index, { found: read.found, milliseconds: elapsed() });
      }
    },
    answers: (): ReadonlyMap<number, Answer> => (worthless || rest !== '' ? new Map() : answers),
  };
}

type Examined = { readonly result: ProbeResult; readonly breach?: string };

function examine({ name, expected, holds }: Probe, answer: Answer | undefined): Examined {
  const found = describeFound(answer?.found);
  const milliseconds = Math.round(answer?.milliseconds ?? 0);
  const result = { name, expected, found, milliseconds };
  if (answer !== undefined && holds(answer.found)) return { result };
  return { result, breach: `${name}: ${found} (must be: ${expected})` };
}

function isolationFailed(breaches: readonly string[], probes: number): BottleError {
  return new BottleError({
    outcome: 'isolation-failed',
    what: `The walls of the bottle were not proven: ${breaches.join('; ')}`,
    where: `${breaches.length} findings in ${probes} probes from inside the guest`,
    fix:
      'No credential and no prompt has gone in. See that the image and the engine have no network ' +
      'of their own, and report this with the log of the step.',
  });
}

function cancelled(): BottleError {
  return new BottleError({
    outcome: 'cancelled',
    what: 'The run was cancelled while the walls of the bottle were proven',
    where: 'the cancellation of the job',
    fix: 'Run the job again.',
  });
}
