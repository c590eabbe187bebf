/** What every provider's table has: how its program spoke and ended, and what that comes to. */
import type { FailureReason, Outcome } from '../../../src/errors.ts';

export const SCENARIOS = [
  'text',
  'two-commands',
  'failed-command',
  'unauthorized',
  'forbidden',
  'model-not-found',
  'rate-limited',
  'rate-limited-once',
  'out-of-quota',
  'server-error',
  'overloaded',
  'cut',
  'cut-once',
  'garbled',
  'context-too-long',
  'max-turns',
  'max-budget',
  'permission-denied',
  'no-output',
  'crashed',
  'not-installed',
  'hostile',
] as const;

export type ScenarioName = (typeof SCENARIOS)[number];

/** Lines as the program was seen to write them, cut to what is read of them. */
export type VendorCase = {
  /** An object is one line of JSON. */
  readonly lines: readonly (object | string)[];
  readonly stderr?: string;
  /** Null: we end it. */
  readonly exitCode: number | null;
  /** What the model's API answered, as the gateway saw it. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** The limit that the manifest sets. */
  readonly limited?: 'turns' | 'cost';
  readonly expected: {
    /** Absent: a success without a reason, `agent-failed` with one. */
    readonly outcome?: Outcome;
    /** Absent: it is a success. */
    readonly reason?: FailureReason;
    readonly turns?: number;
    readonly tools?: Readonly<Record<string, number>>;
    /** Input without what the cache had, output, read from the cache, written to it. */
    readonly tokens?: readonly [number, number, number, number];
    readonly result?: string;
    readonly costUsd?: number;
  };
};

/** A string says why the program cannot end like that. */
export type VendorTable = {
  readonly session: string;
  readonly scenarios: Readonly<Record<ScenarioName, VendorCase | string>>;
};

/** Lines that no honest program writes: the reader must take them for text, or for nothing. */
export const HOSTILE_LINES: readonly (object | string)[] = [
  '{"type":',
  '[1,2',
  'null',
  '"text"',
  '{"type":"__proto__"}',
  '{"type":"constructor","__proto__":{"type":"result"}}',
  { type: 7 },
  { type: { toString: 1 } },
  '\u001b[2J::error::not a command',
  'x'.repeat(100_000),
];
