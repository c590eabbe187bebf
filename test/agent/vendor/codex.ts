/** How codex 0.169.0 speaks and ends: seen against the model server of the tests. */
import { HOSTILE_LINES, type VendorCase, type VendorTable } from './scenario.ts';

const started = { type: 'thread.started', thread_id: '01a22e40-a135' };
/** It does not know the models of the tests, and goes on. */
const warning = {
  type: 'item.completed',
  item: { id: 'item_0', type: 'error', message: 'Model metadata for `m` not found.' },
};
const turn = { type: 'turn.started' };
const says = (text: string) => ({
  type: 'item.completed',
  item: { id: 'item_1', type: 'agent_message', text },
});
const runs = (id: string, command: string, output: string, exit = 0) => {
  const item = { id, type: 'command_execution', command: `/bin/bash -lc '${command}'` };
  const status = exit === 0 ? 'completed' : 'failed';
  return [
    {
      type: 'item.started',
      item: { ...item, aggregated_output: '', exit_code: null, status: 'in_progress' },
    },
    {
      type: 'item.completed',
      item: { ...item, aggregated_output: output, exit_code: exit, status },
    },
  ];
};
const done = (input: number, cached: number, written: number, output: number) => ({
  type: 'turn.completed',
  usage: {
    input_tokens: input,
    cached_input_tokens: cached,
    cache_write_input_tokens: written,
    output_tokens: output,
    reasoning_output_tokens: 0,
  },
});

/** What it says of an error, once for each attempt, then twice. */
function fails(message: string, attempts = 0): VendorCase['lines'] {
  const retries = Array.from({ length: attempts }, (_, at) => ({
    type: 'error',
    message: `Reconnecting... ${at + 1}/${attempts} (${message})`,
  }));
  return [
    ...[started, warning, turn, ...retries],
    { type: 'error', message },
    { type: 'turn.failed', error: { message } },
  ];
}

const status = (code: string, said: string) =>
  fails(`unexpected status ${code}: ${said}, url: https://api.openai.com/v1/responses`, 2);
const cut = 'stream disconnected before completion: Transport error: network error';

export const codexTable: VendorTable = {
  session: '01a22e40-a135',
  scenarios: {
    text: {
      lines: [started, warning, turn, says('Hello: größer als 🥊.'), done(1184, 1000, 64, 9)],
      exitCode: 0,
      expected: { turns: 1, tokens: [120, 9, 1000, 64], result: 'Hello: größer als 🥊.' },
    },
    'two-commands': {
      lines: [
        ...[started, warning, turn, says('I read it first.')],
        ...runs('item_2', 'cat greeting.txt', 'hello\n'),
        ...runs('item_3', 'printf hello > greeting.txt', ''),
        ...[says('Done.'), done(3880, 2500, 0, 102)],
      ],
      exitCode: 0,
      expected: {
        turns: 3,
        tools: { command_execution: 2 },
        tokens: [1380, 102, 2500, 0],
        result: 'Done.',
      },
    },
    'failed-command': {
      lines: [
        ...[started, turn, ...runs('item_1', 'false', '', 1)],
        ...[says('It fails.'), done(200, 0, 0, 40)],
      ],
      exitCode: 0,
      expected: { turns: 2, tools: { command_execution: 1 }, result: 'It fails.' },
    },
    unauthorized: {
      lines: status('401 Unauthorized', 'Incorrect API key provided.'),
      exitCode: 1,
      expected: { reason: 'auth' },
    },
    forbidden: {
      lines: status('403 Forbidden', 'No.'),
      exitCode: 1,
      expected: { reason: 'auth' },
    },
    // Of a 404 it tells what the server said, and nothing else: the gateway knows better.
    'model-not-found': {
      lines: fails('The model does not exist.'),
      exitCode: 1,
      statuses: { 404: 1 },
      expected: { reason: 'model-not-found' },
    },
    'rate-limited': {
      lines: fails('exceeded retry limit, last status: 429 Too Many Requests', 2),
      exitCode: 1,
      expected: { reason: 'rate-limited' },
    },
    'rate-limited-once': {
      lines: [
        ...fails('exceeded retry limit, last status: 429 Too Many Requests', 1).slice(0, -2),
        ...[says('Now it works.'), done(100, 0, 0, 20)],
      ],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Now it works.' },
    },
    'out-of-quota': {
      lines: fails('Quota exceeded. Check your plan and billing details.'),
      exitCode: 1,
      expected: { reason: 'quota' },
    },
    'server-error': {
      lines: status('500 Internal Server Error', 'An error.'),
      exitCode: 1,
      expected: { reason: 'api-error' },
    },
    overloaded: {
      lines: status('529 <unknown status code>', 'An error.'),
      exitCode: 1,
      expected: { reason: 'overloaded' },
    },
    cut: { lines: fails(cut, 2), exitCode: 1, expected: { reason: 'api-error' } },
    'cut-once': {
      lines: [...fails(cut, 1).slice(0, -2), says('Whole again.'), done(100, 0, 0, 20)],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Whole again.' },
    },
    // It passes over what is no event.
    garbled: {
      lines: [started, turn, says('These words.'), done(30, 0, 0, 90)],
      exitCode: 0,
      expected: { turns: 1, tokens: [30, 90, 0, 0] },
    },
    'context-too-long': {
      lines: fails(
        "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
      ),
      exitCode: 1,
      expected: { reason: 'context-length' },
    },
    'max-turns': 'it has no limit of its own: ours ends it',
    'max-budget': 'it does not reckon what it costs',
    'permission-denied': 'nothing is asked for with its bypass, and it has no rules',
    'no-output': { lines: [], exitCode: 0, expected: { reason: 'no-output' } },
    crashed: {
      lines: [started, turn],
      exitCode: 139,
      expected: { reason: 'crashed' },
    },
    'not-installed': {
      lines: [],
      stderr: 'sh: codex: not found',
      exitCode: 127,
      expected: { reason: 'not-found' },
    },
    hostile: {
      lines: [
        ...[started, turn, ...HOSTILE_LINES],
        { type: 'item.completed', item: 'text' },
        { type: 'turn.completed', usage: { input_tokens: -5, output_tokens: 'many' } },
      ],
      exitCode: 0,
      expected: { tokens: [0, 0, 0, 0] },
    },
  },
};
