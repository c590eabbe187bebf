/** What each provider makes of the manifest: argv, files and environment, as plain data of the plan. */
import { describe, expect, test } from 'vitest';
import { findProvider } from '../../src/agent/provider.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { directory, type Files, planOf, requestOf } from './scene.ts';

const HOME = '/home/node';
const SCHEMA = 'output_schema: { type: object }';

async function planned(files: Files): Promise<Plan> {
  const { template } = (await requestOf(files)).selected.bottle.agent_provider;
  return planOf(files, { provider: findProvider(template) });
}

const bottle = (provider: string, rest = '') =>
  `engine: bubblewrap\nagent_provider: { ${provider} }\n${rest}`;

describe('claude', () => {
  const USUAL = [
    ...['claude', '--print', '--output-format', 'stream-json', '--verbose'],
    '--dangerously-skip-permissions',
    ...['--mcp-config', `${HOME}/.bottle/mcp.json`, '--strict-mcp-config'],
  ];

  test.each<[what: string, files: Files, more: readonly string[]]>([
    ['nothing more', directory(bottle('auth_token: K')), []],
    ['a model', directory(bottle('model: m')), ['--model', 'm']],
    [
      'limits',
      directory(bottle('', 'limits: { turns: 7, cost_usd: 0.5 }')),
      ['--max-turns', '7', '--max-budget-usd', '0.5'],
    ],
    ['a schema', directory(bottle(''), SCHEMA), ['--json-schema', '{"type":"object"}']],
  ])('its argv with %s', async (_, files, more) => {
    expect((await planned(files)).agent.argv).toEqual([...USUAL, ...more]);
  });

  test('is given a system prompt if and only if there is one', async () => {
    const file = `${HOME}/.claude-bottle-prompt.txt`;
    const files = directory(bottle(''));
    const withPrompt = { ...files, '.bot-bottle/agents/a.md': '---\nbottle: dev\n---\nBe kind.' };
    const { agent, provision } = await planned(withPrompt);
    expect(agent.argv.slice(-2)).toEqual(['--append-system-prompt-file', file]);
    expect(provision.prompt).toEqual({ text: 'Be kind.', to: file });
    expect((await planned(files)).agent.argv).toEqual(USUAL);
  });

  test('goes on with a session of which the plan knows only the place', async () => {
    const { agent } = await planned(directory(bottle('')));
    expect(agent.resume).toEqual({
      argv: [...USUAL, '--resume', '{session}'],
      session: '{session}',
    });
    expect(agent.sessionPaths).toEqual([`${HOME}/.claude/projects`]);
  });

  test('finds the gateway among its tools, the workspace trusted, and no way home', async () => {
    const { env, provision } = await planned(
      directory(
        bottle('auth_token: K, base_url: "https://m.example/v1"', 'env: {DISABLE_TELEMETRY: "0"}'),
      ),
    );
    const files = Object.fromEntries(
      provision.agentFiles.map(({ to, text }) => [to, JSON.parse(text)]),
    );
    expect(files[`${HOME}/.bottle/mcp.json`]).toEqual({
      mcpServers: { supervise: { type: 'http', url: 'http://127.0.0.1:7711/mcp', headers: {} } },
    });
    expect(files[`${HOME}/.claude.json`]).toHaveProperty(
      ['projects', `${HOME}/workspace`, 'hasTrustDialogAccepted'],
      true,
    );
    const literalOf = (name: string) => {
      const entry = env.find((each) => each.name === name);
      return entry?.kind === 'literal' ? [entry.value, entry.source] : [];
    };
    expect(literalOf('ANTHROPIC_BASE_URL')).toEqual(['https://m.example/v1', 'provider claude']);
    expect(literalOf('ANTHROPIC_API_KEY')[0]).toMatch(/^sk-ant-api03-placeholder/);
    expect(literalOf('DISABLE_AUTOUPDATER')).toEqual(['1', 'provider claude']);
    expect(literalOf('DISABLE_TELEMETRY')[0]).toBe('0');
  });
});

describe('command', () => {
  test.each([
    ['a list', '[sh, agent.sh]', ['sh', 'agent.sh']],
    ['a script', '"echo one; echo two"', ['/bin/sh', '-c', 'echo one; echo two']],
  ])('%s is its argv', async (_, command, argv) => {
    const { agent, provision } = await planned(
      directory(bottle(`template: command, command: ${command}`)),
    );
    expect(agent.argv).toEqual(argv);
    expect(agent.resume.argv).toEqual([]);
    expect(provision.agentFiles).toEqual([]);
  });

  test('finds the schema of its answer in a file', async () => {
    const { provision } = await planned(
      directory(bottle('template: command, command: [x]'), SCHEMA),
    );
    expect(provision.agentFiles).toEqual([
      { to: `${HOME}/.bottle/output-schema.json`, text: '{"type":"object"}' },
    ]);
  });
});
