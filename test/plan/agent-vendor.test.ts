/** What codex, gemini and opencode are given: argv, settings in the guest's home, environment. */
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { findProvider } from '../../src/agent/provider.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { directory, type Files, planOf, requestOf } from './scene.ts';

const HOME = '/home/node';
const SUPERVISE = 'http://127.0.0.1:7711/mcp';

async function planned(files: Files): Promise<Plan> {
  const { template } = (await requestOf(files)).selected.bottle.agent_provider;
  return planOf(files, { provider: findProvider(template) });
}

/** With a prompt, unless `rest` of the agent says otherwise. */
function files(provider: string, bottle = '', agent = '', prompt = 'Be "kind".'): Files {
  const text = `engine: bubblewrap\nagent_provider: { ${provider} }\n${bottle}`;
  const body = `---\nbottle: dev\n${agent}\n---\n${prompt}`;
  return { ...directory(text), '.bot-bottle/agents/a.md': body };
}

const fileOf = ({ provision }: Plan, to: string) =>
  provision.agentFiles.find((file) => file.to === to)?.text ?? '';
const envOf = ({ env }: Plan, name: string) => {
  const entry = env.find((each) => each.name === name);
  return entry?.kind === 'literal' ? entry.value : undefined;
};

describe('codex', () => {
  const argv = (...more: readonly string[]) => [
    ...['codex', 'exec', '--json', '--skip-git-repo-check'],
    '--dangerously-bypass-approvals-and-sandbox',
    ...more,
    '-',
  ];

  test.each<[what: string, files: Files, argv: readonly string[]]>([
    ['nothing more', files('template: codex'), argv()],
    ['a model', files('template: codex, model: m'), argv('--model', 'm')],
    [
      'a schema',
      files('template: codex', '', 'output_schema: { type: object }'),
      argv('--output-schema', `${HOME}/.bottle/output-schema.json`),
    ],
  ])('its argv with %s', async (_, given, wanted) => {
    expect((await planned(given)).agent.argv).toEqual(wanted);
  });

  test('has the gateway for its provider, and asks no other host', async () => {
    const plan = await planned(files('template: codex, auth_token: K'));
    expect(parse(fileOf(plan, `${HOME}/.codex/config.toml`))).toMatchObject({
      developer_instructions: 'Be "kind".',
      model_provider: 'bottle',
      model_providers: { bottle: { base_url: 'https://api.openai.com/v1', wire_api: 'responses' } },
      mcp_servers: { supervise: { url: SUPERVISE } },
      projects: { [`${HOME}/workspace`]: { trust_level: 'trusted' } },
      analytics: { enabled: false },
      otel: { metrics_exporter: 'none' },
      features: { plugins: false },
    });
    expect(envOf(plan, 'OPENAI_API_KEY')).toMatch(/^sk-placeholder/);
    expect(plan.provision.skills.to).toBe(`${HOME}/.codex/skills`);
    expect(plan.agent.resume.argv.slice(0, 4)).toEqual(['codex', 'exec', 'resume', '{session}']);
  });

  test('is told nothing where there is nothing to say, and asked elsewhere where one says so', async () => {
    const elsewhere = 'template: codex, base_url: "https://m.example/v1"';
    const plan = await planned(files(elsewhere, '', '', ''));
    const config = parse(fileOf(plan, `${HOME}/.codex/config.toml`));
    expect(config).not.toHaveProperty('developer_instructions');
    expect(config).toMatchObject({
      model_providers: { bottle: { base_url: 'https://m.example/v1' } },
    });
  });
});

describe('gemini', () => {
  test('its argv, settings and the prompt as its context', async () => {
    const plan = await planned(
      files('template: gemini, auth_token: K, model: m', 'limits: { turns: 7 }'),
    );
    expect(plan.agent.argv).toEqual([
      ...['gemini', '--yolo', '--output-format', 'stream-json', '--model', 'm'],
    ]);
    expect(plan.agent.resume.argv.slice(-2)).toEqual(['--resume', '{session}']);
    expect(fileOf(plan, `${HOME}/.gemini/GEMINI.md`)).toBe('Be "kind".');
    expect(JSON.parse(fileOf(plan, `${HOME}/.gemini/settings.json`))).toMatchObject({
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false, maxAttempts: 3 },
      model: { maxSessionTurns: 7 },
      mcpServers: { supervise: { httpUrl: SUPERVISE, trust: true } },
    });
    expect(envOf(plan, 'GEMINI_API_KEY')).toMatch(/^placeholder/);
  });

  test('knows what its exit codes mean: what is left of a status in a byte', async () => {
    const { exitCodes } = (await planned(files('template: gemini'))).agent;
    expect(exitCodes).toMatchObject({
      ...{ 41: 'auth', 53: 'max-turns', 145: 'auth', 173: 'rate-limited' },
      ...{ 17: 'overloaded', 244: 'api-error', 144: 'api-error' },
    });
  });
});

describe('opencode', () => {
  test('its argv, and a model at the address that the bottle names', async () => {
    const plan = await planned(
      files('template: opencode, auth_token: K, model: m, base_url: "https://m.example/v1"'),
    );
    expect(plan.agent.argv).toEqual(['opencode', 'run', '--format', 'json', '--title', 'bottle']);
    expect(plan.agent.resume.argv.slice(-2)).toEqual(['--session', '{session}']);
    expect(JSON.parse(fileOf(plan, `${HOME}/.config/opencode/opencode.json`))).toMatchObject({
      model: 'bottle/m',
      permission: 'allow',
      instructions: [`${HOME}/.claude-bottle-prompt.txt`],
      mcp: { supervise: { type: 'remote', url: SUPERVISE } },
      provider: { bottle: { options: { baseURL: 'https://m.example/v1' } } },
    });
    expect(envOf(plan, 'OPENCODE_DISABLE_AUTOUPDATE')).toBe('1');
  });

  test('has no model of its own', async () => {
    await expect(planned(files('template: opencode'))).rejects.toMatchObject({
      outcome: 'config-invalid',
      where: expect.stringContaining('agent_provider.model'),
    });
  });
});
