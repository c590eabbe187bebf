/** Reads the vendors' answers as strictly as their documentation allows, and puts them together. */
import type { ModelServerApi } from './model-server.ts';
import { listAt, member, textAt } from './vendor-api.ts';

type Data = Readonly<Record<string, unknown>>;
type Event = { readonly name: string | undefined; readonly data: Data };

/** What a client makes of an answer. `tools`: names and their inputs. */
export type Heard = {
  readonly text: string;
  readonly tools: readonly (readonly [name: string, input: unknown])[];
  readonly stop: unknown;
};

/** Throws on any line that is no field, any event without data, any data that is no JSON. */
export function readEvents(body: string): { events: Event[]; isDone: boolean } {
  if (!body.endsWith('\n\n')) throw new Error('The stream ends within an event.');
  const blocks = body.slice(0, -2).split('\n\n');
  const isDone = blocks.at(-1) === 'data: [DONE]';
  const events = (isDone ? blocks.slice(0, -1) : blocks).map((block) => {
    const match = /^(?:event: (\S+)\n)?data: (.+)$/.exec(block);
    if (match === null) throw new Error(`This is no event: ${block}`);
    return { name: match[1], data: JSON.parse(match[2] ?? '') as Data };
  });
  return { events, isDone };
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`The stream is not as documented: ${what}.`);
}

export const readStream: Readonly<Record<ModelServerApi, (body: string) => Heard>> = {
  anthropic(body) {
    const { events, isDone } = readEvents(body);
    must(!isDone, 'Anthropic has no [DONE]');
    for (const { name, data } of events) must(name === data.type, 'names are types');
    const types = events.map(({ name }) => name).filter((name) => name !== 'ping');
    must(/^message_start .* message_delta message_stop$/.test(types.join(' ')), 'its frame');
    const blocks: { block: Data; json: string; text: string; open: boolean }[] = [];
    for (const { name, data } of events) {
      const at = Number(data.index);
      const delta = member(data, 'delta');
      if (name === 'content_block_start') {
        must(at === blocks.length, 'blocks are counted from 0');
        must(
          blocks.every(({ open }) => !open),
          'one block after the other',
        );
        blocks.push({ block: data.content_block as Data, json: '', text: '', open: true });
      } else if (name === 'content_block_delta') {
        const block = blocks[at];
        must(block?.open === true, 'deltas are of the open block');
        if (block) block.text += textAt(delta, 'text');
        if (block) block.json += textAt(delta, 'partial_json');
      } else if (name === 'content_block_stop') {
        const block = blocks[at];
        must(block?.open === true, 'only what is open is closed');
        if (block) block.open = false;
      }
    }
    return {
      text: blocks.map(({ text }) => text).join(''),
      tools: blocks
        .filter(({ block }) => block.type === 'tool_use')
        .map(({ block, json }) => [String(block.name), JSON.parse(json)]),
      stop: member(events.at(-2)?.data.delta, 'stop_reason'),
    };
  },

  'openai-chat'(body) {
    const { events, isDone } = readEvents(body);
    must(isDone, 'Chat Completions ends in [DONE]');
    let text = '';
    let stop: unknown = null;
    const calls: { name: string; json: string }[] = [];
    for (const { name, data } of events) {
      must(name === undefined && data.object === 'chat.completion.chunk', 'chunks have no names');
      for (const choice of listAt(data, 'choices')) {
        const delta = member(choice, 'delta');
        text += textAt(delta, 'content');
        stop = member(choice, 'finish_reason') ?? stop;
        for (const call of listAt(delta, 'tool_calls')) {
          const at = Number(member(call, 'index'));
          const given = member(call, 'function');
          const named = textAt(given, 'name');
          if (named !== '')
            must(textAt(call, 'id') !== '' && at === calls.length, 'calls are counted');
          calls[at] ??= { name: named, json: '' };
          calls[at].json += textAt(given, 'arguments');
        }
      }
    }
    return { text, tools: calls.map(({ name, json }) => [name, JSON.parse(json)]), stop };
  },

  'openai-responses'(body) {
    const { events, isDone } = readEvents(body);
    must(!isDone, 'Responses has no [DONE]');
    for (const [at, { name, data }] of events.entries()) {
      must(name === data.type, 'names are types');
      must(data.sequence_number === at, 'events are counted from 0');
    }
    must(events[0]?.name === 'response.created', 'it begins with response.created');
    const response = member(events.at(-1)?.data, 'response');
    const done = events.filter(({ name }) => name === 'response.output_item.done');
    const items = done.map(({ data }) => data.item);
    must(
      JSON.stringify(items) === JSON.stringify(listAt(response, 'output')),
      'items are repeated',
    );
    const added = events.filter(({ name }) => name === 'response.output_item.added');
    must(added.length === done.length, 'each item is begun and done');
    const deltas = (kind: string) =>
      events.flatMap(({ name, data }) => (name === `response.${kind}.delta` ? [data.delta] : []));
    const heard = hearResponse(response);
    must(deltas('output_text').join('') === heard.text, 'deltas make the text');
    const inputs = ['function_call_arguments', 'custom_tool_call_input'].flatMap(deltas).join('');
    const whole = items.map((item) => textAt(item, 'arguments') + textAt(item, 'input')).join('');
    must(inputs === whole, 'deltas make the inputs');
    return heard;
  },

  gemini(body) {
    const { events, isDone } = readEvents(body);
    must(!isDone, 'Gemini has no [DONE]');
    const candidates = events.map(({ name, data }) => {
      must(name === undefined, 'Gemini names no events');
      return listAt(data, 'candidates')[0];
    });
    const finished = candidates.filter((candidate) => member(candidate, 'finishReason'));
    must(finished.length === 1 && finished[0] === candidates.at(-1), 'the last one finishes');
    return hearGemini(candidates);
  },
};

