/** Takes down what an agent says: raw, as events, in the log, and in sum. */
import type { Host, HostPath } from '../host/host.ts';
import type { AgentEvent, Reading } from './event.ts';
import { type KeptFile, openKeptFile } from './kept-file.ts';
import { createLineStream, type Line } from './line-stream.ts';
import { openLiveLog } from './live-log.ts';
import type { AgentExit, AgentReader, Provider } from './provider.ts';
import { startTally, type Tally } from './tally.ts';

/** Where on the runner it is kept; none of them exists yet. */
export type AgentFiles = {
  /** Its standard output and its standard error, as they came. */
  readonly raw: HostPath;
  readonly stderr: HostPath;
  /** Our events, one JSON object a line. */
  readonly events: HostPath;
};

export type Witness = {
  /** Of the next run of its program. */
  begin(provider: Pick<Provider, 'reader' | 'countsSession'>): void;
  stdout(chunk: Uint8Array): Promise<unknown>;
  stderr(chunk: Uint8Array): Promise<unknown>;
  /** What the program wrote last, and what its reader has to say about its end. */
  finish(exitCode: number | null): Promise<void>;
  tally(): Tally;
  stderrTail(): string;
  /** Those that hold something. */
  files(): readonly HostPath[];
  close(): Promise<void>;
};

const TAIL_BYTES = 4096;

/** @param onTurn a new turn of the model begins */
export async function openWitness(
  host: Pick<Host, 'log' | 'now'>,
  name: string,
  paths: AgentFiles,
  onTurn: (turn: number) => void,
): Promise<Witness> {
  const [raw, stderr, events] = await openAll(paths);
  const log = openLiveLog(host.log, name);
  const tally = startTally();
  let reader: AgentReader | undefined;
  let lines = createLineStream();
  let tail = Buffer.alloc(0);
  let turn = 0;

  /** The events of some readings, shown and counted; what the file shall have of them. */
  const take = (readings: readonly Reading[]): string => {
    let kept = '';
    for (const reading of readings) {
      if (reading.type === 'turn') {
        turn++;
        onTurn(turn);
        continue;
      }
      const { type, ...rest } = reading;
      const time = new Date(host.now()).toISOString();
      const event = { type, time, turn, ...rest } as AgentEvent;
      tally.add(event);
      log.event(event);
      kept += `${JSON.stringify(event)}\n`;
    }
    return kept;
  };
  const read = (some: Iterable<Line>): Promise<void> => {
    let kept = '';
    let plain: Buffer[] = [];
    // Lines that are no events, together: there may be thousands of them in a chunk.
    const settle = () => {
      if (plain.length === 0) return;
      const bytes = Buffer.concat(plain.flatMap((line) => [line, NEWLINE]));
      plain = [];
      log.plain(bytes);
      const text = bytes.toString('utf8', 0, bytes.length - 1);
      const time = new Date(host.now()).toISOString();
      const event: AgentEvent = { type: 'text', time, turn, text };
      tally.add(event);
      kept += `${JSON.stringify(event)}\n`;
    };
    for (const { bytes, isWhole } of some) {
      const readings = isWhole ? readLine(reader, textOf(bytes)) : undefined;
      if (readings === undefined) plain.push(bytes);
      else {
        settle();
        kept += take(readings);
      }
    }
    settle();
    return events.write(Buffer.from(kept));
  };
  return {
    begin(provider) {
      if (provider.countsSession) tally.recount();
      reader = provider.reader();
      lines = createLineStream();
    },
    stdout: (chunk) => Promise.all([raw.write(chunk), read(lines.push(chunk))]),
    stderr(chunk) {
      tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
      log.stderr(chunk);
      return stderr.write(chunk);
    },
    async finish(exitCode) {
      const exit: AgentExit = { exitCode, stderr: tail.toString() };
      await read(lines.rest());
      await events.write(Buffer.from(take(reader?.end(exit) ?? [])));
    },
    tally: () => tally.read(),
    stderrTail: () => tail.toString(),
    files: () => [raw, stderr, events].filter((file) => !file.isEmpty()).map(({ path }) => path),
    async close() {
      await log.end();
      await Promise.all([raw, stderr, events].map((file) => file.close()));
    },
  };
}

/** What a reader cannot read is no event of its vendor's. */
function readLine(reader: AgentReader | undefined, text: string): readonly Reading[] | undefined {
  try {
    return reader?.line(text);
  } catch {
    return undefined;
  }
}

const NEWLINE = Buffer.from('\n');

async function openAll(paths: AgentFiles): Promise<[KeptFile, KeptFile, KeptFile]> {
  return [
    await openKeptFile(paths.raw, 'anywhere'),
    await openKeptFile(paths.stderr, 'anywhere'),
    await openKeptFile(paths.events, 'whole'),
  ];
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString();
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
