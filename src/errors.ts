/** The one error class that stages throw, and the outcomes a run can have. */

/** How a run ended. Decided from exit codes, our own timers and sentinels, never from guest text. */
export const OUTCOMES = [
  'success',
  'agent-failed',
  'timed-out',
  'idle',
  'limit-reached',
  'cancelled',
  'isolation-failed',
  'image-failed',
  'boot-failed',
  'provision-failed',
  'gateway-failed',
  'push-failed',
  'config-invalid',
  'untrusted',
  'internal-error',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Why an agent failed, or which limit of its own it reached. */
export const FAILURE_REASONS = [
  /** The model's API did not take the credential. */
  'auth',
  /** What was paid for is used up. */
  'quota',
  'rate-limited',
  'overloaded',
  'model-not-found',
  'context-length',
  /** The agent was refused a tool. */
  'permission-denied',
  'max-turns',
  'max-budget',
  /** Its structured output does not follow the schema. */
  'schema-invalid',
  /** Ended by a signal that is not ours. */
  'crashed',
  /** There is no such program in the bottle. */
  'not-found',
  /** It ended without a word. */
  'no-output',
  /** Any other answer of the model's API, or none. */
  'api-error',
  /** It ended with an exit code that is not 0, and nothing says more. */
  'exit-code',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** One thing that is wrong, and where: becomes one annotation. `line` and `column` count from 1. */
export type Problem = {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
};

export type BottleErrorFields = {
  /** The outcome that the run has when this error ends it. */
  readonly outcome: Outcome;
  /** What happened, one sentence. */
  readonly what: string;
  /** Which value, from where: an input, a file with line and column, a command with its exit code. */
  readonly where: string;
  /** What the reader should do now. */
  readonly fix: string;
  /** With the outcome `agent-failed`: why. */
  readonly reason?: FailureReason;
  /** All problems found, where one report names several. */
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
};

/** An error that a person can act on: what happened · which value, from where · what to do. */
export class BottleError extends Error {
  override readonly name = 'BottleError';
  readonly outcome: Outcome;
  readonly what: string;
  readonly where: string;
  readonly fix: string;
  readonly reason: FailureReason | undefined;
  readonly problems: readonly Problem[];

  constructor(fields: BottleErrorFields) {
    super(`${fields.what} (${fields.where}). ${fields.fix}`, { cause: fields.cause });
    this.outcome = fields.outcome;
    this.what = fields.what;
    this.where = fields.where;
    this.fix = fields.fix;
    this.reason = fields.reason;
    this.problems = fields.problems ?? [];
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
