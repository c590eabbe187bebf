/** What the manifest declares about reach and credentials, and what this version makes of it. */
import { describe, expect, test } from 'vitest';
import { DECLARED, directory, planOf, requestOf } from './scene.ts';

describe('what is declared about reach', () => {
  const at = (line: number) => `.bot-bottle/bottles/dev.md:${line}`;
  const declared = () => planOf(DECLARED, { hostVariables: new Set(['API_KEY']) });

  test('is in the plan with its place, and refused', async () => {
    expect((await declared()).reach).toEqual({
      enforced: 'refuse-all',
      mode: { value: 'learn', source: at(5) },
      presets: { value: ['npm'], source: at(6) },
      routes: [
        { value: 'plain.example', source: at(8) },
        { value: 'api.example', source: at(9) },
      ],
      remotes: [{ value: 'ssh://git@git.example/site', source: at(14) }],
    });
  });

  test('names each credential, what it is for and where that is said', async () => {
    expect((await declared()).secrets).toEqual([
      { name: 'API_KEY', use: 'env KEY', source: at(3) },
      { name: 'API_TOKEN', use: 'route api.example', source: at(10) },
      { name: 'GITEA_TOKEN', use: 'git remote site.main', source: at(15) },
    ]);
  });

  test('names no credential of a run that gets none', async () => {
    const trust = { ...(await requestOf(DECLARED)).trust, dropCredentials: true };
    expect((await planOf(DECLARED, { trust })).secrets).toEqual([]);
  });

  test('names the token of the model API', async () => {
    const files = directory('engine: bubblewrap\nagent_provider: { auth_token: MODEL }');
    expect((await planOf(files)).secrets).toEqual([
      { name: 'MODEL', use: 'model API', source: at(3) },
    ]);
  });

  test('and not done by this version is said, each with file and line', async () => {
    const said = (await declared()).notices.map(({ message, file, line }) => {
      return `${file}:${line} ${message.split(/[ ,]/)[0]}`;
    });
    expect(said).toEqual([
      `${at(7)} egress.routes`,
      `${at(6)} egress.presets`,
      `${at(5)} egress.mode`,
      `${at(12)} git-gate.repos`,
      `${at(16)} limits.turns`,
      `${at(16)} limits.tokens`,
      `${at(16)} limits.requests`,
      '.bot-bottle/agents/a.md:3 output_schema',
    ]);
    const [routes] = (await declared()).notices;
    expect(routes?.message).toBe(
      "egress.routes are declared, but this version's gateway refuses every request",
    );
  });

  test('and empty is nothing to be told about', async () => {
    const files = directory(
      'engine: bubblewrap\negress: { mode: enforce, presets: [], routes: [] }',
    );
    expect((await planOf(files)).notices).toEqual([]);
    expect((await planOf(directory('engine: bubblewrap'))).notices).toEqual([]);
  });
});
