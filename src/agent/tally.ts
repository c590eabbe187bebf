/** What the events of an agent come to. */
import type { AgentEvent } from './event.ts';

export type Tokens = {
  /** Without what came from the cache. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** With those of reasoning. */
  readonly output: number;
  readonly reasoning: number;
};

type Of<K extends AgentEvent['type']> = Extract<AgentEvent, { type: K }>;

export type Tally = {
  readonly session: string;
  readonly model: string;
  readonly version: string;
  readonly turns: number;
  /** Undefined: it named none. */
  readonly tokens: Tokens | undefined;
  readonly tools: readonly { readonly name: string; readonly calls: number }[];
  readonly denied: readonly string[];
  /** Undefined: none, or it went on after it and came to a good end. */
  readonly error: Of<'error'> | undefined;
  readonly finished: Of<'finished'> | undefined;
  /** Did it say anything at all? */
  readonly isSilent: boolean;
};

/** Names that are told one by one. */
const MOST_NAMES = 200;
const LONGEST_NAME = 200;

export function startTally() {
  let started: Of<'started'> | undefined;
  let turns = 0;
  let tokens: Tokens | undefined;
  const tools = new Map<string, number>();
  const denied = new Set<string>();
  let error: Of<'error'> | undefined;
  let finished: Of<'finished'> | undefined;
  let isSilent = true;

  return {
    /** A session goes on whose counts so far come again. */
    recount(): void {
      tokens = undefined;
    },
    add(event: AgentEvent): void {
      isSilent = false;
      turns = Math.max(turns, event.turn);
      if (event.type === 'started') started = event;
      else if (event.type === 'usage') tokens = sum(tokens, event);
      else if (event.type === 'tool-call') countName(tools, event.name);
      else if (event.type === 'permission-denied') denied.add(event.tool.slice(0, LONGEST_NAME));
      else if (event.type === 'error') error = event;
      else if (event.type === 'finished') {
        finished = event;
        if (event.ok) error = undefined;
      }
    },
    read: (): Tally => ({
      session: started?.session ?? '',
      model: started?.model ?? '',
      version: started?.version ?? '',
      turns: turns || (finished?.turns ?? 0),
      tokens,
      tools: [...tools].map(([name, calls]) => ({ name, calls })),
      denied: [...denied].slice(0, MOST_NAMES),
      error,
      finished,
      isSilent,
    }),
  };
}

function sum(one: Tokens | undefined, more: Tokens): Tokens {
  return {
    input: (one?.input ?? 0) + more.input,
    cacheRead: (one?.cacheRead ?? 0) + more.cacheRead,
    cacheWrite: (one?.cacheWrite ?? 0) + more.cacheWrite,
    output: (one?.output ?? 0) + more.output,
    reasoning: (one?.reasoning ?? 0) + more.reasoning,
  };
}

function countName(names: Map<string, number>, given: string): void {
  const name = given.slice(0, LONGEST_NAME);
  const known = names.get(name);
  if (known !== undefined || names.size < MOST_NAMES) names.set(name, (known ?? 0) + 1);
}
