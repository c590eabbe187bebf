/** From what smolvm says to an error that a person can act on. */
import { BottleError, type Outcome } from '../../errors.ts';
import { printableLines } from '../../printable.ts';
import { FAILURE_CLASSES, type FailureClass } from './failure-class.ts';

/** Which class an engine's stderr belongs to; undefined for none. */
export function classifyFailure(stderr: string): FailureClass | undefined {
  const text = stderr.toLowerCase();
  return FAILURE_CLASSES.find(({ says }) => says.some((words) => text.includes(words)));
}

export type EngineFailure = {
  readonly outcome: Outcome;
  /** The smolvm subcommand: `machine start`. */
  readonly command: string;
  readonly exitCode: number;
  /** Only text that smolvm wrote, never the guest's: it is classified. */
  readonly stderr: string;
  /** The end of the machine's own logs, made safe; may be empty. */
  readonly log?: string;
};

/** The error for an engine command that failed. */
export function engineError(failure: EngineFailure): BottleError {
  const known = classifyFailure(failure.stderr);
  const said = printableLines(failure.stderr, 10);
  const log = failure.log ?? '';
  const parts = [
    `\`smolvm ${failure.command}\` exited with ${failure.exitCode}`,
    said === '' ? 'and said nothing' : `and said: ${said}`,
    ...(log === '' ? [] : [`\n${log}\n`]),
  ];
  return new BottleError({
    outcome: failure.outcome,
    what: known?.what ?? 'smolvm failed',
    where: parts.join(' '),
    fix: known?.fix ?? 'Run the action with `mode: doctor`, and report the text above.',
  });
}
