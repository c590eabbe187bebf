/** Provider `claude`: Claude Code, headless. What it sends and why: seen with version 2.1.332. */
import type { FailureReason } from '../errors.ts';
import { reasonOfStatus } from './api-status.ts';
import type { Reading } from './event.ts';
import {
  amountAt,
  countAt,
  type JsonObject,
  listAt,
  objectAt,
  parseLine,
  textAt,
} from './json-line.ts';
import type { AgentReader, AgentRequest, McpServer, ModelKey, Provider } from './provider.ts';

export const claude: Provider = {
  template: 'claude',
  program: {
    npm: '@anthropic-ai/claude-code',
    binary: 'claude',
    tellsVersion: true,
    files: {
      x64: 'node_modules/@anthropic-ai/claude-code-linux-x64/claude',
      arm64: 'node_modules/@anthropic-ai/claude-code-linux-arm64/claude',
    },
  },
  model: { host: 'api.anthropic.com', meter: 'anthropic', key: keyOf },
  resumes: true,
  sessionPaths: ['.claude/projects'],
  knowsSchema: true,
  countsSession: true,
  prepare: (request) => ({
    argv: argvOf(request),
    files: [
      { to: mcpFile(request), text: JSON.stringify({ mcpServers: mcpOf(request.mcpServers) }) },
      { to: `${request.home}/.claude.json`, text: trustOf(request) },
    ],
    env: environmentOf(request),
    skills: `${request.home}/.claude/skills`,
    exitCodes: {},
    notices: [],
  }),
  reader: readClaude,
};

/** The value decides which of the two it is, and only the name is known here. */
function keyOf(name: string): ModelKey {
  if (/OAUTH/i.test(name)) {
    const variable = 'CLAUDE_CODE_OAUTH_TOKEN';
    return { scheme: 'Bearer', header: 'authorization', variable, prefix: 'sk-ant-oat01-' };
  }
  const variable = 'ANTHROPIC_API_KEY';
  return { scheme: 'header', header: 'x-api-key', variable, prefix: 'sk-ant-api03-' };
}

function argvOf(request: AgentRequest): readonly string[] {
  const { program, settings, prompt, limits, outputSchema, session } = request;
  return [
    program,
    '--print',
    ...['--output-format', 'stream-json', '--verbose'],
    '--dangerously-skip-permissions',
    ...['--mcp-config', mcpFile(request), '--strict-mcp-config'],
    ...option('--model', settings.model),
    ...option('--append-system-prompt-file', prompt.file),
    ...option('--max-turns', limits.turns),
    ...option('--max-budget-usd', limits.costUsd),
    ...option('--json-schema', outputSchema?.json),
    ...option('--resume', session),
  ];
}

function option(name: string, value: string | number | null | undefined): readonly string[] {
  return value === '' || value === null || value === undefined ? [] : [name, String(value)];
}

function environmentOf({ settings }: AgentRequest): Readonly<Record<string, string>> {
  return {
    ...(settings.base_url && { ANTHROPIC_BASE_URL: settings.base_url }),
    // Of all that it would ask the network for, nothing but the model.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
    // By itself it still retries a server that is gone after a minute.
    CLAUDE_CODE_MAX_RETRIES: '4',
  };
}

function mcpFile({ home }: AgentRequest): string {
  return `${home}/.bottle/mcp.json`;
}

function mcpOf(servers: readonly McpServer[]) {
  return Object.fromEntries(
    servers.map(({ name, kind, ...rest }) => [name, { type: kind, ...rest }]),
  );
}

/** Nobody is there to be asked whether the workspace is to be trusted. */
function trustOf({ workspace }: AgentRequest): string {
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true };
  return JSON.stringify({
    hasCompletedOnboarding: true,
    bypassPermissionsModeAccepted: true,
    projects: { [workspace]: project },
  });
}

function readClaude(): AgentReader {
  let message = '';
  const denied = new Set<string>();
  /** Of an assistant's message: a new id is a new turn; those of sub-agents are in their call's. */
  const assistant = (line: JsonObject): readonly Reading[] => {
    const own = objectAt(line, 'message');
    if (line.is_api_error_message === true || textAt(own, 'model') === '<synthetic>') {
      return [syntheticError(line, own)];
    }
    const id = textAt(own, 'id');
    const isTurn = id !== message && textAt(line, 'parent_tool_use_id') === '';
    if (isTurn) message = id;
    const parts = listAt(own, 'content').flatMap(partOf);
    return isTurn ? [{ type: 'turn' }, ...parts] : parts;
  };
  /** It tells a denial when it comes, and all of them at its end. */
  const deny = (denial: unknown): readonly Reading[] => {
    const id = textAt(denial, 'tool_use_id');
    if (id !== '' && denied.has(id)) return [];
    denied.add(id);
    return [{ type: 'permission-denied', tool: textAt(denial, 'tool_name') }];
  };
  const kinds: Readonly<Record<string, (line: JsonObject) => readonly Reading[]>> = {
    system: (line) =>
      textAt(line, 'subtype') === 'permission_denied' ? deny(line) : readSystem(line),
    assistant,
    user: (line) => listAt(objectAt(line, 'message'), 'content').flatMap(resultOf),
    result: (line) => readResult(line, deny),
  };
  return {
    line(text) {
      const parsed = parseLine(text);
      if (parsed === undefined) return undefined;
      return Object.hasOwn(kinds, textAt(parsed, 'type'))
        ? (kinds[textAt(parsed, 'type')]?.(parsed) ?? [])
        : [];
    },
    end: () => [],
  };
}

