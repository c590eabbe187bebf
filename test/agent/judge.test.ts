/** How an agent really ended, whatever it says. */
import { expect, test } from 'vitest';
import type { AgentEvent } from '../../src/agent/event.ts';
import { judge } from '../../src/agent/judge.ts';
import { startTally } from '../../src/agent/tally.ts';
import type { FailureReason } from '../../src/errors.ts';

type Event = AgentEvent extends infer E
  ? E extends AgentEvent
    ? Omit<E, 'time' | 'turn'>
    : never
  : never;

const DONE: Event = { type: 'finished', ok: true, turns: 1, result: 'done' };
const GAVE_UP: Event = { ...DONE, ok: false };
const error = (reason?: FailureReason): Event => ({
  type: 'error',
  message: 'no',
  ...(reason && { reason }),
});

type Case = {
  readonly exit?: number;
  readonly events?: readonly Event[];
  readonly codes?: Readonly<Record<number, FailureReason>>;
  /** A plain command, whose program need not say that it is done. */
  readonly isPlain?: boolean;
};

function reasonOf({ exit = 0, events = [], codes = {}, isPlain = false }: Case) {
  const tally = startTally();
  for (const event of events) tally.add({ time: '', turn: 1, ...event } as AgentEvent);
  const ended = { exitCode: exit, tally: tally.read(), exitCodes: codes, finishes: !isPlain };
  return judge({ ...ended, stderr: 'last\nwords\n' })?.reason;
}

test.each<[what: string, given: Case, reason: FailureReason | undefined]>([
  ['done', { events: [DONE] }, undefined],
  ['a plain command that says nothing', { isPlain: true }, undefined],
  ['an agent that says nothing', {}, 'no-output'],
  ['an error, got over', { events: [error('rate-limited'), DONE] }, undefined],
  ['an error, not got over', { events: [error('rate-limited')], isPlain: true }, 'rate-limited'],
  ['an error after it said that it was done', { events: [DONE, error('auth')] }, 'auth'],
  ['gave up, exit 0', { events: [GAVE_UP] }, 'api-error'],
  ['gave up because of', { exit: 1, events: [error('quota'), GAVE_UP] }, 'quota'],
  [
    'denied, and done',
    { events: [{ type: 'permission-denied', tool: 'Bash' }, DONE] },
    'permission-denied',
  ],
  ['done, and yet exit 1', { exit: 1, events: [DONE] }, 'exit-code'],
  ['no program', { exit: 127 }, 'not-found'],
  ['127 of a program that spoke', { exit: 127, events: [DONE] }, 'exit-code'],
  ['killed', { exit: 137, events: [{ type: 'text', text: 'a' }] }, 'crashed'],
  [
    'a code with a meaning',
    { exit: 75, codes: { 75: 'rate-limited' }, isPlain: true },
    'rate-limited',
  ],
  [
    'an error says more than a code',
    { exit: 41, codes: { 41: 'auth' }, events: [error('quota')] },
    'quota',
  ],
  [
    'a vague error says less than a code',
    { exit: 41, codes: { 41: 'auth' }, events: [error()] },
    'auth',
  ],
  ['an error without a reason', { exit: 1, events: [error()] }, 'api-error'],
])('%s', (_, given, reason) => {
  expect(reasonOf(given)).toBe(reason);
});
