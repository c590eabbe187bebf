/** Anthropic Messages, as `POST /v1/messages` answers. */
import type { ScriptedRefusal } from './scenario.ts';
import {
  deltasOf,
  event,
  listAt,
  member,
  type Part,
  type Reply,
  textAt,
  type VendorApi,
} from './vendor-api.ts';

const ERROR_TYPES: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['invalid_request_error', 'The request is not valid.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use this resource.'],
  404: ['not_found_error', 'model: the-model'],
  413: ['request_too_large', 'Request exceeds the maximum allowed number of bytes.'],
  429: ['rate_limit_error', 'This request would exceed your rate limit.'],
  529: ['overloaded_error', 'Overloaded'],
};

export const anthropic: VendorApi = {
  read(method, path, _query, body) {
    if (method !== 'POST' || path !== '/v1/messages') return undefined;
    return {
      model: textAt(body, 'model'),
      isStream: member(body, 'stream') === true,
      tools: listAt(body, 'tools').map((tool) => ({
        name: textAt(tool, 'name'),
        schema: member(tool, 'input_schema'),
      })),
      wantsUsage: true,
    };
  },
  answerElse(method, path) {
    if (method === 'POST' && path === '/v1/messages/count_tokens') return { input_tokens: 100 };
    if (method === 'GET' && path === '/v1/models') return { data: [], has_more: false };
    return undefined;
  },
  plain: (reply) => ({
    ...messageOf(reply),
    content: reply.parts.map((part, at) => blockOf(part, reply, at)),
    stop_reason: stopOf(reply),
    usage: usageOf(reply),
  }),
  stream: (reply) => [
    named({
      type: 'message_start',
      message: { ...messageOf(reply), usage: { ...usageOf(reply), output_tokens: 1 } },
    }),
    named({ type: 'ping' }),
    ...reply.parts.flatMap((part, index) => streamBlock(part, reply, index)),
    named({
      type: 'message_delta',
      delta: { stop_reason: stopOf(reply), stop_sequence: null },
      usage: usageOf(reply),
    }),
    named({ type: 'message_stop' }),
  ],
  filler: named({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'text_delta', text: 'and so on ' },
  }),
  refusal({ status, message, code }: ScriptedRefusal) {
    const [type, words] = ERROR_TYPES[status] ?? ['api_error', 'Internal server error'];
    const error = { type: code ?? type, message: message ?? words };
    return { type: 'error', error, request_id: 'req_test' };
  },
};

function named(data: { readonly type: string; readonly [key: string]: unknown }): string {
  return event(data, data.type);
}

const messageOf = ({ number, model }: Reply) => ({
  id: `msg_${number}`,
  type: 'message',
  role: 'assistant',
  model,
  content: [] as unknown[],
  stop_reason: null as string | null,
  stop_sequence: null,
});

const usageOf = ({ usage }: Reply) => ({
  input_tokens: usage.input,
  cache_creation_input_tokens: usage.cacheWrite,
  cache_read_input_tokens: usage.cacheRead,
  output_tokens: usage.output,
});

const stopOf = ({ stop, parts }: Reply) =>
  stop ?? (parts.some(({ kind }) => kind === 'tool') ? 'tool_use' : 'end_turn');

const toolId = ({ number }: Reply, index: number) => `toolu_${number}_${index}`;

function blockOf(part: Part, reply: Reply, index: number) {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  return { type: 'tool_use', id: toolId(reply, index), name: part.name, input: part.input };
}

function streamBlock(part: Part, reply: Reply, index: number): string[] {
  const empty = {
    ...blockOf(part, reply, index),
    ...(part.kind === 'text' ? { text: '' } : { input: {} }),
  };
  const deltas =
    part.kind === 'text'
      ? deltasOf(part.text).map((text) => ({ type: 'text_delta', text }))
      : deltasOf(JSON.stringify(part.input)).map((json) => ({
          type: 'input_json_delta',
          partial_json: json,
        }));
  return [
    named({ type: 'content_block_start', index, content_block: empty }),
    ...deltas.map((delta) => named({ type: 'content_block_delta', index, delta })),
    named({ type: 'content_block_stop', index }),
  ];
}
