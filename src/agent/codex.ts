/** Provider `codex`: OpenAI's Codex, headless. What it sends and why: seen with version 0.169.0. */
import { stringify } from 'smol-toml';
import type { FailureReason } from '../errors.ts';
import { reasonOfStatus } from './api-status.ts';
import type { Reading } from './event.ts';
import { countAt, type JsonObject, listAt, objectAt, parseLine, textAt } from './json-line.ts';
import type { AgentReader, AgentRequest, McpServer, Provider } from './provider.ts';

const HOST = 'api.openai.com';

export const codex: Provider = {
  template: 'codex',
  program: {
    npm: '@openai/codex',
    binary: 'codex',
    tellsVersion: false,
    files: { x64: fileFor('x64', 'x86_64'), arm64: fileFor('arm64', 'aarch64') },
  },
  model: {
    host: HOST,
    meter: 'openai',
    key: () => ({
      scheme: 'Bearer',
      header: 'authorization',
      variable: 'OPENAI_API_KEY',
      prefix: 'sk-',
    }),
  },
  resumes: true,
  sessionPaths: ['.codex/sessions'],
  knowsSchema: true,
  countsSession: true,
  prepare: (request) => ({
    argv: argvOf(request),
    files: [{ to: `${request.home}/.codex/config.toml`, text: stringify(configOf(request)) }],
    // Its own place is below the home; a runner's CODEX_HOME has no say in it.
    env: { CODEX_HOME: `${request.home}/.codex` },
    skills: `${request.home}/.codex/skills`,
    exitCodes: {},
    notices: noticesOf(request),
  }),
  reader: readCodex,
};

/** The program itself: the package's own `codex.js` would need Node in the guest to find it. */
function fileFor(arch: string, machine: string): string {
  return `node_modules/@openai/codex-linux-${arch}/vendor/${machine}-unknown-linux-musl/bin/codex`;
}

function argvOf({ program, settings, outputSchema, session }: AgentRequest): readonly string[] {
  return [
    program,
    'exec',
    ...(session === '' ? [] : ['resume', session]),
    '--json',
    '--skip-git-repo-check',
    // The bottle is the sandbox. A second one inside fails silently, with exit code 0.
    '--dangerously-bypass-approvals-and-sandbox',
    ...(settings.model === undefined ? [] : ['--model', settings.model]),
    ...(outputSchema === undefined ? [] : ['--output-schema', outputSchema.file]),
    '-',
  ];
}

/** A provider of our own: `OPENAI_BASE_URL` is ignored, and the built-in one tries a WebSocket first. */
function configOf({ settings, prompt, workspace, mcpServers }: AgentRequest) {
  return {
    model_provider: 'bottle',
    check_for_update_on_startup: false,
    // OpenAI's servers would do it, past the bottle's routes.
    web_search: 'disabled',
    ...(prompt.text !== '' && { developer_instructions: prompt.text.toWellFormed() }),
    model_providers: {
      bottle: {
        name: 'OpenAI',
        base_url: settings.base_url ?? `https://${HOST}/v1`,
        env_key: 'OPENAI_API_KEY',
        wire_api: 'responses',
        // The two multiply.
        request_max_retries: 2,
        stream_max_retries: 2,
      },
    },
    // Each of these asks a host of its own; together they hold a run up for five seconds at its end.
    analytics: { enabled: false },
    otel: { exporter: 'none', trace_exporter: 'none', metrics_exporter: 'none' },
    features: { plugins: false, apps: false },
    projects: { [workspace]: { trust_level: 'trusted' } },
    mcp_servers: Object.fromEntries(mcpServers.map((server) => [server.name, mcpOf(server)])),
  };
}

function mcpOf(server: McpServer) {
  return server.kind === 'http'
    ? { url: server.url, http_headers: server.headers }
    : { command: server.command, args: server.args, env: server.env };
}

function noticesOf({ limits }: AgentRequest): readonly string[] {
  return limits.costUsd === null
    ? []
    : ['Codex does not reckon what it costs: the limit on cost is not kept by it.'];
}