function readSystem(line: JsonObject): readonly Reading[] {
  switch (textAt(line, 'subtype')) {
    case 'init': {
      const session = textAt(line, 'session_id');
      const version = textAt(line, 'claude_code_version');
      return [{ type: 'started', session, model: textAt(line, 'model'), version }];
    }
    case 'api_retry': {
      const said = `attempt ${countAt(line, 'attempt')} failed: ${textAt(line, 'error')}`;
      return [errorOf(said, countAt(line, 'error_status'), textAt(line, 'error'))];
    }
    default:
      return [];
  }
}

function partOf(part: unknown): readonly Reading[] {
  switch (textAt(part, 'type')) {
    case 'text':
      return [{ type: 'text', text: textAt(part, 'text') }];
    case 'tool_use': {
      const { input = null } = part as JsonObject;
      return [{ type: 'tool-call', id: textAt(part, 'id'), name: textAt(part, 'name'), input }];
    }
    default:
      return [];
  }
}

function resultOf(part: unknown): readonly Reading[] {
  if (textAt(part, 'type') !== 'tool_result') return [];
  const { content, is_error } = part as JsonObject;
  const output =
    typeof content === 'string'
      ? content
      : listAt(part, 'content')
          .map((piece) => textAt(piece, 'text'))
          .join('\n');
  return [{ type: 'tool-result', id: textAt(part, 'tool_use_id'), ok: is_error !== true, output }];
}

/** Its own words in the model's place: it has no key, or the API would not answer. */
function syntheticError(line: JsonObject, message: JsonObject): Reading {
  const [said] = listAt(message, 'content').map((part) => textAt(part, 'text'));
  return errorOf(said ?? '', 0, textAt(line, 'error'));
}

/** Its names for errors and ends; the subtype is "success" whatever happened. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  authentication_failed: 'auth',
  billing_error: 'quota',
  rate_limit: 'rate-limited',
  overloaded: 'overloaded',
  budget_exhausted: 'max-budget',
  max_turns: 'max-turns',
  prompt_too_long: 'context-length',
};

function errorOf(message: string, status: number, code: string): Reading {
  const reason = named(code) ?? reasonOfStatus(status, code);
  const isStatus = status >= 100 && status <= 599;
  return { type: 'error', ...(reason && { reason }), ...(isStatus && { status }), message };
}

function named(code: string): FailureReason | undefined {
  return Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
}

function readResult(
  line: JsonObject,
  deny: (denial: unknown) => readonly Reading[],
): readonly Reading[] {
  const failed = line.is_error !== false;
  const said = textAt(line, 'result') || listAt(line, 'errors').join('; ');
  const costUsd = amountAt(line, 'total_cost_usd');
  return [
    ...usageOf(line),
    ...listAt(line, 'permission_denials').flatMap(deny),
    ...(failed ? [endOf(line, said)] : []),
    {
      type: 'finished',
      ok: !failed,
      turns: countAt(line, 'num_turns'),
      ...(costUsd !== undefined && { costUsd }),
      result: textAt(line, 'result'),
      ...(line.structured_output !== undefined && { structured: line.structured_output }),
    },
  ];
}

function endOf(line: JsonObject, said: string): Reading {
  const status = countAt(line, 'api_error_status');
  const ended = named(textAt(line, 'terminal_reason'));
  const error = errorOf(said, status, textAt(line, 'api_error_type'));
  return ended === undefined ? error : ({ ...error, reason: ended } as Reading);
}

/** Of all its models, those of sub-agents too; what it says in its messages is of their beginnings. */
function usageOf(line: JsonObject): readonly Reading[] {
  const models = Object.values(objectAt(line, 'modelUsage'));
  const sum = (key: string) => models.reduce<number>((all, model) => all + countAt(model, key), 0);
  if (models.length === 0) return [];
  return [
    {
      type: 'usage',
      input: sum('inputTokens'),
      cacheRead: sum('cacheReadInputTokens'),
      cacheWrite: sum('cacheCreationInputTokens'),
      output: sum('outputTokens'),
      reasoning: sum('thinkingTokens'),
    },
  ];
}
