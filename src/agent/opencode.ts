/** Provider `opencode`: opencode, headless. What it sends and why: seen with version 1.18.33. */
import { BottleError, type FailureReason } from '../errors.ts';
import { reasonOfStatus } from './api-status.ts';
import type { Reading } from './event.ts';
import { amountAt, countAt, type JsonObject, objectAt, parseLine, textAt } from './json-line.ts';
import type { AgentReader, AgentRequest, McpServer, Provider } from './provider.ts';

const HOST = 'api.openai.com';

export const opencode: Provider = {
  template: 'opencode',
  program: {
    npm: 'opencode-ai',
    binary: 'opencode',
    tellsVersion: false,
    // `baseline` runs on every x64 processor.
    files: {
      x64: 'node_modules/opencode-linux-x64-baseline/bin/opencode',
      arm64: 'node_modules/opencode-linux-arm64/bin/opencode',
    },
  },
  // It has no model of its own: any server that speaks Chat Completions will do.
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
  // Its database and what is not in it yet; beside them it keeps credentials, logs and programs.
  sessionPaths: ['opencode.db', 'opencode.db-wal'].map((name) => `.local/share/opencode/${name}`),
  knowsSchema: false,
  countsSession: false,
  prepare: (request) => ({
    argv: argvOf(request),
    files: filesOf(request),
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_SHARE: '1',
    },
    skills: `${request.home}/.config/opencode/skill`,
    exitCodes: {},
    notices: [],
  }),
  reader: readOpencode,
};

function argvOf({ program, session }: AgentRequest): readonly string[] {
  // With a title it does not ask the model for one.
  return [
    program,
    'run',
    ...['--format', 'json', '--title', 'bottle'],
    ...(session === '' ? [] : ['--session', session]),
  ];
}

function filesOf(request: AgentRequest) {
  const place = `${request.home}/.config/opencode`;
  // It fetches this package from npm's registry, unless these say that it is there; it needs it not.
  const lock = { packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  return [
    { to: `${place}/opencode.json`, text: JSON.stringify(configOf(request)) },
    { to: `${place}/package-lock.json`, text: JSON.stringify(lock) },
    { to: `${place}/node_modules/.package-lock.json`, text: '{}' },
  ];
}

function configOf({ settings, source, prompt, mcpServers }: AgentRequest) {
  const { model, base_url: baseURL = `https://${HOST}/v1` } = settings;
  if (model === undefined) throw noModel(source('model'));
  const options = { baseURL, apiKey: '{env:OPENAI_API_KEY}' };
  return {
    autoupdate: false,
    share: 'disabled',
    permission: 'allow',
    // Copies of the workspace, for an undo that nobody asks for.
    snapshot: false,
    model: `bottle/${model}`,
    small_model: `bottle/${model}`,
    provider: {
      bottle: {
        npm: '@ai-sdk/openai-compatible',
        name: 'bottle',
        options,
        models: { [model]: { name: model } },
      },
    },
    instructions: prompt.file === '' ? [] : [prompt.file],
    mcp: Object.fromEntries(mcpServers.map((server) => [server.name, mcpOf(server)])),
  };
}

function mcpOf(server: McpServer) {
  if (server.kind === 'http') {
    return { type: 'remote', url: server.url, headers: server.headers, oauth: false };
  }
  return { type: 'local', command: [server.command, ...server.args], environment: server.env };
}

function readOpencode(): AgentReader {
  let [started, turns, failed, last, costUsd] = [false, 0, false, '', 0];
  const kinds: Readonly<Record<string, (part: JsonObject, line: JsonObject) => Reading[]>> = {
    step_start: () => {
      turns++;
      return [{ type: 'turn' }];
    },
    text: (part) => {
      last = textAt(part, 'text');
      return [{ type: 'text', text: last }];
    },
    tool_use: readTool,
    step_finish: (part) => {
      costUsd += amountAt(part, 'cost') ?? 0;
      return [usageOf(objectAt(part, 'tokens'))];
    },
    error: (_, line) => {
      failed = true;
      return [errorOf(objectAt(line, 'error'))];
    },
  };
  return {
    line(text) {
      const parsed = parseLine(text);
      if (parsed === undefined) return undefined;
      const [type, session] = [textAt(parsed, 'type'), textAt(parsed, 'sessionID')];
      const first: Reading[] =
        started || session === '' ? [] : [{ type: 'started', session, model: '', version: '' }];
      started ||= session !== '';
      const read = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
      return [...first, ...(read?.(objectAt(parsed, 'part'), parsed) ?? [])];
    },
    // No event says that it is done, and one that said nothing at all is not. What it cannot price costs 0.
    end({ exitCode }) {
      if (!started) return [];
      const ok = exitCode === 0 && !failed;
      const cost = costUsd > 0 && { costUsd };
      return [{ type: 'finished', ok, turns, ...cost, result: last }];
    },
  };
}

/** It tells a call when it is over. */
function readTool(part: JsonObject): Reading[] {
  const [id, name, state] = [textAt(part, 'callID'), textAt(part, 'tool'), objectAt(part, 'state')];
  const error = textAt(state, 'error');
  return [
    { type: 'tool-call', id, name, input: objectAt(state, 'input') },
    {
      type: 'tool-result',
      id,
      ok: textAt(state, 'status') === 'completed',
      output: textAt(state, 'output') || error,
    },
    ...(DENIED.test(error) ? [{ type: 'permission-denied', tool: name } as const] : []),
  ];
}

/** Its own sentences: a workspace's opencode.json may take back what ours allows. It exits with 0. */
const DENIED = /^The user (rejected permission|has specified a rule which prevents you)/;

function usageOf(tokens: JsonObject): Reading {
  const cache = objectAt(tokens, 'cache');
  const reasoning = countAt(tokens, 'reasoning');
  return {
    type: 'usage',
    input: countAt(tokens, 'input'),
    cacheRead: countAt(cache, 'read'),
    cacheWrite: countAt(cache, 'write'),
    output: countAt(tokens, 'output') + reasoning,
    reasoning,
  };
}

const REASONS: Readonly<Record<string, FailureReason>> = {
  ProviderAuthError: 'auth',
  ContextOverflowError: 'context-length',
  ProviderModelNotFoundError: 'model-not-found',
};

function errorOf(error: JsonObject): Reading {
  const [name, data] = [textAt(error, 'name'), objectAt(error, 'data')];
  const status = countAt(data, 'statusCode');
  const code = textAt(objectAt(parseLine(textAt(data, 'responseBody')), 'error'), 'code');
  const reason = Object.hasOwn(REASONS, name) ? REASONS[name] : reasonOfStatus(status, code);
  const isStatus = status >= 100 && status <= 599;
  return {
    type: 'error',
    ...(reason && { reason }),
    ...(isStatus && { status }),
    message: textAt(data, 'message') || name,
  };
}

function noModel(where: string): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'The provider "opencode" has no model of its own, and the bottle names none',
    where: `agent_provider.model, ${where}`,
    fix: 'Add "model" with the name that the server at "base_url" knows.',
  });
}
