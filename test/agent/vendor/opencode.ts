/** How opencode 1.18.33 speaks and ends: seen against the model server of the tests. */
import type { FailureReason } from '../../../src/errors.ts';
import { HOSTILE_LINES, type VendorCase, type VendorTable } from './scenario.ts';

const sessionID = 'ses_dd1bf2aa7ffe';
const line = (type: string, part: object) => ({ type, timestamp: 1, sessionID, part });
const starts = line('step_start', { type: 'step-start' });
const says = (text: string) => line('text', { type: 'text', text });
const runs = (callID: string, command: string, state: object) =>
  line('tool_use', { type: 'tool', tool: 'bash', callID, state: { input: { command }, ...state } });
const ends = (input: number, output: number, read = 0, write = 0) =>
  line('step_finish', {
    type: 'step-finish',
    reason: 'stop',
    tokens: { total: 0, input, output, reasoning: 0, cache: { read, write } },
    cost: 0,
  });
const error = (name: string, data: object) => ({
  type: 'error',
  timestamp: 1,
  sessionID,
  error: { name, data },
});

function refused(
  statusCode: number,
  reason: FailureReason,
  code: string | null = null,
): VendorCase {
  const responseBody = JSON.stringify({ error: { message: 'No.', code } });
  const data = { message: 'No.', statusCode, isRetryable: statusCode >= 429, responseBody };
  return { lines: [error('APIError', data)], exitCode: 1, expected: { reason } };
}

export const opencodeTable: VendorTable = {
  session: sessionID,
  scenarios: {
    text: {
      lines: [starts, says('Hello: größer als 🥊.'), ends(184, 9, 1000)],
      exitCode: 0,
      expected: { turns: 1, tokens: [184, 9, 1000, 0], result: 'Hello: größer als 🥊.' },
    },
    'two-commands': {
      lines: [
        ...[starts, says('I read it first.')],
        runs('a', 'cat greeting.txt', { status: 'completed', output: 'hello\n' }),
        ...[ends(1200, 40), starts],
        runs('b', 'printf hello', { status: 'completed', output: '' }),
        ...[ends(100, 50, 1200), starts, says('Done.'), ends(80, 12, 1300)],
      ],
      exitCode: 0,
      expected: {
        turns: 3,
        tools: { bash: 2 },
        tokens: [1380, 102, 2500, 0],
        result: 'Done.',
      },
    },
    'failed-command': {
      lines: [
        starts,
        runs('a', 'false', { status: 'completed', output: '', metadata: { exit: 1 } }),
        ...[ends(100, 20), starts, says('It fails.'), ends(100, 20)],
      ],
      exitCode: 0,
      expected: { turns: 2, tools: { bash: 1 }, result: 'It fails.' },
    },
    unauthorized: refused(401, 'auth'),
    forbidden: refused(403, 'auth'),
    'model-not-found': refused(404, 'model-not-found'),
    'rate-limited': refused(429, 'rate-limited'),
    'rate-limited-once': {
      lines: [starts, says('Now it works.'), ends(100, 20)],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Now it works.' },
    },
    'out-of-quota': refused(429, 'quota', 'insufficient_quota'),
    'server-error': refused(500, 'api-error'),
    overloaded: refused(529, 'overloaded'),
    cut: {
      lines: [
        ...[starts, starts, starts],
        error('APIError', { message: 'Connection reset by server', isRetryable: true }),
      ],
      exitCode: 1,
      expected: { reason: 'api-error', turns: 3 },
    },
    'cut-once': {
      lines: [starts, starts, says('Whole again.'), ends(100, 20)],
      exitCode: 0,
      expected: { turns: 2, tokens: [100, 20, 0, 0], result: 'Whole again.' },
    },
    garbled: {
      lines: [starts, error('UnknownError', { message: 'JSON parsing failed' })],
      exitCode: 1,
      expected: { reason: 'api-error' },
    },
    'context-too-long': {
      lines: [error('ContextOverflowError', { message: 'prompt is too long', responseBody: '{}' })],
      exitCode: 1,
      expected: { reason: 'context-length' },
    },
    'max-turns': 'its own limit ends with a summary and exit code 0: ours ends it',
    'max-budget': 'it does not reckon what it costs',
    'permission-denied': {
      lines: [
        starts,
        runs('a', 'true', {
          status: 'error',
          error: 'The user rejected permission to use this specific tool call.',
        }),
        ends(100, 20),
      ],
      exitCode: 0,
      expected: { reason: 'permission-denied', tools: { bash: 1 } },
    },
    'no-output': { lines: [], exitCode: 0, expected: { reason: 'no-output' } },
    crashed: { lines: [starts], exitCode: 132, expected: { reason: 'crashed' } },
    'not-installed': {
      lines: [],
      stderr: 'sh: opencode: not found',
      exitCode: 127,
      expected: { reason: 'not-found' },
    },
    hostile: {
      lines: [
        ...[starts, ...HOSTILE_LINES, line('tool_use', { state: 'none' })],
        { type: 'step_finish', part: { tokens: { input: -1, output: 2.5, cache: 7 } } },
        says('Done.'),
      ],
      exitCode: 0,
      expected: { tokens: [0, 0, 0, 0] },
    },
  },
};
