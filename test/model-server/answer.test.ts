/** Each server's answers are what a strict client of its vendor expects. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, MODEL_SERVER_APIS } from './model-client.ts';
import { type ModelServerSettings, startModelServer } from './model-server.ts';
import { readPlain, readStream } from './strict-reader.ts';

const TEXT = 'Zwölf Boxkämpfer 🥊 jagen "Viktor" \\ quer über den Deich.\n';

async function start(settings: ModelServerSettings) {
  const server = await startModelServer(settings);
  onTestFinished(() => server.close());
  return server;
}

const STOPS = {
  anthropic: ['end_turn', 'tool_use'],
  'openai-chat': ['stop', 'tool_calls'],
  'openai-responses': ['completed', 'completed'],
  gemini: ['STOP', 'STOP'],
} as const;

describe.each(MODEL_SERVER_APIS)('%s', (api) => {
  describe.each([
    ['streamed', true],
    ['plain', false],
  ])('%s', (_, isStream) => {
    const read = isStream ? readStream[api] : readPlain[api];
    const type = isStream ? 'text/event-stream' : 'application/json';

    test('a text arrives whole', async () => {
      const turns = [{ say: [{ text: TEXT, repeat: 40 }] }];
      const server = await start({ api, scenario: { about: 'a text', turns } });
      const response = await ask(server, api, isStream);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
      const heard = read(await response.text());
      expect(heard).toEqual({ text: TEXT.repeat(40), tools: [], stop: STOPS[api][0] });
    });

    test('text and several calls of tools arrive whole and in order', async () => {
      const input = { path: 'ä.txt', lines: [1, 2], deep: { quote: '"' }, text: 'x'.repeat(99) };
      const say = [{ text: TEXT }, { tool: 'Read', input }, { tool: 'List', input: {} }];
      const server = await start({ api, scenario: { about: 'tools', turns: [{ say }] } });
      const heard = read(await (await ask(server, api, isStream)).text());
      const tools = [
        ['Read', input],
        ['List', {}],
      ];
      expect(heard).toEqual({ text: TEXT, tools, stop: STOPS[api][1] });
    });

    test('a command is a call of the shell tool that was offered', async () => {
      const server = await start({ api, scenario: 'two-commands' });
      const heard = read(await (await ask(server, api, isStream)).text());
      expect(heard.tools).toEqual([
        [expect.stringMatching(/bash|shell/i), { command: 'cat greeting.txt' }],
      ]);
    });

    test('its own word for the end is said', async () => {
      const say = [{ text: TEXT }];
      const turns = [{ say, stop: 'max_tokens' }];
      const server = await start({ api, scenario: { about: 'a stop', turns } });
      const body = await (await ask(server, api, isStream)).text();
      expect(body).toContain('max_tokens');
      expect(read(body).stop).not.toBe(STOPS[api][0]);
    });
  });
});

test('Codex is offered nothing but a script, and gets one', async () => {
  const api = 'openai-responses';
  const tools = [{ type: 'namespace', tools: [{ type: 'custom', name: 'exec' }] }];
  const body = { tools: undefined, input: [{ type: 'additional_tools', tools }] };
  const server = await start({ api, scenario: 'two-commands' });
  const heard = readStream[api](await (await ask(server, api, true, { body })).text());
  expect(heard.tools).toEqual([
    ['exec', 'text(await tools.exec_command({"cmd":"cat greeting.txt"}));'],
  ]);
});

test('Chat Completions streams usage to who asks for it alone', async () => {
  const server = await start({ api: 'openai-chat', scenario: 'garbled' });
  const asked = await (await ask(server, 'openai-chat', true)).text();
  const body = { stream_options: undefined };
  const silent = await (await ask(server, 'openai-chat', true, { body })).text();
  expect([asked.includes('"usage"'), silent.includes('"usage"')]).toEqual([true, false]);
});
