/** The gateway's meter counts what each server's scenario says, over real http and in any coding. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pairsOf } from '../../src/gateway/header.ts';
import { makeMeter } from '../../src/gateway/meter.ts';
import type { GatewayRoute, GatewayUsage } from '../../src/gateway/protocol.ts';
import { MODEL_SERVER_APIS, modelPath, VENDORS } from './model-client.ts';
import { type ModelServerApi, startModelServer } from './model-server.ts';
import type { ScenarioSource } from './scenario.ts';

/** What the meter says of one answer as it came over the wire; cut or whole. */
async function measure(
  api: ModelServerApi,
  scenario: string | ScenarioSource,
  isStream: boolean,
  body: object = {},
): Promise<GatewayUsage> {
  const server = await startModelServer({ api, scenario });
  onTestFinished(() => server.close());
  const path = modelPath(api, isStream);
  const sent = JSON.stringify({
    model: 'the-model',
    tools: [{ name: 'one' }],
    stream: isStream,
    stream_options: { include_usage: true },
    ...body,
  });
  const request = httpRequest(`${server.url}${path}?alt=sse`, { method: 'POST', agent: false });
  request.end(sent);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return new Promise((resolve) => {
    const route: GatewayRoute = {
      host: 'model.test',
      ports: [443],
      tls: 'open',
      matches: [],
      dlp: { outbound: [], inbound: [], onMatch: 'block' },
      meter: VENDORS[api],
      source: 'a test',
    };
    const limits = { tokens: null, requests: null, bytes: null };
    const meter = makeMeter(limits, [route], (message) => {
      if (message.type === 'usage') resolve(message);
    });
    const status = response.statusCode ?? 0;
    const headers = pairsOf(response.rawHeaders);
    const tap = meter.tap(route, path, status, headers, sent.length);
    response.on('data', (chunk: Buffer) => tap?.push(chunk));
    response.on('error', () => undefined);
    response.on('close', () => tap?.end());
  });
}

const USAGE = { input: 120, output: 9, cacheRead: 1000, cacheWrite: 64 };

describe.each(MODEL_SERVER_APIS)('%s', (api) => {
  // Gemini has no word for what is written to its cache.
  const counted = api === 'gemini' ? { ...USAGE, input: 184, cacheWrite: 0 } : USAGE;

  describe.each([true, false])('streamed: %s', (isStream) => {
    test.each(['identity', 'gzip', 'deflate', 'br', 'zstd'] as const)(
      'is counted, coding: %s',
      async (coding) => {
        const turn = { say: [{ text: 'words, ', repeat: 999 }], usage: USAGE, coding };
        const usage = await measure(api, { about: 'coded', turns: [turn] }, isStream);
        expect(usage.tokens).toEqual(counted);
        expect(usage.reckoned).toBeUndefined();
      },
    );
  });

  test('is counted though the stream is garbled', async () => {
    const usage = await measure(api, 'garbled', true);
    expect(usage.tokens).toEqual({ input: 30, output: 90, cacheRead: 0, cacheWrite: 0 });
  });

  test('is counted though the answer is huge', async () => {
    const usage = await measure(api, 'huge', true);
    expect(usage.tokens).toEqual({ input: 10, output: 1_500_000, cacheRead: 0, cacheWrite: 0 });
  });

  test.each(['identity', 'gzip', 'br', 'zstd'] as const)(
    'is reckoned when the stream is cut, coding: %s',
    async (coding) => {
      const fault = { kind: 'cut', after: 12 } as const;
      const turn = { say: [{ text: 'words, ', repeat: 99 }], usage: USAGE, coding, fault };
      const usage = await measure(api, { about: 'cut', turns: [turn] }, true);
      expect(usage.tokens.output).toBeGreaterThan(50);
      expect(usage.reckoned).toBeGreaterThan(50);
      // Anthropic and Gemini have named the input by then.
      if (!api.startsWith('openai')) expect(usage.tokens.cacheRead).toBe(1000);
      else expect(usage.tokens.input).toBeGreaterThan(20);
    },
  );

  test.each(['unauthorized', 'rate-limited', 'overloaded'])(
    'nothing is counted for: %s',
    async (name) => {
      const { tokens } = await measure(api, name, true);
      expect(tokens).toEqual({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 });
    },
  );
});

test('Chat Completions without usage are reckoned, and never for less than their text', async () => {
  const turns = [{ say: [{ text: 'words, ', repeat: 999 }] }];
  const body = { stream_options: undefined };
  const usage = await measure('openai-chat', { about: 'no usage', turns }, true, body);
  expect(usage.tokens.output).toBeGreaterThan((7 * 999) / 4);
  expect(usage.reckoned).toBe(usage.tokens.input + usage.tokens.output);
});
