/** Provider `gemini`: Google's Gemini CLI, headless. What it sends and why: seen with 0.61.0. */
import type { FailureReason } from '../errors.ts';
import { reasonOfStatus } from './api-status.ts';
import type { Reading } from './event.ts';
import { countAt, type JsonObject, objectAt, parseLine, textAt } from './json-line.ts';
import type { AgentFile, AgentReader, AgentRequest, McpServer, Provider } from './provider.ts';

const FILE = 'node_modules/@google/gemini-cli/bundle/gemini.js';

export const gemini: Provider = {
  template: 'gemini',
  // A script for the Node that the guest has on its PATH: 20 or newer.
  program: {
    npm: '@google/gemini-cli',
    binary: 'gemini',
    tellsVersion: false,
    files: { x64: FILE, arm64: FILE },
  },
  model: {
    host: 'generativelanguage.googleapis.com',
    meter: 'gemini',
    key: () => ({
      scheme: 'header',
      header: 'x-goog-api-key',
      variable: 'GEMINI_API_KEY',
      prefix: '',
    }),
  },
  resumes: true,
  sessionPaths: ['.gemini/tmp', '.gemini/projects.json'],
  knowsSchema: false,
  countsSession: false,
  prepare: (request) => ({
    argv: argvOf(request),
    files: filesOf(request),
    env: {
      ...(request.settings.base_url && { GOOGLE_GEMINI_BASE_URL: request.settings.base_url }),
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
      GEMINI_TELEMETRY_ENABLED: 'false',
      // Without it the program starts itself a second time, to give Node more memory.
      GEMINI_CLI_NO_RELAUNCH: 'true',
      // Its shell tool takes the user's git settings away, and with them the way to the gate.
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'include.path',
      GIT_CONFIG_VALUE_0: `${request.home}/.gitconfig`,
    },
    skills: `${request.home}/.gemini/skills`,
    exitCodes: EXIT_CODES,
    notices: noticesOf(request),
  }),
  reader: readGemini,
};

/** Its own codes; else it exits with the status that the API answered, of which a byte is left. */
const EXIT_CODES: Readonly<Record<number, FailureReason>> = {
  41: 'auth',
  53: 'max-turns',
  ...Object.fromEntries(
    [400, 401, 403, 404, 413, 429, 500, 502, 503, 504, 529].map((status) => [
      status % 256,
      reasonOfStatus(status),
    ]),
  ),
};

function argvOf({ program, settings, session }: AgentRequest): readonly string[] {
  return [
    program,
    '--yolo',
    ...['--output-format', 'stream-json'],
    ...(settings.model === undefined ? [] : ['--model', settings.model]),
    ...(session === '' ? [] : ['--resume', session]),
  ];
}

function filesOf(request: AgentRequest): readonly AgentFile[] {
  const { home, prompt } = request;
  const settings = {
    to: `${home}/.gemini/settings.json`,
    text: JSON.stringify(settingsOf(request)),
  };
  // What stands there is added to the system prompt; GEMINI_SYSTEM_MD would take its place.
  const context = { to: `${home}/.gemini/GEMINI.md`, text: prompt.text };
  return prompt.text === '' ? [settings] : [settings, context];
}

function settingsOf({ limits, mcpServers }: AgentRequest) {
  return {
    // Without a choice it ends with exit code 41.
    security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
    privacy: { usageStatisticsEnabled: false },
    telemetry: { enabled: false },
    general: {
      enableAutoUpdate: false,
      enableAutoUpdateNotification: false,
      // Ten by default, each with a longer pause before it.
      maxAttempts: 3,
    },
    // Google's servers would do both, past the bottle's routes.
    tools: { exclude: ['google_web_search', 'web_fetch'] },
    ...(limits.turns !== null && { model: { maxSessionTurns: limits.turns } }),
    mcpServers: Object.fromEntries(mcpServers.map((server) => [server.name, mcpOf(server)])),
  };
}

function mcpOf(server: McpServer) {
  const { name: _, kind, ...rest } = server;
  if (kind === 'stdio') return { ...rest, trust: true };
  const { url, headers } = server;
  return { httpUrl: url, headers, trust: true };
}

function noticesOf({ limits }: AgentRequest): readonly string[] {
  return limits.costUsd === null
    ? []
    : ['Gemini CLI does not reckon what it costs: the limit on cost is not kept by it.'];
}

