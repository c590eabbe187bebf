/** The agent in the step's log: a readable line for each event, a group for each turn. */
import type { Log } from '../host/host.ts';
import type { AgentEvent } from './event.ts';

/** Characters of one event's line. */
const LONGEST = 400;

export type LiveLog = {
  /** What is no event: as it is. */
  plain(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
  event(event: AgentEvent): void;
  end(): Promise<void>;
};

export function openLiveLog(log: Log, name: string): LiveLog {
  // Two: what is no whole line yet of one stream must not run into the other's.
  const open = () => ({ stdout: log.openGuestLog(name), stderr: log.openGuestLog(name) });
  let guest = open();
  let turn = 0;
  // A log may hold lines back for a moment: a group begins when those before it are out.
  let last: Promise<unknown> = Promise.resolve();
  const next = (action: () => unknown) => {
    last = last.then(action).catch(() => {});
  };
  const close = async () => {
    await guest.stdout.end();
    await guest.stderr.end();
  };
  const regroup = async (title: string) => {
    await close();
    log.endGroup();
    log.startGroup(title);
    guest = open();
  };
  return {
    plain: (bytes) => next(() => guest.stdout.write(bytes)),
    stderr(bytes) {
      // The chunk is its sender's.
      const own = Uint8Array.from(bytes);
      next(() => guest.stderr.write(own));
    },
    event(event) {
      if (event.turn > turn) {
        turn = event.turn;
        next(() => regroup(`Turn ${event.turn}`));
      }
      const line = describe(event);
      if (line !== '') next(() => guest.stdout.write(Buffer.from(`${line}\n`)));
    },
    async end() {
      if (turn > 0) next(() => regroup('End of the agent'));
      next(close);
      await last;
    },
  };
}

/** One line; empty: it is not worth one. */
export function describe(event: AgentEvent): string {
  switch (event.type) {
    case 'started':
      return short(`started ${event.model} ${event.version} session ${event.session}`);
    case 'text':
      return short(event.text);
    case 'tool-call':
      return short(`→ ${event.name} ${describeInput(event.input)}`);
    case 'tool-result':
      return short(`${event.ok ? '←' : '← failed:'} ${event.output || '(nothing)'}`);
    case 'usage':
      return `tokens: ${event.input} in, ${event.cacheRead + event.cacheWrite} cached, ${event.output} out`;
    case 'permission-denied':
      return short(`refused: ${event.tool}`);
    case 'error': {
      const facts = [event.reason, event.status].filter((fact) => fact !== undefined).join(' ');
      return short(`error ${facts}: ${event.message}`);
    }
    case 'finished':
      return `${event.ok ? 'finished' : 'gave up'} after ${event.turns} turns`;
  }
}

/** The one text that a call is about, or else all that it says. */
function describeInput(input: unknown): string {
  if (typeof input === 'string') return input;
  const values = typeof input === 'object' && input !== null ? Object.values(input) : [];
  const [first] = values;
  if (typeof first === 'string') return first;
  return JSON.stringify(input) ?? '';
}

function short(text: string): string {
  // The rest is not looked at: it may be long.
  const line = text
    .slice(0, 4 * LONGEST)
    .trim()
    .replace(/\s*[\r\n]+\s*/g, ' ⏎ ');
  const characters = [...line];
  const isCut = text.length > 4 * LONGEST || characters.length > LONGEST;
  return isCut ? `${characters.slice(0, LONGEST).join('')}…` : line;
}
