/** How Gemini CLI 0.61.0 speaks and ends: seen against the model server of the tests. */
import type { FailureReason } from '../../../src/errors.ts';
import { HOSTILE_LINES, type VendorCase, type VendorTable } from './scenario.ts';

const started = { type: 'init', session_id: '5ac6311d-065f', model: 'm' };
const task = { type: 'message', role: 'user', content: 'Do it' };
const says = (content: string) => ({ type: 'message', role: 'assistant', content, delta: true });
const runs = (tool_id: string, command: string, result: object) => [
  { type: 'tool_use', tool_name: 'run_shell_command', tool_id, parameters: { command } },
  { type: 'tool_result', tool_id, ...result },
];
const stats = (total: number, input: number, cached: number, output: number) => ({
  total_tokens: total,
  input_tokens: input,
  output_tokens: output,
  cached,
  input: input - cached,
  tool_calls: 0,
});
const done = (...counts: Parameters<typeof stats>) => ({
  type: 'result',
  status: 'success',
  stats: stats(...counts),
});

function fails(message: string, type = 'unknown'): VendorCase['lines'] {
  const error = { type, message };
  return [started, task, { type: 'result', status: 'error', error, stats: stats(0, 0, 0, 0) }];
}

/** Its exit code is the last byte of the status. */
function refused(code: number, reason: FailureReason): VendorCase {
  const answer = JSON.stringify({ error: { code, message: 'No.', status: 'SOME' } });
  return {
    lines: fails(`[API Error: ${answer}]`),
    exitCode: code % 256,
    expected: { reason },
  };
}

export const geminiTable: VendorTable = {
  session: '5ac6311d-065f',
  scenarios: {
    text: {
      lines: [started, task, says('Hello: gr'), says('ößer als 🥊.'), done(1193, 1184, 1000, 9)],
      exitCode: 0,
      expected: { turns: 1, tokens: [184, 9, 1000, 0], result: 'Hello: größer als 🥊.' },
    },
    'two-commands': {
      lines: [
        ...[started, task, says('I read it first.')],
        ...runs('a', 'cat greeting.txt', { status: 'success', output: 'hello' }),
        ...runs('b', 'printf hello', { status: 'success', output: 'hello' }),
        ...[says('Done'), says('.'), done(3992, 3880, 2500, 102)],
      ],
      exitCode: 0,
      expected: {
        turns: 3,
        tools: { run_shell_command: 2 },
        // Ten of the total are thoughts.
        tokens: [1380, 112, 2500, 0],
        result: 'Done.',
      },
    },
    'failed-command': {
      lines: [
        ...[started, task],
        ...runs('a', 'nothing', {
          status: 'error',
          output: 'x',
          error: { type: 'shell_execute_error', message: 'x' },
        }),
        ...[says('It fails.'), done(240, 200, 0, 40)],
      ],
      exitCode: 0,
      expected: { turns: 2, tools: { run_shell_command: 1 }, result: 'It fails.' },
    },
    unauthorized: refused(401, 'auth'),
    forbidden: refused(403, 'auth'),
    // Of a 404 it tells what the server said, and nothing else: the gateway knows better.
    'model-not-found': {
      lines: fails('[API Error: models/m is not found.]'),
      exitCode: 1,
      statuses: { 404: 1 },
      expected: { reason: 'model-not-found' },
    },
    'rate-limited': {
      lines: fails(
        '[API Error: You exceeded your current quota.]\nPlease wait and try again later.',
      ),
      exitCode: 173,
      expected: { reason: 'rate-limited' },
    },
    'rate-limited-once': {
      lines: [started, task, says('Now it works.'), done(120, 100, 0, 20)],
      stderr: 'Attempt 1 failed with status 429. Retrying with backoff...',
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Now it works.' },
    },
    'out-of-quota': "it says the same as of a rate limit, which is Google's own word for both",
    'server-error': refused(500, 'api-error'),
    overloaded: refused(529, 'overloaded'),
    cut: {
      lines: [started, task, says('These words'), ...fails('[API Error: terminated]').slice(2)],
      exitCode: 1,
      expected: { reason: 'api-error', turns: 1 },
    },
    'cut-once': 'it does not try again once an answer has begun',
    garbled: {
      lines: [
        ...[started, task, says('These words')],
        ...fails(
          '[API Error: Unexpected token \'o\', "{"type": not json" is not valid JSON]',
        ).slice(2),
      ],
      exitCode: 1,
      expected: { reason: 'api-error' },
    },
    'context-too-long': refused(413, 'context-length'),
    'max-turns': {
      lines: [
        ...[started, task],
        ...runs('a', 'true', { status: 'success', output: '' }),
        ...fails('Reached max session turns for this session.', 'FatalTurnLimitedError').slice(2),
      ],
      exitCode: 53,
      expected: { reason: 'max-turns', turns: 1, tools: { run_shell_command: 1 } },
    },
    'max-budget': 'it does not reckon what it costs',
    'permission-denied': {
      lines: [
        ...[started, task],
        ...runs('a', 'true', {
          status: 'error',
          output: 'Tool execution denied by policy.',
          error: { type: 'policy_violation', message: 'Tool execution denied by policy.' },
        }),
        ...[says('I could not.'), done(240, 200, 0, 40)],
      ],
      exitCode: 0,
      expected: { reason: 'permission-denied', tools: { run_shell_command: 1 } },
    },
    'no-output': { lines: [], exitCode: 0, expected: { reason: 'no-output' } },
    crashed: { lines: [started, task], exitCode: 134, expected: { reason: 'crashed' } },
    'not-installed': {
      lines: [],
      stderr: 'sh: gemini: not found',
      exitCode: 127,
      expected: { reason: 'not-found' },
    },
    hostile: {
      lines: [
        ...[started, task, ...HOSTILE_LINES],
        { type: 'tool_result', tool_id: 5, status: [] },
        { type: 'result', status: 'success', stats: { total_tokens: -1, input_tokens: 1.5 } },
      ],
      exitCode: 0,
      expected: { tokens: [0, 0, 0, 0] },
    },
  },
};