function readGemini(): AgentReader {
  const names = new Map<string, string>();
  let [turns, begins, text] = [0, true, ''];
  /** It does not tell its turns: one begins with what comes first after its tools have answered. */
  const inTurn = (...readings: readonly Reading[]): readonly Reading[] => {
    if (!begins) return readings;
    begins = false;
    turns++;
    return [{ type: 'turn' }, ...readings];
  };
  /** Text comes in pieces as it is streamed, and is told when something else comes. */
  const flush = (): readonly Reading[] => {
    const said: readonly Reading[] = text === '' ? [] : [{ type: 'text', text }];
    text = '';
    return said;
  };
  const message = (line: JsonObject): readonly Reading[] => {
    if (textAt(line, 'role') !== 'assistant') return [];
    text += textAt(line, 'content');
    return inTurn();
  };
  const kinds: Readonly<Record<string, (line: JsonObject) => readonly Reading[]>> = {
    init: (line) => [
      {
        type: 'started',
        session: textAt(line, 'session_id'),
        model: textAt(line, 'model'),
        version: '',
      },
    ],
    message,
    tool_use: (line) => {
      const [id, name] = [textAt(line, 'tool_id'), textAt(line, 'tool_name')];
      names.set(id, name);
      const call: Reading = { type: 'tool-call', id, name, input: objectAt(line, 'parameters') };
      return [...flush(), ...inTurn(call)];
    },
    tool_result: (line) => {
      begins = true;
      return [...flush(), ...resultOf(line, names.get(textAt(line, 'tool_id')) ?? '')];
    },
    error: (line) => [...flush(), { type: 'error', message: textAt(line, 'message') }],
    result: (line) => {
      const result = text;
      return [...flush(), ...endOf(line, turns, result)];
    },
  };
  return {
    line(line) {
      const parsed = parseLine(line);
      if (parsed === undefined) return [{ type: 'text', text: line }];
      const type = textAt(parsed, 'type');
      return Object.hasOwn(kinds, type) ? (kinds[type]?.(parsed) ?? []) : [];
    },
    end: flush,
  };
}

function resultOf(line: JsonObject, name: string): readonly Reading[] {
  const [id, error] = [textAt(line, 'tool_id'), objectAt(line, 'error')];
  const ok = textAt(line, 'status') === 'success';
  const output = textAt(line, 'output') || textAt(error, 'message');
  const result: Reading = { type: 'tool-result', id, ok, output };
  // Its policy engine said no: the tool did not run.
  const denied = textAt(error, 'type') === 'policy_violation';
  return denied ? [result, { type: 'permission-denied', tool: name }] : [result];
}

function endOf(line: JsonObject, turns: number, result: string): readonly Reading[] {
  const ok = textAt(line, 'status') === 'success';
  return [
    usageOf(objectAt(line, 'stats')),
    ...(ok ? [] : [errorOf(objectAt(line, 'error'))]),
    { type: 'finished', ok, turns, result },
  ];
}

/** What comes from the cache is a part of its input tokens, and what it thinks of the total alone. */
function usageOf(stats: JsonObject): Reading {
  const [input, cacheRead] = [countAt(stats, 'input_tokens'), countAt(stats, 'cached')];
  const output = countAt(stats, 'output_tokens');
  const reasoning = Math.max(0, countAt(stats, 'total_tokens') - input - output);
  return {
    type: 'usage',
    input: Math.max(0, input - cacheRead),
    cacheRead,
    cacheWrite: 0,
    output: output + reasoning,
    reasoning,
  };
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  FatalTurnLimitedError: 'max-turns',
  FatalAuthenticationError: 'auth',
};

/** The API's own error stands in its message as it came, between brackets. */
function errorOf(error: JsonObject): Reading {
  const [type, message] = [textAt(error, 'type'), textAt(error, 'message')];
  const answer = objectAt(parseLine(/^\[API Error: (\{.*\})\]/s.exec(message)?.[1] ?? ''), 'error');
  const status = countAt(answer, 'code');
  const reason = Object.hasOwn(REASONS, type) ? REASONS[type] : reasonOfStatus(status);
  const isStatus = status >= 100 && status <= 599;
  return { type: 'error', ...(reason && { reason }), ...(isStatus && { status }), message };
}