export const readPlain: Readonly<Record<ModelServerApi, (body: string) => Heard>> = {
  anthropic(body) {
    const message = JSON.parse(body);
    const blocks = listAt(message, 'content');
    must(message.type === 'message' && message.role === 'assistant', 'a message');
    return {
      text: blocks.map((block) => textAt(block, 'text')).join(''),
      tools: blocks
        .filter((block) => textAt(block, 'type') === 'tool_use')
        .map((block) => [textAt(block, 'name'), member(block, 'input')]),
      stop: message.stop_reason,
    };
  },
  'openai-chat'(body) {
    const completion = JSON.parse(body);
    must(completion.object === 'chat.completion', 'a completion');
    const choice = listAt(completion, 'choices')[0];
    const message = member(choice, 'message');
    const calls = listAt(message, 'tool_calls').map((call) => member(call, 'function'));
    return {
      text: textAt(message, 'content'),
      tools: calls.map((call) => [textAt(call, 'name'), JSON.parse(textAt(call, 'arguments'))]),
      stop: member(choice, 'finish_reason'),
    };
  },
  'openai-responses': (body) => hearResponse(JSON.parse(body)),
  gemini: (body) => hearGemini(listAt(JSON.parse(body), 'candidates')),
};

function hearResponse(response: unknown): Heard {
  must(textAt(response, 'object') === 'response', 'a response');
  const items = listAt(response, 'output');
  const contents = items.flatMap((item) => listAt(item, 'content'));
  const calls = items.filter((item) => /_call$/.test(textAt(item, 'type')));
  return {
    text: contents.map((content) => textAt(content, 'text')).join(''),
    tools: calls.map((call) => {
      const json = textAt(call, 'arguments');
      return [textAt(call, 'name'), json === '' ? member(call, 'input') : JSON.parse(json)];
    }),
    stop: textAt(response, 'status'),
  };
}

function hearGemini(candidates: readonly unknown[]): Heard {
  const parts = candidates.flatMap((candidate) => listAt(member(candidate, 'content'), 'parts'));
  const calls = parts.flatMap((part) => member(part, 'functionCall') ?? []);
  return {
    text: parts.map((part) => textAt(part, 'text')).join(''),
    tools: calls.map((call) => [textAt(call, 'name'), member(call, 'args')]),
    stop: member(candidates.at(-1), 'finishReason'),
  };
}
