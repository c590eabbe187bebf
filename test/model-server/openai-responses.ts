/** OpenAI Responses, as `POST /v1/responses` answers. */
import { openaiRefusal } from './openai-error.ts';
import {
  deltasOf,
  event,
  listAt,
  member,
  type OfferedTool,
  type Part,
  type Reply,
  textAt,
  type VendorApi,
} from './vendor-api.ts';

export const openaiResponses: VendorApi = {
  read(method, path, _query, body) {
    if (method !== 'POST' || path !== '/v1/responses') return undefined;
    return {
      model: textAt(body, 'model'),
      isStream: member(body, 'stream') === true,
      tools: [
        ...listAt(body, 'tools'),
        ...listAt(body, 'input').flatMap((item) => listAt(item, 'tools')),
      ].flatMap(toolsIn),
      wantsUsage: true,
    };
  },
  answerElse: (method, path) =>
    method === 'GET' && path === '/v1/models' ? { object: 'list', data: [] } : undefined,
  plain: (reply) => responseOf(reply, statusOf(reply)),
  stream(reply) {
    const started = { ...responseOf(reply, 'in_progress'), output: [], usage: null };
    const status = statusOf(reply);
    return numbered([
      { type: 'response.created', response: started },
      { type: 'response.in_progress', response: started },
      ...reply.parts.flatMap((part, index) => streamItem(part, reply, index)),
      { type: `response.${status}`, response: responseOf(reply, status) },
    ]);
  },
  filler: event(
    {
      type: 'response.output_text.delta',
      item_id: 'msg_endless',
      output_index: 0,
      content_index: 0,
      delta: 'and so on ',
    },
    'response.output_text.delta',
  ),
  refusal: openaiRefusal,
};

/** Codex sends some models their tools as an item of the input, in namespaces. */
function toolsIn(tool: unknown): OfferedTool[] {
  if (textAt(tool, 'type') === 'namespace') return listAt(tool, 'tools').flatMap(toolsIn);
  return [{ name: textAt(tool, 'name'), schema: member(tool, 'parameters') }];
}

type Data = { readonly type: string; readonly [key: string]: unknown };

const numbered = (list: readonly Data[]) =>
  list.map((data, at) => event({ ...data, sequence_number: at }, data.type));

const statusOf = ({ stop }: Reply) => (stop === undefined ? 'completed' : 'incomplete');

/** OpenAI's input is with what came from the cache and what went to it. */
function responseOf(reply: Reply, status: string) {
  const { number, model, usage, parts, stop } = reply;
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    id: `resp_${number}`,
    object: 'response',
    created_at: 1_700_000_000 + number,
    status,
    error: null,
    incomplete_details: stop === undefined ? null : { reason: stop },
    model,
    output: parts.map((part, at) => itemOf(part, reply, at)),
    usage: {
      input_tokens: input,
      input_tokens_details: {
        cached_tokens: usage.cacheRead,
        cache_write_tokens: usage.cacheWrite,
      },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + usage.output,
    },
  };
}

const contentOf = (text: string) => ({ type: 'output_text', text, annotations: [] });

function itemOf(part: Part, { number }: Reply, at: number) {
  if (part.kind === 'text') {
    const content = [contentOf(part.text)];
    const id = `msg_${number}_${at}`;
    return { type: 'message', id, status: 'completed', role: 'assistant', content };
  }
  const call_id = `call_${number}_${at}`;
  const { name, input } = part;
  if (typeof input === 'string') {
    const id = `ctc_${number}_${at}`;
    return { type: 'custom_tool_call', id, call_id, name, input, status: 'completed' };
  }
  const json = JSON.stringify(input);
  const id = `fc_${number}_${at}`;
  return { type: 'function_call', id, call_id, name, arguments: json, status: 'completed' };
}

function streamItem(part: Part, reply: Reply, index: number): Data[] {
  const item = itemOf(part, reply, index);
  const place = { item_id: item.id, output_index: index };
  const [begun, events] =
    part.kind === 'text'
      ? [{ content: [] }, streamText(part.text, { ...place, content_index: 0 })]
      : streamInput(part.input, place);
  const added = { ...item, ...begun, status: 'in_progress' };
  return [
    { type: 'response.output_item.added', output_index: index, item: added },
    ...events,
    { type: 'response.output_item.done', output_index: index, item },
  ];
}

function streamText(text: string, place: Record<string, unknown>): Data[] {
  return [
    { type: 'response.content_part.added', ...place, part: contentOf('') },
    ...deltasOf(text).map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
    { type: 'response.output_text.done', ...place, text },
    { type: 'response.content_part.done', ...place, part: contentOf(text) },
  ];
}

/** What the item begins with, and the events that fill it. */
function streamInput(input: Record<string, unknown> | string, place: Record<string, unknown>) {
  const isFree = typeof input === 'string';
  const text = isFree ? input : JSON.stringify(input);
  const field = isFree ? 'input' : 'arguments';
  const type = `response.${isFree ? 'custom_tool_call_input' : 'function_call_arguments'}`;
  const events: Data[] = [
    ...deltasOf(text).map((delta) => ({ type: `${type}.delta`, ...place, delta })),
    { type: `${type}.done`, ...place, [field]: text },
  ];
  return [{ [field]: '' }, events] as const;
}
