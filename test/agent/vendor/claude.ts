/** How Claude Code 2.1.329 speaks and ends: seen against the model server of the tests. */
import type { FailureReason } from '../../../src/errors.ts';
import { HOSTILE_LINES, type VendorCase, type VendorTable } from './scenario.ts';

const session_id = '0d7f9a52-5c1e';
const started = {
  type: 'system',
  subtype: 'init',
  session_id,
  model: 'claude-opus-5-5',
  claude_code_version: '2.1.329',
};
const message = (id: string, part: object) => ({
  type: 'assistant',
  message: { id, role: 'assistant', model: 'claude-opus-5-5', content: [part] },
  parent_tool_use_id: null,
});
const says = (id: string, text: string) => message(id, { type: 'text', text });
const calls = (id: string, tool: string, command: string) =>
  message(id, { type: 'tool_use', id: tool, name: 'Bash', input: { command } });
const answers = (tool: string, content: string, is_error = false) => ({
  type: 'user',
  message: {
    role: 'user',
    content: [{ tool_use_id: tool, type: 'tool_result', content, is_error }],
  },
  parent_tool_use_id: null,
});
const denies = (tool: string, command: string) => ({
  type: 'system',
  subtype: 'permission_denied',
  tool_name: 'Bash',
  tool_use_id: tool,
  message: `Permission to use Bash with command ${command} has been denied.`,
});
const retries = (error_status: number | null, error: string) => ({
  type: 'system',
  subtype: 'api_retry',
  attempt: 1,
  max_retries: 4,
  error_status,
  error,
});

type Counts = readonly [input: number, output: number, read?: number, write?: number];

function ends(turns: number, costUsd: number, counts: Counts | undefined, more: object) {
  const [inputTokens, outputTokens, cacheReadInputTokens = 0, cacheCreationInputTokens = 0] =
    counts ?? [];
  const own = { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens };
  return {
    type: 'result',
    // So it says whatever happened.
    subtype: 'success',
    is_error: false,
    num_turns: turns,
    session_id,
    total_cost_usd: costUsd,
    modelUsage: counts === undefined ? {} : { 'claude-opus-5-5': { ...own, thinkingTokens: 0 } },
    permission_denials: [],
    api_error_status: null,
    terminal_reason: 'completed',
    ...more,
  };
}

/** What it says of an error: in the model's place, and once more at its end. */
function fails(
  [status, type, error]: readonly [number | null, string, string],
  said: string,
  retried: VendorCase['lines'] = [],
): VendorCase['lines'] {
  const synthetic = {
    type: 'assistant',
    message: { id: '2229fe19', model: '<synthetic>', content: [{ type: 'text', text: said }] },
    parent_tool_use_id: null,
    error,
    is_api_error_message: true,
    ...(status !== null && { api_error_status: status, api_error_type: type }),
  };
  const end = ends(1, 0, undefined, {
    is_error: true,
    result: said,
    api_error_status: status,
    ...(status !== null && { api_error_type: type }),
    terminal_reason: 'api_error',
  });
  return [started, ...retried, synthetic, end];
}

function refused(
  error: Parameters<typeof fails>[0],
  said: string,
  reason: FailureReason,
  retried: VendorCase['lines'] = [],
): VendorCase {
  return {
    lines: fails(error, said, retried),
    exitCode: 1,
    expected: { reason, turns: 1, result: said, costUsd: 0 },
  };
}

const COMMANDS = ['cat greeting.txt', 'printf hello > greeting.txt'] as const;
const LOST = 'API Error: Connection to the API was lost (ECONNRESET).';

