/** Asks a model server as each vendor's client does, over plain http. */
import type { ModelApi } from '../../src/gateway/protocol.ts';
import type { ModelServer, ModelServerApi } from './model-server.ts';

export const MODEL_SERVER_APIS: readonly ModelServerApi[] = [
  'anthropic',
  'openai-chat',
  'openai-responses',
  'gemini',
];

export const VENDORS: Readonly<Record<ModelServerApi, ModelApi>> = {
  anthropic: 'anthropic',
  'openai-chat': 'openai',
  'openai-responses': 'openai',
  gemini: 'gemini',
};

const SCHEMA = { type: 'object', properties: { command: { type: 'string' } } };

/** How a request offers one shell tool. */
const TOOLS: Readonly<Record<ModelServerApi, unknown>> = {
  anthropic: [{ name: 'Bash', input_schema: SCHEMA }],
  'openai-chat': [{ type: 'function', function: { name: 'bash', parameters: SCHEMA } }],
  'openai-responses': [{ type: 'function', name: 'shell', parameters: SCHEMA }],
  gemini: [{ functionDeclarations: [{ name: 'run_shell_command', parametersJsonSchema: SCHEMA }] }],
};

export function modelPath(api: ModelServerApi, isStream: boolean): string {
  switch (api) {
    case 'anthropic':
      return '/v1/messages';
    case 'openai-chat':
      return '/v1/chat/completions';
    case 'openai-responses':
      return '/v1/responses';
    case 'gemini':
      return `/v1beta/models/the-model:${isStream ? 'streamGenerateContent' : 'generateContent'}`;
  }
}

/** The body is as it is on the wire: `fetch` would decode it. Fails as the connection does. */
export function ask(
  server: ModelServer,
  api: ModelServerApi,
  isStream: boolean,
  changes: { readonly body?: object; readonly headers?: Record<string, string> } = {},
): Promise<Response> {
  const query = api === 'anthropic' ? '?beta=true' : api === 'gemini' && isStream ? '?alt=sse' : '';
  return fetch(`${server.url}${modelPath(api, isStream)}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...changes.headers },
    body: JSON.stringify({
      model: 'the-model',
      stream: isStream,
      stream_options: { include_usage: true },
      tools: TOOLS[api],
      ...changes.body,
    }),
  });
}
