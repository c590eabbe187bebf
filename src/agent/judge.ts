/** How an agent really ended: from its exit code, its errors and denials; never from what it says. */
import type { FailureReason } from '../errors.ts';
import type { Tally } from './tally.ts';

export type AgentFailure = {
  readonly reason: FailureReason;
  /** That the model's API answered; 0: it has no part in this. */
  readonly status: number;
  /** In the agent's own words, hostile; may be empty. */
  readonly message: string;
};

export type Ended = {
  readonly exitCode: number;
  readonly tally: Tally;
  /** Codes that its provider or its manifest gave a meaning to. */
  readonly exitCodes: Readonly<Record<number, FailureReason>>;
  /** Does its program always say that it is done? */
  readonly finishes: boolean;
  readonly stderr: string;
};

/** What a shell answers when there is no such program, or none that can be run. */
const NO_PROGRAM = [126, 127];
/** 128 and the number of the signal. */
const SIGNALS = { first: 129, last: 159 };

/** Undefined: it did what it was asked, as far as anybody can tell. */
export function judge(ended: Ended): AgentFailure | undefined {
  const { exitCode, tally, finishes } = ended;
  const { error, finished, denied } = tally;
  if (denied.length > 0) {
    return { reason: 'permission-denied', status: 0, message: `refused: ${denied.join(', ')}` };
  }
  const isDone = finished?.ok === true || (finished === undefined && !finishes);
  if (exitCode === 0 && isDone && error === undefined) return undefined;
  const status = error?.status ?? 0;
  const message = error?.message || finished?.result || lastLine(ended.stderr);
  return { reason: error?.reason ?? reasonOfExit(ended), status, message };
}

function reasonOfExit({ exitCode, tally, exitCodes }: Ended): FailureReason {
  const { isSilent, error, finished } = tally;
  const meant = Object.hasOwn(exitCodes, exitCode) ? exitCodes[exitCode] : undefined;
  if (meant !== undefined) return meant;
  if (NO_PROGRAM.includes(exitCode) && isSilent) return 'not-found';
  if (exitCode >= SIGNALS.first && exitCode <= SIGNALS.last) return 'crashed';
  if (error !== undefined || finished?.ok === false) return 'api-error';
  return exitCode === 0 ? 'no-output' : 'exit-code';
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
