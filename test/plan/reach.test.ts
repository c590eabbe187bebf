/** What the manifest declares about reach and credentials, each value with its place. */
import { describe, expect, test } from 'vitest';
import { DECLARED, directory, planOf, requestOf } from './scene.ts';

describe('what is declared about reach', () => {
  const at = (line: number) => `.bot-bottle/bottles/dev.md:${line}`;
  const declared = () => planOf(DECLARED, { hostVariables: new Set(['API_KEY']) });

  test('is in the plan with its place', async () => {
    const { routes, ...rest } = (await declared()).reach;
    expect(rest).toEqual({
      mode: { value: 'learn', source: at(5) },
      presets: { value: ['npm'], source: at(6) },
      limits: {
        tokens: { value: 9, source: at(17) },
        requests: { value: 8, source: at(17) },
        bytes: { value: 7, source: at(11) },
      },
    });
    expect(routes.map(({ host, source }) => [host, source])).toEqual([
      ['plain.example', at(8)],
      ['api.example', at(9)],
      ['packages.example', 'preset npm'],
    ]);
  });

  test('has no limit where none is declared', async () => {
    const none = { value: null, source: 'default' };
    const { limits, routes } = (await planOf(directory('engine: bubblewrap'))).reach;
    expect(limits).toEqual({ tokens: none, requests: none, bytes: none });
    expect(routes).toEqual([]);
  });

  test('names each credential, what it is for and where that is said', async () => {
    expect((await declared()).secrets).toEqual([
      { name: 'API_KEY', use: 'env KEY', source: at(3) },
      { name: 'API_TOKEN', use: 'route api.example', source: at(10) },
      { name: 'SITE_TOKEN', use: 'git remote site.main', source: at(16) },
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
    expect(said).toEqual([`${at(17)} limits.tokens`, `${at(17)} limits.requests`]);
  });

  test('and counted or limited where there is something to it is no word worth', async () => {
    const counted = directory(
      'engine: bubblewrap\negress: { presets: [anthropic] }\nlimits: { tokens: 9, requests: 8 }',
    );
    expect((await planOf(counted)).notices).toEqual([]);
    const limited = directory(
      'engine: bubblewrap\negress: { presets: [github], github: { write: true } }',
    );
    expect((await planOf(limited)).notices).toEqual([]);
    const idle = directory('engine: bubblewrap\negress: { github: { write: true } }');
    expect((await planOf(idle)).notices).toEqual([
      {
        message: 'egress.github is declared, but nothing opens GitHub: name the preset github',
        file: '.bot-bottle/bottles/dev.md',
        line: 3,
      },
    ]);
  });

  test('as a login of the runner is said to have no effect', async () => {
    const provider = '{ template: codex, forward_host_credentials: true }';
    const { notices } = await planOf(directory(`engine: bubblewrap\nagent_provider: ${provider}`));
    expect(notices).toEqual([
      {
        message: expect.stringMatching(/^agent_provider\.forward_host_credentials has no effect/),
        file: '.bot-bottle/bottles/dev.md',
        line: 3,
      },
    ]);
  });

  test('and empty is nothing to be told about', async () => {
    const files = directory(
      'engine: bubblewrap\negress: { mode: enforce, presets: [], routes: [] }',
    );
    expect((await planOf(files)).notices).toEqual([]);
    expect((await planOf(directory('engine: bubblewrap'))).notices).toEqual([]);
  });
});
