/** Every scenario does what it says, with every API. */

import { once } from 'node:events';
import { globSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testAuthority } from '../upstream/authority.ts';
import { ask, MODEL_SERVER_APIS } from './model-client.ts';
import { type ModelServerSettings, startModelServer } from './model-server.ts';
import { assertCredential } from './request-record.ts';
import { loadScenario } from './scenario.ts';
import { readPlain, readStream } from './strict-reader.ts';

async function start(settings: ModelServerSettings) {
  const server = await startModelServer(settings);
  onTestFinished(() => server.close());
  return server;
}

test('every file of the folder is a scenario', () => {
  const files = globSync('*.json', { cwd: new URL('./scenarios', import.meta.url).pathname });
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(loadScenario(file.replace('.json', '')).about).toMatch(/\.$/);
});

describe.each(MODEL_SERVER_APIS)('%s', (api) => {
  const errors = {
    anthropic: 'error.type',
    'openai-chat': 'error.code',
    'openai-responses': 'error.code',
    gemini: 'error.status',
  } as const;

  test.each([
    ['unauthorized', 401, /authentication_error|invalid_api_key|UNAUTHENTICATED/],
    ['model-not-found', 404, /not_found/i],
    ['rate-limited', 429, /rate_limit|RESOURCE_EXHAUSTED/],
    ['out-of-quota', 429, /insufficient_quota/],
    ['server-error', 500, /api_error|null|INTERNAL/],
    ['overloaded', 529, /overloaded_error|null|UNAVAILABLE/],
    ['context-too-long', 400, /invalid_request_error|null|INVALID_ARGUMENT/],
  ])(
    '%s is refused with %i in the words of the vendor, again and again',
    async (name, status, word) => {
      const server = await start({ api, scenario: name });
      for (const isStream of [true, false]) {
        const response = await ask(server, api, isStream);
        expect(response.status).toBe(status);
        const body: unknown = await response.json();
        expect(body).toHaveProperty(
          errors[api],
          expect.toSatisfy((value) => word.test(`${value}`)),
        );
        expect(body).toHaveProperty('error.message', expect.stringMatching(/\w/));
      }
      expect(server.turns()).toBe(2);
    },
  );

  test('a limit of the rate says when to come back', async () => {
    const server = await start({ api, scenario: 'rate-limited' });
    expect((await ask(server, api, true)).headers.get('retry-after')).toBe('1');
  });

  test.each(['rate-limited-once', 'server-error-once', 'cut-once'])(
    '%s succeeds at the second time',
    async (name) => {
      const server = await start({ api, scenario: name });
      await ask(server, api, true).then((response) => response.text().catch(() => undefined));
      const heard = readStream[api](await (await ask(server, api, true)).text());
      expect(heard.text).not.toBe('');
    },
  );

  test.each([true, false])(
    'a cut answer ends in a broken connection, streamed: %s',
    async (isStream) => {
      const server = await start({ api, scenario: 'cut' });
      const broken = ask(server, api, isStream).then((response) => response.text());
      await expect(broken).rejects.toThrow();
    },
  );

  test('a garbled stream is no stream to a strict reader, and whole to a lenient one', async () => {
    const server = await start({ api, scenario: 'garbled' });
    const body = await (await ask(server, api, true)).text();
    expect(() => readStream[api](body)).toThrow();
    const lenient = body.replace(/data: \{"type": not json\n\n[\s\S]*?: ping\n\n/, '');
    expect(readStream[api](lenient).text).toMatch(/^These words.*them\. $/);
    const plain = await (await ask(server, api, false)).text();
    expect(() => readPlain[api](plain)).toThrow();
  });

  test.each([true, false])(
    'an endless answer ends when its reader goes, streamed: %s',
    async (isStream) => {
      const server = await start({ api, scenario: 'endless' });
      const { body } = await ask(server, api, isStream);
      let bytes = 0;
      for await (const chunk of body ?? []) {
        bytes += chunk.length;
        if (bytes > 2_000_000) break;
      }
      expect(bytes).toBeGreaterThan(2_000_000);
      expect((await ask(server, api, isStream)).status).toBe(200);
    },
  );

  test('a silent answer begins and does not end', async () => {
    const server = await start({ api, scenario: 'silent' });
    const response = await ask(server, api, true);
    const reader = response.body?.getReader();
    let heard = '';
    while (heard.split('\n\n').length < 6) {
      heard += Buffer.from((await reader?.read())?.value ?? []).toString();
    }
    const ended = reader?.read().then(() => 'ended');
    const later = ask(server, api, true).then(() => 'still open after another was answered');
    expect(await Promise.race([ended, later])).toMatch('still open');
    await reader?.cancel();
  });

  test('a huge answer arrives whole', async () => {
    const server = await start({ api, scenario: 'huge' });
    const heard = readStream[api](await (await ask(server, api, true)).text());
    expect(heard.text.length).toBeGreaterThan(8_000_000);
  });

  test('requests are kept, and one too many is a surprise', async () => {
    const server = await start({ api, scenario: 'hello' });
    await (await ask(server, api, true)).text();
    const over = await ask(server, api, false, { headers: { 'x-some': 'Header' } });
    expect(over.status).toBe(400);
    expect(server.surprises).toEqual([expect.stringContaining('no turn 2')]);
    expect(server.requests[1]).toMatchObject({
      method: 'POST',
      headers: { 'x-some': 'Header' },
      body: { model: 'the-model', stream: false },
    });
  });

  test('a request without tools is answered aside and takes no turn', async () => {
    const server = await start({ api, scenario: 'hello' });
    const aside = await ask(server, api, true, { body: { tools: [] } });
    expect(readStream[api](await aside.text()).text).toBe('A title');
    const heard = readStream[api](await (await ask(server, api, true)).text());
    expect(heard.text).toContain('Hello from the model');
  });

  test('what it does not know is not found, and takes no turn', async () => {
    const server = await start({ api, scenario: 'hello' });
    const response = await fetch(`${server.url}/v1/nothing`, { method: 'POST', body: '{' });
    expect(response.status).toBe(404);
    expect(server.turns()).toBe(0);
  });
});

describe('the credential', () => {
  const credential = { header: 'x-api-key', value: 'the real one', placeholder: 'PLACEHOLDER' };
  const api = 'anthropic';

  test('is asked for, as the vendor does', async () => {
    const server = await start({ api, scenario: 'hello', credential });
    const refused = await ask(server, api, true, { headers: { 'x-api-key': 'PLACEHOLDER' } });
    expect(refused.status).toBe(401);
    const headers = { 'x-api-key': 'the real one' };
    expect((await ask(server, api, true, { headers })).status).toBe(200);
    expect(server.turns()).toBe(1);
  });

  test.each([
    ['right', { 'x-api-key': 'the real one' }, '', undefined],
    ['absent', {}, '', /without the injected credential/],
    ['not replaced', { 'x-api-key': 'PLACEHOLDER' }, '', /without the injected credential/],
    [
      'leaked in a header',
      { 'x-api-key': 'the real one', 'x-other': 'a PLACEHOLDER' },
      '',
      /placeholder/,
    ],
    ['leaked in the body', { 'x-api-key': 'the real one' }, 'PLACEHOLDER', /placeholder/],
  ])('is asserted: %s', async (_, headers, system, error) => {
    const server = await start({ api, scenario: 'hello' });
    expect(() => assertCredential(server.requests, credential)).toThrow('No request');
    await (await ask(server, api, true, { headers, body: { system } })).text();
    const check = expect(() => assertCredential(server.requests, credential));
    if (error === undefined) check.not.toThrow();
    else check.toThrow(error);
  });
});

test('https is spoken with the certificate that was given', async () => {
  const authority = await testAuthority();
  const tls = await authority.issue(['model.test'], 'good');
  const server = await start({ api: 'anthropic', scenario: 'hello', tls });
  const request = get({
    host: '127.0.0.1',
    port: server.port,
    path: '/v1/models',
    servername: 'model.test',
    ca: authority.certificate,
    agent: false,
  });
  const [response] = await once(request, 'response');
  expect(await text(response)).toBe('{"data":[],"has_more":false}');
});

test('a client that leaves in the middle of its request is no surprise', async () => {
  const server = await start({ api: 'anthropic', scenario: 'hello' });
  const socket = connect(server.port, '127.0.0.1');
  socket.write('POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"half');
  await once(socket, 'connect');
  socket.destroy();
  await once(socket, 'close');
  expect((await ask(server, 'anthropic', true)).status).toBe(200);
  expect(server.surprises).toEqual([]);
});
