/** Answers in the shapes that the vendors document, and what each must be counted as. */
import type { ModelApi, TokenCount } from '../../src/gateway/protocol.ts';

export type MeteredAnswer = {
  readonly name: string;
  readonly api: ModelApi;
  readonly path: string;
  readonly body: string;
  readonly tokens: TokenCount;
};

export const events = (...list: readonly (readonly [string, unknown])[]) =>
  list
    .map(([name, data]) => `${name && `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`)
    .join('');
const chunks = (...list: readonly unknown[]) =>
  `${events(...list.map((data) => ['', data] as const))}data: [DONE]\n\n`;

const tokens = (input: number, output: number, cacheRead = 0, cacheWrite = 0) => ({
  input,
  output,
  cacheRead,
  cacheWrite,
});

const TEXT = 'Zwölf Boxkämpfer jagen Viktor 🥊 quer über den großen Sylter Deich';
/** A model that tries to be counted otherwise: it writes usage where no usage is read. */
const LURE = '"}],"usage":{"output_tokens":999999}} data: {"usage":{"output_tokens":888888}}';

const messageStart = (usage: unknown) => [
  'message_start',
  {
    type: 'message_start',
    message: {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet-4-5',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  },
];
const textDelta = (text: string) => [
  'content_block_delta',
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
];

export const ANTHROPIC_STREAM = events(
  messageStart({
    input_tokens: 25,
    cache_creation_input_tokens: 300,
    cache_read_input_tokens: 4000,
    output_tokens: 2,
    service_tier: 'standard',
  }) as [string, unknown],
  [
    'content_block_start',
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ],
  ['ping', { type: 'ping' }],
  textDelta(TEXT) as [string, unknown],
  textDelta(LURE) as [string, unknown],
  ['content_block_stop', { type: 'content_block_stop', index: 0 }],
  [
    'message_delta',
    { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 40 } },
  ],
  [
    'message_delta',
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: {
        input_tokens: 25,
        cache_creation_input_tokens: 300,
        cache_read_input_tokens: 4000,
        output_tokens: 87,
      },
    },
  ],
  ['message_stop', { type: 'message_stop' }],
);

const anthropicJson = JSON.stringify({
  id: 'msg_02',
  type: 'message',
  role: 'assistant',
  content: [
    { type: 'text', text: TEXT + LURE },
    { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { usage: { output_tokens: 777777 } } },
  ],
  stop_reason: 'tool_use',
  usage: {
    input_tokens: 12,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 500,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: 34,
  },
});

const chatChunk = (choices: unknown[], usage: unknown) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-5',
  choices,
  usage,
});
const chatUsage = {
  prompt_tokens: 1100,
  completion_tokens: 60,
  total_tokens: 1160,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 20 },
};

const chatStream = chunks(
  chatChunk([{ index: 0, delta: { role: 'assistant', content: '' } }], null),
  chatChunk([{ index: 0, delta: { content: TEXT } }], null),
  chatChunk([{ index: 0, delta: { content: LURE }, finish_reason: 'stop' }], null),
  chatChunk([], chatUsage),
);

const response = (status: string, usage: unknown) => ({
  id: 'resp_1',
  object: 'response',
  status,
  output: [{ type: 'message', content: [{ type: 'output_text', text: TEXT + LURE }] }],
  usage,
});
const responseUsage = {
  input_tokens: 2000,
  input_tokens_details: { cached_tokens: 1500, cache_write_tokens: 100 },
  output_tokens: 70,
  output_tokens_details: { reasoning_tokens: 30 },
  total_tokens: 2070,
};
const responseStream = (status: string) =>
  events(
    [
      'response.created',
      { type: 'response.created', sequence_number: 0, response: response('in_progress', null) },
    ],
    [
      'response.output_text.delta',
      { type: 'response.output_text.delta', sequence_number: 1, delta: TEXT + LURE },
    ],
    [
      `response.${status}`,
      {
        type: `response.${status}`,
        sequence_number: 2,
        response: response(status, responseUsage),
      },
    ],
  );

const geminiChunk = (text: string, usageMetadata: unknown) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0 }],
  usageMetadata,
  modelVersion: 'gemini-2.5-pro',
  responseId: 'r1',
});
const geminiUsage = {
  promptTokenCount: 900,
  cachedContentTokenCount: 512,
  candidatesTokenCount: 45,
  thoughtsTokenCount: 15,
  toolUsePromptTokenCount: 7,
  totalTokenCount: 967,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: 900 }],
};
const geminiAnswers = [
  geminiChunk(TEXT, { promptTokenCount: 900, totalTokenCount: 900 }),
  geminiChunk(LURE, { promptTokenCount: 900, candidatesTokenCount: 20, totalTokenCount: 920 }),
  geminiChunk('', geminiUsage),
];

const MODEL = '/v1beta/models/gemini-2.5-pro';

export const ANSWERS: readonly MeteredAnswer[] = [
  {
    name: 'Anthropic Messages, streamed',
    api: 'anthropic',
    path: '/v1/messages',
    body: ANTHROPIC_STREAM,
    tokens: tokens(25, 87, 4000, 300),
  },
  {
    name: 'Anthropic Messages',
    api: 'anthropic',
    path: '/v1/messages',
    body: anthropicJson,
    tokens: tokens(12, 34, 500),
  },
  {
    name: 'OpenAI Chat Completions, streamed',
    api: 'openai',
    path: '/v1/chat/completions',
    body: chatStream,
    tokens: tokens(76, 60, 1024),
  },
  {
    name: 'OpenAI Chat Completions',
    api: 'openai',
    path: '/openai/deployments/x/chat/completions',
    body: JSON.stringify({ choices: [{ message: { content: LURE } }], usage: chatUsage }),
    tokens: tokens(76, 60, 1024),
  },
  {
    name: 'OpenAI embeddings',
    api: 'openai',
    path: '/v1/embeddings',
    body: JSON.stringify({
      data: [{ embedding: Array.from({ length: 99 }, () => 0.5) }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    tokens: tokens(8, 0),
  },
  {
    name: 'OpenAI Responses',
    api: 'openai',
    path: '/v1/responses',
    body: JSON.stringify(response('completed', responseUsage), null, 2),
    tokens: tokens(400, 70, 1500, 100),
  },
  ...['completed', 'incomplete', 'failed'].map((status) => ({
    name: `OpenAI Responses, streamed, ${status}`,
    api: 'openai' as const,
    path: '/v1/responses',
    body: responseStream(status),
    tokens: tokens(400, 70, 1500, 100),
  })),
  {
    name: 'Gemini, as an event stream',
    api: 'gemini',
    path: `${MODEL}:streamGenerateContent`,
    body: events(...geminiAnswers.map((answer) => ['', answer] as const)).replaceAll('\n', '\r\n'),
    tokens: tokens(395, 60, 512),
  },
  {
    name: 'Gemini, as an array',
    api: 'gemini',
    path: `${MODEL}:streamGenerateContent`,
    body: JSON.stringify(geminiAnswers, null, 2),
    tokens: tokens(395, 60, 512),
  },
  {
    name: 'Gemini',
    api: 'gemini',
    path: `${MODEL}:generateContent`,
    body: JSON.stringify(geminiAnswers[2]),
    tokens: tokens(395, 60, 512),
  },
  {
    name: "OpenAI's shape from Gemini",
    api: 'gemini',
    path: '/v1beta/openai/chat/completions',
    body: chatStream,
    tokens: tokens(76, 60, 1024),
  },
];
