/** OpenAI Chat Completions, as `POST /v1/chat/completions` answers, and all that are compatible. */
import { openaiRefusal } from './openai-error.ts';
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

export const openaiChat: VendorApi = {
  read(method, path, _query, body) {
    if (method !== 'POST' || path !== '/v1/chat/completions') return undefined;
    return {
      model: textAt(body, 'model'),
      isStream: member(body, 'stream') === true,
      tools: listAt(body, 'tools').map((tool) => ({
        name: textAt(member(tool, 'function'), 'name'),
        schema: member(member(tool, 'function'), 'parameters'),
      })),
      wantsUsage: member(member(body, 'stream_options'), 'include_usage') === true,
    };
  },
  answerElse: (method, path) =>
    method === 'GET' && path === '/v1/models' ? { object: 'list', data: [] } : undefined,
  plain: (reply) => ({
    ...completionOf(reply, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: textOf(reply),
          refusal: null,
          ...(toolsOf(reply).length > 0 && { tool_calls: toolsOf(reply) }),
        },
        logprobs: null,
        finish_reason: stopOf(reply),
      },
    ],
    usage: usageOf(reply),
  }),
  stream(reply, { wantsUsage }) {
    const usage = wantsUsage ? { usage: null } : {};
    const chunk = (delta: unknown, finish: string | null = null) =>
      event({
        ...completionOf(reply, 'chat.completion.chunk'),
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
        ...usage,
      });
    const last = { ...completionOf(reply, 'chat.completion.chunk'), choices: [] };
    return [
      chunk({ role: 'assistant', content: '' }),
      ...deltasOf(textOf(reply) ?? '').map((content) => chunk({ content })),
      ...toolsOf(reply).flatMap((tool, index) => streamTool(tool, index).map((d) => chunk(d))),
      chunk({}, stopOf(reply)),
      ...(wantsUsage ? [event({ ...last, usage: usageOf(reply) })] : []),
      'data: [DONE]\n\n',
    ];
  },
  filler: event({
    id: 'chatcmpl-endless',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'endless',
    choices: [{ index: 0, delta: { content: 'and so on ' }, finish_reason: null }],
  }),
  refusal: openaiRefusal,
};

const completionOf = ({ number, model }: Reply, object: string) => ({
  id: `chatcmpl-${number}`,
  object,
  created: 1_700_000_000 + number,
  model,
});

/** OpenAI's prompt is with what came from the cache and what went to it. */
const usageOf = ({ usage }: Reply) => {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite,
    },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
};

function textOf({ parts }: Reply): string | null {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  return texts.length > 0 ? texts.join('') : null;
}

function toolsOf({ number, parts }: Reply) {
  const tools = parts.filter(
    (part): part is Extract<Part, { kind: 'tool' }> => part.kind === 'tool',
  );
  return tools.map(({ name, input }, at) => ({
    id: `call_${number}_${at}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input) },
  }));
}

function streamTool(tool: ReturnType<typeof toolsOf>[number], index: number): unknown[] {
  const { name, arguments: json } = tool.function;
  const first = { index, id: tool.id, type: 'function', function: { name, arguments: '' } };
  const rest = deltasOf(json).map((piece) => ({ index, function: { arguments: piece } }));
  return [first, ...rest].map((call) => ({ tool_calls: [call] }));
}

const stopOf = (reply: Reply) => reply.stop ?? (toolsOf(reply).length > 0 ? 'tool_calls' : 'stop');