export const claudeTable: VendorTable = {
  session: session_id,
  scenarios: {
    text: {
      lines: [
        ...[started, says('msg_1', 'Hello: größer als 🥊.')],
        ends(1, 0.00118, [120, 9, 1000, 64], { result: 'Hello: größer als 🥊.' }),
      ],
      exitCode: 0,
      expected: {
        ...{ turns: 1, tokens: [120, 9, 1000, 64], costUsd: 0.00118 },
        result: 'Hello: größer als 🥊.',
      },
    },
    'two-commands': {
      lines: [
        ...[started, says('msg_1', 'I read it first.'), calls('msg_1', 'a', COMMANDS[0])],
        ...[answers('a', 'hello'), calls('msg_2', 'b', COMMANDS[1]), answers('b', '')],
        ...[says('msg_3', 'Done.'), ends(3, 0.00806, [1380, 102, 2500], { result: 'Done.' })],
      ],
      exitCode: 0,
      expected: {
        ...{ turns: 3, tools: { Bash: 2 }, tokens: [1380, 102, 2500, 0] },
        ...{ result: 'Done.', costUsd: 0.00806 },
      },
    },
    'failed-command': {
      lines: [
        ...[started, calls('msg_1', 'a', 'false'), answers('a', 'Exit code 1', true)],
        ...[says('msg_2', 'It fails.'), ends(2, 0.0016, [200, 40], { result: 'It fails.' })],
      ],
      exitCode: 0,
      expected: { turns: 2, tools: { Bash: 1 }, tokens: [200, 40, 0, 0], result: 'It fails.' },
    },
    unauthorized: refused(
      [401, 'authentication_error', 'authentication_failed'],
      'Invalid API key · Fix external API key',
      'auth',
      [retries(401, 'authentication_failed')],
    ),
    forbidden: refused(
      [403, 'permission_error', 'authentication_failed'],
      'Failed to authenticate. API Error: 403 No.',
      'auth',
    ),
    'model-not-found': refused(
      [404, 'not_found_error', 'model_not_found'],
      "There's an issue with the selected model (m).",
      'model-not-found',
    ),
    'rate-limited': refused(
      [429, 'rate_limit_error', 'rate_limit'],
      'API Error: Request rejected (429)',
      'rate-limited',
      [retries(429, 'rate_limit')],
    ),
    'rate-limited-once': {
      lines: [
        ...[started, retries(429, 'rate_limit'), says('msg_2', 'Now it works.')],
        ends(1, 0.0008, [100, 20], { result: 'Now it works.' }),
      ],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Now it works.' },
    },
    'out-of-quota': refused(
      [429, 'insufficient_quota', 'rate_limit'],
      'API Error: Request rejected (429) · You exceeded your current quota.',
      'quota',
      [retries(429, 'rate_limit')],
    ),
    'server-error': refused(
      [500, 'api_error', 'server_error'],
      'API Error: 500 Internal server error.',
      'api-error',
      [retries(500, 'server_error')],
    ),
    overloaded: refused(
      [529, 'overloaded_error', 'server_error'],
      'API Error: 529 Overloaded.',
      'overloaded',
      [retries(529, 'overloaded')],
    ),
    cut: refused([null, '', 'server_error'], LOST, 'api-error', [retries(null, 'unknown')]),
    'cut-once': {
      lines: [
        ...[started, retries(null, 'unknown'), says('msg_2', 'Whole again.')],
        ends(1, 0.0008, [100, 20], { result: 'Whole again.' }),
      ],
      exitCode: 0,
      expected: { turns: 1, tokens: [100, 20, 0, 0], result: 'Whole again.' },
    },
    // It passes over what is no event.
    garbled: {
      lines: [
        ...[started, says('msg_1', 'These words.')],
        ends(1, 0.00192, [30, 90], { result: 'These words.' }),
      ],
      exitCode: 0,
      expected: { turns: 1, tokens: [30, 90, 0, 0], result: 'These words.' },
    },
    'context-too-long': {
      lines: fails([400, 'invalid_request_error', 'invalid_request'], 'Prompt is too long').map(
        (line) => ('terminal_reason' in (line as object) ? tooLong(line as object) : line),
      ),
      exitCode: 1,
      expected: { reason: 'context-length', result: 'Prompt is too long' },
    },
    'max-turns': {
      lines: [
        ...[started, calls('msg_1', 'a', COMMANDS[0]), answers('a', 'hello')],
        ends(2, 0.0056, [1200, 40], {
          ...{ subtype: 'error_max_turns', is_error: true, terminal_reason: 'max_turns' },
          errors: ['Reached maximum number of turns (1)'],
        }),
      ],
      exitCode: 1,
      limited: 'turns',
      expected: {
        ...{ outcome: 'limit-reached', reason: 'max-turns', turns: 1, tools: { Bash: 1 } },
        tokens: [1200, 40, 0, 0],
      },
    },
    'max-budget': {
      lines: [
        ...[started, calls('msg_1', 'a', COMMANDS[0])],
        ends(1, 0.0056, [1200, 40], {
          ...{ subtype: 'error_max_budget_usd', is_error: true },
          ...{ terminal_reason: 'budget_exhausted', errors: ['Reached maximum budget ($0.0001)'] },
        }),
      ],
      exitCode: 1,
      limited: 'cost',
      expected: {
        ...{ outcome: 'limit-reached', reason: 'max-budget', turns: 1, tools: { Bash: 1 } },
        ...{ tokens: [1200, 40, 0, 0], costUsd: 0.0056 },
      },
    },
    'permission-denied': {
      lines: [
        ...[started, calls('msg_1', 'a', COMMANDS[0]), denies('a', COMMANDS[0])],
        answers('a', `Permission to use Bash with command ${COMMANDS[0]} has been denied.`, true),
        says('msg_2', 'Done.'),
        ends(2, 0.00806, [1380, 102, 2500], {
          result: 'Done.',
          permission_denials: [{ tool_name: 'Bash', tool_use_id: 'a', tool_input: {} }],
        }),
      ],
      exitCode: 0,
      expected: { reason: 'permission-denied', turns: 2, tools: { Bash: 1 }, result: 'Done.' },
    },
    'no-output': { lines: [], exitCode: 0, expected: { reason: 'no-output' } },
    crashed: { lines: [started], exitCode: 139, expected: { reason: 'crashed' } },
    'not-installed': { lines: [], exitCode: 127, expected: { reason: 'not-found' } },
    hostile: {
      lines: [
        ...[started, ...HOSTILE_LINES],
        { type: 'assistant', message: 'text' },
        { type: 'user', message: { content: [{ type: 'tool_result', content: 7 }] } },
        ends(1, -1, undefined, { modelUsage: { m: { inputTokens: -5, outputTokens: 'many' } } }),
      ],
      exitCode: 0,
      expected: { tokens: [0, 0, 0, 0] },
    },
  },
};

function tooLong(line: object) {
  return { ...line, terminal_reason: 'prompt_too_long' };
}
