/** How programs of one's own may speak and end: in our events, in plain text, by exit codes. */
import { HOSTILE_LINES, type VendorTable } from './scenario.ts';

const session = 'own-1';
const started = { type: 'started', session, model: 'm', version: '1' };
const turn = { type: 'turn' };
const says = (text: string) => ({ type: 'text', text });
const runs = (id: string, command: string, ok: boolean, output: string) => [
  { type: 'tool-call', id, name: 'sh', input: { command } },
  { type: 'tool-result', id, ok, output },
];
const uses = (input: number, output: number, cacheRead = 0) => ({
  type: 'usage',
  ...{ input, output, ...(cacheRead > 0 && { cacheRead }) },
});
const error = (message: string, more: object = {}) => ({ type: 'error', message, ...more });
const done = (result: string, ok = true) => ({ type: 'finished', ok, result });

/** As its manifest has it. */
export const COMMAND_EXIT_CODES = { 75: 'rate-limited', 77: 'auth' } as const;

export const commandTable: VendorTable = {
  session,
  scenarios: {
    // It need not know our events at all.
    text: { lines: ['Hello', 'größer als 🥊.'], exitCode: 0, expected: { turns: 0 } },
    'two-commands': {
      lines: [
        ...[started, turn, says('I read it first.'), ...runs('a', 'cat x', true, 'hello')],
        ...[uses(1200, 40), turn, ...runs('b', 'printf', true, ''), uses(180, 62, 2500)],
        ...[turn, done('Done.')],
      ],
      exitCode: 0,
      expected: {
        ...{ turns: 3, tools: { sh: 2 }, tokens: [1380, 102, 2500, 0], result: 'Done.' },
      },
    },
    'failed-command': {
      lines: [started, turn, ...runs('a', 'false', false, ''), turn, done('It fails.')],
      exitCode: 0,
      expected: { turns: 2, tools: { sh: 1 }, result: 'It fails.' },
    },
    unauthorized: { lines: ['no key'], exitCode: 77, expected: { reason: 'auth' } },
    forbidden: {
      lines: [started, error('No.', { reason: 'auth', status: 403 })],
      exitCode: 1,
      expected: { reason: 'auth' },
    },
    'model-not-found': {
      lines: [started, error('No.', { reason: 'model-not-found', status: 404 })],
      exitCode: 1,
      expected: { reason: 'model-not-found' },
    },
    'rate-limited': { lines: [started], exitCode: 75, expected: { reason: 'rate-limited' } },
    'rate-limited-once': {
      lines: [
        ...[started, error('wait', { reason: 'rate-limited', status: 429 }), turn],
        ...[uses(100, 20), done('Now it works.')],
      ],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Now it works.' },
    },
    'out-of-quota': {
      lines: [started, error('paid', { reason: 'quota', status: 402 })],
      exitCode: 0,
      expected: { reason: 'quota' },
    },
    'server-error': {
      lines: [started, error('An error.', { status: 500 })],
      exitCode: 1,
      expected: { reason: 'api-error' },
    },
    // It says nothing of it: the gateway saw it.
    overloaded: {
      lines: [],
      stderr: 'Traceback (most recent call last)',
      exitCode: 1,
      statuses: { 529: 3 },
      expected: { reason: 'overloaded' },
    },
    cut: {
      lines: [started, turn, says('These wor'), error('connection reset')],
      exitCode: 1,
      expected: { reason: 'api-error', turns: 1 },
    },
    'cut-once': {
      lines: [started, turn, error('connection reset'), says('Whole again.'), done('Whole again.')],
      exitCode: 0,
      expected: { turns: 1, result: 'Whole again.' },
    },
    garbled: {
      lines: [started, '{"type":"text","te', '{"type":"text"}', turn, done('Done.')],
      exitCode: 0,
      expected: { turns: 1, result: 'Done.' },
    },
    'context-too-long': {
      lines: [started, error('too long', { reason: 'context-length', status: 413 })],
      exitCode: 1,
      expected: { reason: 'context-length' },
    },
    'max-turns': {
      lines: [started, turn, error('used up', { reason: 'max-turns' }), done('', false)],
      exitCode: 1,
      expected: { reason: 'max-turns', turns: 1 },
    },
    'max-budget': {
      lines: [started, turn, error('used up', { reason: 'max-budget' }), done('', false)],
      exitCode: 1,
      limited: 'cost',
      expected: { outcome: 'limit-reached', reason: 'max-budget', turns: 1 },
    },
    'permission-denied': {
      lines: [started, turn, { type: 'permission-denied', tool: 'sh' }, done('I could not.')],
      exitCode: 0,
      expected: { reason: 'permission-denied', turns: 1, result: 'I could not.' },
    },
    // A plain program may have nothing to say.
    'no-output': { lines: [], exitCode: 0, expected: { turns: 0 } },
    crashed: { lines: [started], exitCode: 139, expected: { reason: 'crashed' } },
    'not-installed': { lines: [], exitCode: 127, expected: { reason: 'not-found' } },
    hostile: {
      lines: [
        ...[started, ...HOSTILE_LINES, { type: 'usage', input: -5, output: 'many' }],
        { type: 'finished', ok: 'yes' },
      ],
      exitCode: 0,
      expected: { turns: 0 },
    },
  },
};