function readCodex(): AgentReader {
  const called = new Set<string>();
  let [turns, begins, last] = [0, true, ''];
  /** It does not tell its turns: one begins with the first item after its tools have answered. */
  const inTurn = (...readings: readonly Reading[]): readonly Reading[] => {
    if (!begins) return readings;
    begins = false;
    turns++;
    return [{ type: 'turn' }, ...readings];
  };
  const call = (item: JsonObject): readonly Reading[] => {
    const id = textAt(item, 'id');
    if (called.has(id)) return [];
    called.add(id);
    const { id: _, type, aggregated_output, exit_code, status, result, error, ...input } = item;
    return inTurn({ type: 'tool-call', id, name: nameOf(item), input });
  };
  const completed = (item: JsonObject): readonly Reading[] => {
    const text = textAt(item, 'text');
    switch (textAt(item, 'type')) {
      case 'agent_message':
        last = text;
        return inTurn({ type: 'text', text });
      case 'error':
        return [{ type: 'error', message: textAt(item, 'message') }];
      case 'reasoning':
      case 'todo_list':
        return inTurn();
      default: {
        const readings = [...call(item), resultOf(item)];
        begins = true;
        return readings;
      }
    }
  };
  const finished = (ok: boolean): Reading => ({ type: 'finished', ok, turns, result: last });
  const kinds: Readonly<Record<string, (line: JsonObject) => readonly Reading[]>> = {
    'thread.started': (line) => [
      { type: 'started', session: textAt(line, 'thread_id'), model: '', version: '' },
    ],
    'item.started': (line) => (isTool(objectAt(line, 'item')) ? call(objectAt(line, 'item')) : []),
    'item.completed': (line) => completed(objectAt(line, 'item')),
    error: (line) => [errorOf(textAt(line, 'message'))],
    'turn.failed': (line) => [errorOf(textAt(objectAt(line, 'error'), 'message')), finished(false)],
    'turn.completed': (line) => [usageOf(objectAt(line, 'usage')), finished(true)],
  };
  return {
    line(text) {
      const parsed = parseLine(text);
      if (parsed === undefined) return undefined;
      const type = textAt(parsed, 'type');
      return Object.hasOwn(kinds, type) ? (kinds[type]?.(parsed) ?? []) : [];
    },
    end: () => [],
  };
}

function isTool(item: JsonObject): boolean {
  return !['agent_message', 'error', 'reasoning', 'todo_list'].includes(textAt(item, 'type'));
}

/** `command_execution`, `file_change`; of an MCP server its tool. */
function nameOf(item: JsonObject): string {
  const tool = textAt(item, 'tool');
  return tool === '' ? textAt(item, 'type') : `mcp__${textAt(item, 'server')}__${tool}`;
}

function resultOf(item: JsonObject): Reading {
  const result = listAt(objectAt(item, 'result'), 'content').map((part) => textAt(part, 'text'));
  const output =
    textAt(item, 'aggregated_output') ||
    textAt(objectAt(item, 'error'), 'message') ||
    result.join('\n');
  const ok = textAt(item, 'status') !== 'failed';
  return { type: 'tool-result', id: textAt(item, 'id'), ok, output };
}

/** What comes from the cache is a part of its input. After `resume` it is all that the session used. */
function usageOf(usage: JsonObject): Reading {
  const cacheRead = countAt(usage, 'cached_input_tokens');
  const cacheWrite = countAt(usage, 'cache_write_input_tokens');
  const input = Math.max(0, countAt(usage, 'input_tokens') - cacheRead - cacheWrite);
  const output = countAt(usage, 'output_tokens');
  const reasoning = countAt(usage, 'reasoning_output_tokens');
  return { type: 'usage', input, cacheRead, cacheWrite, output, reasoning };
}

/** Its own sentences for what has no status in it; what a server says is in none of them. */
const SENTENCES: readonly (readonly [RegExp, FailureReason])[] = [
  [/^Quota exceeded\./, 'quota'],
  [/^Codex ran out of room in the model's context window/, 'context-length'],
  [/^Your input exceeds the context window/, 'context-length'],
  [/^Selected model is at capacity/, 'overloaded'],
  [/^We’re currently experiencing high demand/, 'overloaded'],
];

function errorOf(message: string): Reading {
  const retry = /^Reconnecting\.\.\. \d+\/\d+ \((.*)\)$/s.exec(message)?.[1] ?? message;
  const found = /^(?:unexpected status|exceeded retry limit, last status:) (\d{3})\b/.exec(retry);
  const status = Number(found?.[1] ?? 0);
  const code = textAt(objectAt(parseLine(retry), 'error'), 'code');
  const reason =
    SENTENCES.find(([sentence]) => sentence.test(retry))?.[1] ?? reasonOfStatus(status, code);
  return { type: 'error', ...(reason && { reason }), ...(status >= 100 && { status }), message };
}
