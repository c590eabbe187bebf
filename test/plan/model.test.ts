/** The route to the model of each kind of agent, and what the guest has for a key. */
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { describe, expect, test } from 'vitest';
import type { RouteRule } from '../../src/gateway/protocol.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { directory, planOf, requestOf } from './scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';
const REDACT = { outbound: ['token_patterns', 'known_secrets'], inbound: [], onMatch: 'redact' };

const withProvider = (fields: string, rest = '') =>
  directory(`engine: bubblewrap\nagent_provider: { ${fields} }\n${rest}`);

type Case = [provider: string, rule: Partial<RouteRule>, variable: string, placeholder: RegExp];

const bearer = (name: string) =>
  ({ scheme: 'Bearer', header: 'authorization', name }) satisfies RouteRule['auth'];
const header = (name: string, value: string) =>
  ({ scheme: 'header', header: value, name }) satisfies RouteRule['auth'];

test.each<Case>([
  [
    'auth_token: MY_KEY',
    { host: 'api.anthropic.com', meter: 'anthropic', auth: header('MY_KEY', 'x-api-key') },
    'ANTHROPIC_API_KEY',
    /^sk-ant-api03-placeholder/,
  ],
  [
    'auth_token: CLAUDE_CODE_OAUTH_TOKEN',
    { host: 'api.anthropic.com', meter: 'anthropic', auth: bearer('CLAUDE_CODE_OAUTH_TOKEN') },
    'CLAUDE_CODE_OAUTH_TOKEN',
    /^sk-ant-oat01-placeholder/,
  ],
  [
    'auth_token: my_oauth',
    { host: 'api.anthropic.com', meter: 'anthropic', auth: bearer('my_oauth') },
    'CLAUDE_CODE_OAUTH_TOKEN',
    /^sk-ant-oat01-placeholder/,
  ],
  [
    'template: codex, auth_token: K',
    { host: 'api.openai.com', meter: 'openai', auth: bearer('K') },
    'OPENAI_API_KEY',
    /^sk-placeholder/,
  ],
  [
    'template: gemini, auth_token: K',
    {
      host: 'generativelanguage.googleapis.com',
      meter: 'gemini',
      auth: header('K', 'x-goog-api-key'),
    },
    'GEMINI_API_KEY',
    /^placeholder/,
  ],
  [
    'template: opencode, auth_token: K, base_url: "https://Models.Example:8443/a/v1/"',
    {
      host: 'models.example',
      ports: [8443],
      meter: 'openai',
      auth: bearer('K'),
      matches: [{ paths: [{ type: 'prefix', value: '/a/v1' }] }],
    },
    'OPENAI_API_KEY',
    /^sk-placeholder/,
  ],
  [
    'auth_token: K, base_url: "https://bücher.example"',
    { host: 'xn--bcher-kva.example', meter: 'anthropic', auth: header('K', 'x-api-key') },
    'ANTHROPIC_API_KEY',
    /^sk-ant-api03-placeholder/,
  ],
])('%s', async (provider, rule, variable, placeholder) => {
  const plan = await planOf(withProvider(provider));
  const source = `provider ${plan.agent.provider.value}`;
  const usual = { ports: [443], tls: 'open', matches: [], dlp: REDACT, source };
  expect(plan.reach.routes).toEqual([{ ...usual, ...rule }]);
  expect(plan.env).toEqual([
    { name: variable, kind: 'literal', value: expect.stringMatching(placeholder), source },
  ]);
  expect(plan.secrets).toEqual([{ name: rule.auth?.name, use: 'model API', source: `${DEV}:3` }]);
});

test.each([
  'template: claude',
  'template: codex',
  'base_url: "https://models.example"',
  'template: command, command: [x]',
])('%s has no token, so no route', async (provider) => {
  const { reach, env, secrets } = await planOf(withProvider(provider));
  expect([reach.routes, env, secrets]).toEqual([[], [], []]);
});

test('a key of the bottle’s env stays what it says', async () => {
  const files = withProvider('auth_token: K', 'env: { ANTHROPIC_API_KEY: mine }');
  const { env } = await planOf(files);
  expect(env).toEqual([
    { name: 'ANTHROPIC_API_KEY', kind: 'literal', value: 'mine', source: `${DEV}:4` },
  ]);
});

describe('a written route for the same host', () => {
  const route = '{ host: API.anthropic.com, auth: { scheme: Bearer, token_ref: OTHER } }';
  const files = withProvider('auth_token: K', `egress:\n  routes:\n    - ${route}`);

  test('gives way, which is said where it stands', async () => {
    const { reach, notices, secrets, env } = await planOf(files);
    expect(reach.routes.map(({ auth, source }) => [auth?.name, source])).toEqual([
      ['K', 'provider claude'],
    ]);
    expect(notices).toEqual([
      {
        message: `api.anthropic.com: the route of ${DEV}:6 gives way to that of provider claude`,
        file: DEV,
        line: 6,
      },
    ]);
    expect(secrets.map(({ name }) => name)).toEqual(['K']);
    expect(env.map(({ name }) => name)).toEqual(['ANTHROPIC_API_KEY']);
  });

  test('counts where there is no token for the provider', async () => {
    const { reach } = await planOf(
      withProvider('template: claude', `egress: { routes: [${route}] }`),
    );
    expect(reach.routes).toMatchObject([{ auth: { name: 'OTHER' }, meter: 'anthropic' }]);
  });
});

test('a run without credentials has no route to the model, and says so', async () => {
  const files = withProvider('auth_token: K');
  const trust = { ...(await requestOf(files)).trust, dropCredentials: true };
  const { reach, env, secrets, notices } = await planOf(files, { trust });
  expect([reach.routes, env, secrets]).toEqual([[], [], []]);
  expect(notices).toEqual([
    {
      message: `agent_provider.auth_token, ${DEV}:3: dropped, a fork's run gets no credentials`,
      file: DEV,
      line: 3,
    },
  ]);
});

async function detected(content: string): Promise<number> {
  const { messages } = await lintSource({
    source: { content, filePath: 'request', ext: '', contentType: 'text' },
    options: { config: { rules: [{ id: 'recommend', rule: creator }] } },
  });
  return messages.length;
}

test.each(['K', 'OAUTH'])('no detector takes the placeholder for a secret (%s)', async (token) => {
  const plans: Plan[] = [];
  for (const template of ['claude', 'codex', 'gemini']) {
    plans.push(await planOf(withProvider(`template: ${template}, auth_token: ${token}`)));
  }
  const values = plans.flatMap(({ env }) => env.map((entry) => 'value' in entry && entry.value));
  const content = values.map((value) => `authorization: Bearer ${value}\n`).join('');
  expect(await detected(content)).toBe(0);
  expect(await detected(`authorization: Bearer sk-ant-api03-${'aB3'.repeat(31)}AA\n`)).toBe(1);
});
