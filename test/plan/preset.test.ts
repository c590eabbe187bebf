/** What stands behind a preset or a group, and which route wins where several name a host. */
import { describe, expect, test } from 'vitest';
import { directory, planOf, requestOf } from './scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';

const withEgress = (...lines: string[]) => directory(['engine: bubblewrap', ...lines].join('\n'));

test.each([
  ['anthropic', 'api.anthropic.com', 'anthropic'],
  ['openai', 'api.openai.com', 'openai'],
  ['google', 'generativelanguage.googleapis.com', 'gemini'],
])('%s is its vendor, counted and without a credential', async (preset, host, meter) => {
  const { reach, secrets, env } = await planOf(withEgress(`egress: { presets: [${preset}] }`));
  expect(reach.routes).toMatchObject([
    { host, meter, ports: [443], tls: 'open', matches: [], source: `preset ${preset}` },
  ]);
  expect(reach.routes[0]).not.toHaveProperty('auth');
  expect([secrets, env]).toEqual([[], []]);
});

describe('a package manager', () => {
  const files = withEgress('egress: { presets: [npm, pypi] }');

  test('opens a tunnel to what it named', async () => {
    const registries = [
      { preset: 'npm', host: 'a.example', port: 443 },
      { preset: 'pypi', host: 'b.example', port: 8080 },
      { preset: 'pypi', host: 'c.example', port: 443 },
    ];
    const { routes } = (await planOf(files, { registries })).reach;
    expect(routes.map(({ host, ports, tls, source }) => [host, ports, tls, source])).toEqual([
      ['a.example', [443], 'tunnel', 'preset npm'],
      ['b.example', [8080], 'tunnel', 'preset pypi'],
      ['c.example', [443], 'tunnel', 'preset pypi'],
    ]);
  });

  test('shares a host with another one, without a word', async () => {
    const registries = [
      { preset: 'npm', host: 'a.example', port: 443 },
      { preset: 'pypi', host: 'a.example', port: 8080 },
      { preset: 'pypi', host: 'a.example', port: 443 },
    ];
    const { reach, notices } = await planOf(files, { registries });
    expect(reach.routes).toMatchObject([{ host: 'a.example', ports: [443, 8080] }]);
    expect([reach.routes.length, notices]).toEqual([1, []]);
  });

  test('gives way to a route with a credential, which is said', async () => {
    const private_ = withEgress(
      'egress:',
      '  presets: [npm]',
      '  routes:',
      '    - { host: packages.example, auth: { scheme: Bearer, token_ref: T } }',
    );
    const { reach, notices } = await planOf(private_);
    expect(reach.routes).toMatchObject([{ host: 'packages.example', auth: { name: 'T' } }]);
    expect(notices).toEqual([
      {
        message: `packages.example: the route of preset npm gives way to that of ${DEV}:6`,
      },
    ]);
  });
});

describe('a group', () => {
  const GROUPS = [
    'egress_groups:',
    '  docs:',
    '    - { host: docs.example, auth: { scheme: Bearer, token_ref: DOCS } }',
    '    - { host: "*.docs.example", ports: [8443] }',
    '  unused:',
    '    - { host: no.example, auth: { scheme: Bearer, token_ref: UNUSED } }',
  ];

  test('opens its routes, each with its place and its credential', async () => {
    const files = withEgress(...GROUPS, 'egress: { presets: [docs] }');
    const { reach, secrets, env } = await planOf(files);
    expect(reach.routes).toMatchObject([
      { host: 'docs.example', auth: { name: 'DOCS' }, source: `${DEV}:5` },
      { host: '*.docs.example', ports: [8443], source: `${DEV}:6` },
    ]);
    expect(secrets).toEqual([{ name: 'DOCS', use: 'route docs.example', source: `${DEV}:5` }]);
    expect(env.map(({ name }) => name)).toEqual(['DOCS']);
  });

  test('that nobody names opens nothing', async () => {
    expect((await planOf(withEgress(...GROUPS))).reach.routes).toEqual([]);
  });

  test('of a bottle that is not merged in is an error, of one that is, not', async () => {
    const files = {
      'bot-bottle.yml': [
        'bottles:',
        '  base: { engine: bubblewrap, egress_groups: { docs: [{ host: docs.example }] } }',
        '  task: { engine: bubblewrap, egress: { presets: [docs] } }',
        'agents:',
        '  a: { bottle: task }',
      ].join('\n'),
    };
    await expect(planOf(files)).rejects.toMatchObject({
      outcome: 'config-invalid',
      what: 'The bottle has no group of routes "docs"',
      where: 'egress.presets, bot-bottle.yml:3',
    });
    const { reach } = await planOf(files, { inputs: { bottles: ['base', 'task'] } });
    expect(reach.routes).toMatchObject([{ host: 'docs.example', source: 'bot-bottle.yml:2' }]);
  });
});

test('a run without credentials reaches the same hosts with nothing to show, and says so', async () => {
  const files = withEgress(
    'egress:',
    '  presets: [github, docs]',
    '  github: { token_ref: G }',
    '  routes:',
    '    - host: a.example',
    '      auth: { scheme: Bearer, token_ref: A }',
    '      matches: [{ methods: [GET] }]',
    '    - { host: b.example, auth: { scheme: Bearer, token_ref: B } }',
    '    - host: api.github.com',
    '      auth: { scheme: Bearer, token_ref: C }',
    '      matches: [{ methods: [GET] }]',
    'egress_groups:',
    '  docs: [{ host: docs.example, auth: { scheme: Bearer, token_ref: D } }]',
    '  unused: [{ host: no.example, auth: { scheme: Bearer, token_ref: E } }]',
  );
  const trust = { ...(await requestOf(files)).trust, dropCredentials: true };
  const plan = await planOf(files, { trust });
  const hosts = (await planOf(files)).reach.routes.map(({ host }) => host);
  expect(plan.reach.routes.map(({ host }) => host)).toEqual(hosts);
  expect(plan.reach.routes.filter(({ auth }) => auth)).toEqual([]);
  expect(plan.reach.routes.slice(0, 2)).toMatchObject([
    { host: 'a.example', tls: 'open' },
    { host: 'b.example', tls: 'tunnel' },
  ]);
  expect([plan.secrets, plan.env]).toEqual([[], []]);
  const dropped = plan.notices.filter(({ message }) => message.includes('dropped'));
  expect(dropped.map(({ message, line }) => [message.split(',')[0], line])).toEqual([
    ['egress.github.token_ref', 5],
    ['egress.routes[0].auth', 8],
    ['egress.routes[1].auth', 10],
    ['egress.routes[2].auth', 12],
    ['egress_groups.docs[0].auth', 15],
  ]);
});
