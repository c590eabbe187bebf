/** Token, request and byte limits of the gateway process, with the models’ servers behind it. */
import { afterEach, describe, expect, test } from 'vitest';
import { parseMessage } from '../../src/gateway/message.ts';
import type { GatewayLimits, GatewayRoute } from '../../src/gateway/protocol.ts';
import { ask, openTls } from '../gateway/proxy-client.ts';
import { MODEL_SERVER_APIS, modelPath, VENDORS } from '../model-server/model-client.ts';
import {
  type ModelServer,
  type ModelServerApi,
  startModelServer,
} from '../model-server/model-server.ts';
import type { ScriptedAnswer } from '../model-server/scenario.ts';
import { testAuthority } from '../upstream/authority.ts';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { eventually, expectNext } from './scene.ts';

const MODEL = 'model.example.test';
const NONE = { tokens: null, requests: null, bytes: null };
const USAGE = { input: 50, output: 10, cacheRead: 0, cacheWrite: 0 };

let upstream: Upstream;
let model: ModelServer;
let gateway: GatewayProcess;
afterEach(async () => {
  await gateway.stop();
  await model.close();
  await upstream.close();
  // What the action does not understand ends the run.
  for (const message of gateway.messages) parseMessage(JSON.stringify(message));
});

async function open(
  api: ModelServerApi,
  limits: Partial<GatewayLimits>,
  turn: Partial<ScriptedAnswer> = {},
): Promise<void> {
  const authority = await testAuthority();
  upstream = await startUpstream();
  model = await startModelServer({
    api,
    scenario: {
      about: 'talks',
      turns: Array(10).fill({ say: [{ text: 'words, ', repeat: 50 }], usage: USAGE, ...turn }),
    },
    tls: await authority.issue([MODEL], 'good'),
  });
  const route: GatewayRoute = routeTo(MODEL, { tls: 'open', meter: VENDORS[api] });
  gateway = await startGatewayProcess({
    routes: [route, routeTo(upstream.name)],
    connectTo: [
      ...upstream.connectTo,
      { host: MODEL, port: 443, address: '127.0.0.1', toPort: model.port },
    ],
    extraAuthorities: authority.certificate,
    limits: { ...NONE, ...limits },
  });
}

/** One turn, each on a connection of its own. */
async function turn(api: ModelServerApi, isStream: boolean) {
  const socket = await openTls(gateway, MODEL);
  const body = JSON.stringify({
    model: 'the-model',
    tools: [{ name: 'one' }],
    stream: isStream,
    stream_options: { include_usage: true },
  });
  const told = await ask(socket, {
    method: 'POST',
    path: `${modelPath(api, isStream)}${isStream ? '?alt=sse' : ''}`,
    headers: { host: MODEL, 'content-type': 'application/json', connection: 'close' },
    body,
  });
  return { status: told.status, denied: told.headers['x-bottle-denied'] ?? '', body: told.body };
}

const lines = () => gateway.decisions().filter(({ host }) => host === MODEL);
const limits = () => gateway.messages.filter(({ type }) => type === 'limit');

describe.each(MODEL_SERVER_APIS)('%s', (api) => {
  const final = VENDORS[api] === 'anthropic' ? 402 : 400;

  test.each([true, false])('out of tokens, streamed: %s', async (isStream) => {
    await open(api, { tokens: 100 });
    expect((await turn(api, isStream)).status).toBe(200);
    expect((await turn(api, isStream)).status).toBe(200);
    for (let time = 0; time < 2; time += 1) {
      const told = await turn(api, isStream);
      expect(told).toMatchObject({ status: final, denied: 'limit-tokens' });
      expect(JSON.parse(told.body)).toHaveProperty('error');
    }
    await expectNext(gateway, upstream);
    expect(lines().map(({ rule }) => rule)).toEqual([
      'route',
      'route',
      'limit-tokens',
      'limit-tokens',
    ]);
    expect(limits()).toMatchObject([
      { limit: 'tokens', level: 'near', allowed: 100 },
      { limit: 'tokens', level: 'reached', used: 120 },
    ]);
    expect(model.turns()).toBe(2);
  });

  test('out of requests', async () => {
    await open(api, { requests: 1 });
    expect((await turn(api, true)).status).toBe(200);
    expect(await turn(api, true)).toMatchObject({ status: final, denied: 'limit-requests' });
    await expectNext(gateway, upstream);
    expect(lines().map(({ rule }) => rule)).toEqual(['route', 'limit-requests']);
    expect(model.turns()).toBe(1);
  });

  test('out of bytes: all routes are closed', async () => {
    await open(api, { bytes: 10 });
    await turn(api, false).catch(() => undefined);
    expect(await turn(api, false)).toMatchObject({ status: final, denied: 'limit-bytes' });
    const { name } = upstream;
    const head = `GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
    expect(await gateway.request(head)).toMatch(/^HTTP\/1\.1 403 [\s\S]*limit-bytes/);
    await eventually(() => lines().map(({ rule }) => rule)).toEqual(['limit-bytes', 'limit-bytes']);
    expect(gateway.stderr()).toBe('');
  });
});
