/** A mistake of the gateway's own: it ends what it came up in, is said by name, and shows no stack. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayProcess, routeTo, startGatewayProcess } from '../upstream/gateway-process.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { ask, openTls } from './proxy-client.ts';

const ENTRY = fileURLToPath(new URL('../../src/gateway.ts', import.meta.url));
const HOST = 'api.example.test';
/** What looks for keys among the parameters breaks at one; and at a signal, something that nobody awaits. */
const BREAK = `
globalThis.URLSearchParams = class extends URLSearchParams {
  constructor(text) {
    if (text === 'break') throw new TypeError('broken on purpose');
    super(text);
  }
};
process.on('SIGUSR2', () => { throw new Error('broken on purpose'); });
`;
let upstream: Upstream;
let gateway: GatewayProcess;

beforeAll(async () => {
  upstream = await startUpstream({ names: [HOST] });
  const auth = {
    scheme: 'header',
    header: 'x-api-key',
    name: 'KEY',
    value: 'k-0123456789',
  } as const;
  gateway = await startGatewayProcess(
    {
      connectTo: upstream.connectTo,
      extraAuthorities: upstream.authority,
      routes: [routeTo(HOST, { tls: 'open', meter: 'gemini', auth })],
    },
    ['--import', `data:text/javascript,${encodeURIComponent(BREAK)}`, ENTRY],
  );
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const get = async (path: string) =>
  ask(await openTls(gateway, HOST), { path, headers: { Host: HOST } });
const faults = () => gateway.decisions().filter(({ rule }) => rule === 'internal');

describe('a fault', () => {
  test('in a request is its refusal, and no other request’s', async () => {
    const refused = await get('/echo?break');
    expect(refused).toMatchObject({
      status: 500,
      headers: { 'x-bottle-denied': 'internal', connection: 'close' },
    });
    expect(refused.body).not.toMatch(/\.ts|\n +at /);
    expect((await get('/echo')).status).toBe(200);
    await expect.poll(faults).toMatchObject([{ decision: 'failed', route: HOST, status: 500 }]);
  });

  test('of which nobody knows where it belongs is in the audit, and the gateway goes on', async () => {
    process.kill(gateway.pid, 'SIGUSR2');
    await expect.poll(faults).toHaveLength(2);
    expect((await get('/echo')).status).toBe(200);
  });

  test('shows no stack', () => {
    expect(JSON.stringify(gateway.messages)).not.toMatch(/\.ts|[\\n.] +at /);
    expect(gateway.stderr()).toBe('');
  });
});
