/** What the gateway process is told: routes with their secrets, and whose word goes elsewhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RouteRule } from '../src/gateway/protocol.ts';
import { gatewayRequest, parseConnectTo } from '../src/gateway-request.ts';
import type { Plan } from '../src/plan/plan.ts';
import { engineHost } from './machine/engine-host.ts';
import { PLAN } from './report/scenario.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gateway-request-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const ROUTE: RouteRule = {
  host: 'api.example.com',
  ports: [443],
  tls: 'open',
  matches: [],
  dlp: { outbound: [], inbound: [], onMatch: 'block' },
  auth: { scheme: 'Bearer', header: 'authorization', name: 'API_TOKEN' },
  source: '.bot-bottle/bottles/dev.md:7',
};
const SECRETS = {
  token: 'f'.repeat(64),
  canary: { name: 'SERVICE_A_TOKEN', value: 'svc_canary' },
  named: [{ name: 'API_TOKEN', value: 'tok-123' }],
  workflowToken: '',
};

function request(env: Record<string, string>, routes: readonly RouteRule[] = [ROUTE]) {
  const plan: Plan = { ...PLAN, reach: { ...PLAN.reach, routes } };
  const paths = { socket: '/s', egress: '/e' } as never;
  return gatewayRequest({ ...engineHost(), env }, { plan, paths, secrets: SECRETS });
}

describe('a credential', () => {
  test('is put beside its route, without the line break that was pasted with it', async () => {
    const { config, log } = await request({ API_TOKEN: 'tok-123\n' });
    expect(config.routes).toEqual([{ ...ROUTE, auth: { ...ROUTE.auth, value: 'tok-123' } }]);
    expect(config.secrets).toEqual([...SECRETS.named, SECRETS.canary]);
    expect(log).toBe('/e');
  });

  test.each([
    ['absent', {}],
    ['empty', { API_TOKEN: ' \n' }],
    ['of two lines', { API_TOKEN: 'one\r\nX-Evil: two' }],
    ['no ASCII', { API_TOKEN: 'töken' }],
  ])('that is %s is refused by its name, never by its value', async (_, env) => {
    const refused = request(env as Record<string, string>);
    await expect(refused).rejects.toMatchObject({ outcome: 'config-invalid' });
    const error = await refused.catch((thrown: Error) => thrown.message);
    expect(error).toContain('API_TOKEN');
    expect(error).not.toMatch(/Evil|töken/);
  });
});

describe('the authorities of the runner', () => {
  test('come along from the variables that name them, once each', async () => {
    const file = join(directory, 'ca.pem');
    writeFileSync(file, 'PEM');
    const env = { API_TOKEN: 't', NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: file };
    expect((await request(env)).config.extraAuthorities).toBe('PEM');
  });

  test('that cannot be read are a warning', async () => {
    const env = { API_TOKEN: 't', SSL_CERT_FILE: join(directory, 'none') };
    expect((await request(env)).config.extraAuthorities).toBe('');
  });
});

describe('BOTTLE_CONNECT_TO', () => {
  test('names addresses for names', () => {
    expect(parseConnectTo(' A.example:443=127.0.0.1:8443\nb.example:80=[::1]:81 ')).toEqual([
      { host: 'a.example', port: 443, address: '127.0.0.1', toPort: 8443 },
      { host: 'b.example', port: 80, address: '::1', toPort: 81 },
    ]);
    expect(parseConnectTo('')).toEqual([]);
  });

  test.each([
    'a.example',
    'a.example:443',
    'a.example:443=b.example:443',
    'a.example:443=999.0.0.1:1',
    'a.example:99999=127.0.0.1:1',
    'a.example:443=[127.0.0.1:1',
  ])('%s is refused whole', (text) => {
    expect(() => parseConnectTo(text)).toThrow(/BOTTLE_CONNECT_TO/);
  });
});
