/** `extends`, several bottles at once, and where each value then comes from. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { flatten, type Layers, layersOf, mergeLayers } from '../../src/manifest/extends.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import type { Selected } from '../../src/manifest/manifest.ts';
import { type Selection, selectBottle } from '../../src/manifest/select.ts';
import { memoryFiles } from './memory-files.ts';
import { problemsOf } from './problem.ts';

/** Bottles as YAML by name, and one agent `demo`. */
function manifest(bottles: Readonly<Record<string, string>>, agent = 'bottle: dev') {
  const files = Object.entries(bottles).map(([name, yaml]) => [
    `.bot-bottle/bottles/${name}.md`,
    `---\n${yaml}\n---\n`,
  ]);
  return {
    ...Object.fromEntries(files),
    '.bot-bottle/agents/demo.md': `---\n${agent}\n---\nHi.\n`,
  };
}

async function select(
  bottles: Readonly<Record<string, string>>,
  selection: Partial<Selection> = {},
  agent?: string,
): Promise<Selected> {
  const loaded = await loadManifest(memoryFiles(manifest(bottles, agent)));
  return selectBottle(loaded, { agent: 'demo', bottles: [], ...selection });
}

async function selectionError(...given: Parameters<typeof select>): Promise<BottleError> {
  try {
    await select(...given);
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
  throw new Error('it was selected');
}

const literal = (value: string) => ({ kind: 'literal', value });
const CLAUDE = { template: 'claude' };

describe('a child over its parent', () => {
  test.each([
    [
      'inherits what it does not say',
      'engine: bubblewrap',
      'extends: base',
      { engine: 'bubblewrap' },
    ],
    [
      'adds to env, and its own values win',
      'env: {A: "1", B: "1"}',
      'extends: base\nenv: {B: "2", C: "2"}',
      { env: { A: literal('1'), B: literal('2'), C: literal('2') } },
    ],
    [
      'clears no variable with an empty env',
      'env: {A: "1"}',
      'extends: base\nenv: {}',
      { env: { A: literal('1') } },
    ],
    [
      'merges the git user by field',
      'git-gate: {user: {name: A, email: a@x}}',
      'extends: base\ngit-gate: {user: {name: B}}',
      { 'git-gate': { user: { name: 'B', email: 'a@x' } } },
    ],
    [
      'keeps repos when it only names a user',
      'git-gate: {repos: {r: {url: "git@h:r"}}}',
      'extends: base\ngit-gate: {user: {name: B}}',
      { 'git-gate': { repos: { r: { url: 'git@h:r' } }, user: { name: 'B' } } },
    ],
    [
      'replaces repos whole',
      'git-gate: {repos: {r: {url: "git@h:r"}}}',
      'extends: base\ngit-gate: {repos: {s: {url: "git@h:s"}}}',
      { 'git-gate': { repos: { s: { url: 'git@h:s' } } } },
    ],
    [
      'clears repos with an empty map',
      'git-gate: {repos: {r: {url: "git@h:r"}}}',
      'extends: base\ngit-gate: {repos: {}}',
      { 'git-gate': { repos: {} } },
    ],
    [
      'replaces egress whole',
      'egress: {presets: [npm], routes: [{host: a.example}]}',
      'extends: base\negress: {routes: [{host: b.example}]}',
      { egress: { routes: [{ host: 'b.example' }] } },
    ],
    [
      'clears routes with an empty list',
      'egress: {presets: [npm], routes: [{host: a.example}]}',
      'extends: base\negress: {routes: []}',
      { egress: { routes: [] } },
    ],
    [
      'clears egress with an empty map',
      'egress: {presets: [npm]}',
      'extends: base\negress: {}',
      { egress: {} },
    ],
    [
      'adds to the groups of routes, and its own win whole',
      'egress_groups: {a: [{host: a.example}], b: [{host: b.example, ports: [1]}]}',
      'extends: base\negress_groups: {b: [{host: c.example}], d: []}',
      { egress_groups: { a: [{ host: 'a.example' }], b: [{ host: 'c.example' }], d: [] } },
    ],
    [
      'replaces limits whole',
      'limits: {minutes: 5, turns: 5}',
      'extends: base\nlimits: {minutes: 9}',
      { limits: { minutes: 9 } },
    ],
    [
      'replaces machine whole',
      'machine: {cpus: 2, memory_mib: 4096}',
      'extends: base\nmachine: {cpus: 4}',
      { machine: { cpus: 4 } },
    ],
    [
      'replaces image whole',
      'image: {host: true}',
      'extends: base\nimage: {smolfile: a.toml}',
      { image: { smolfile: 'a.toml' } },
    ],
    [
      'replaces outputs whole',
      'outputs: [a, b]',
      'extends: base\noutputs: [c]',
      { outputs: ['c'] },
    ],
    [
      'clears outputs with an empty list',
      'outputs: [a, b]',
      'extends: base\noutputs: []',
      { outputs: [] },
    ],
    [
      'replaces the workspace whole',
      'workspace: {path: a, exclude: [x]}',
      'extends: base\nworkspace: {path: b}',
      { workspace: { path: 'b' } },
    ],
  ])('%s', async (_, base, dev, expected) => {
    const { bottle } = await select({ base, dev });
    expect(bottle).toEqual({ agent_provider: CLAUDE, ...expected });
  });

  test('replaces the provider whole', async () => {
    const { bottle } = await select({
      base: 'agent_provider: {template: codex, model: m}',
      dev: 'extends: base\nagent_provider: {auth_token: T}',
    });
    expect(bottle.agent_provider).toEqual({ template: 'claude', auth_token: 'T' });
  });

  test('over a chain of three', async () => {
    const { bottle } = await select({
      a: 'env: {A: a, B: a, C: a}',
      b: 'extends: a\nenv: {B: b, C: b}',
      dev: 'extends: b\nenv: {C: c}',
    });
    expect(bottle.env).toEqual({ A: literal('a'), B: literal('b'), C: literal('c') });
  });

  test('over a chain of two thousand', async () => {
    const bottles: Record<string, string> = { dev: 'extends: b1999' };
    for (let index = 0; index < 2000; index += 1) {
      bottles[`b${index}`] = index === 0 ? 'env: {A: deep}' : `extends: b${index - 1}`;
    }
    expect((await select(bottles)).bottle.env).toEqual({ A: literal('deep') });
  });
});

describe('a chain that leads nowhere', () => {
  const path = (name: string) => `.bot-bottle/bottles/${name}.md`;

  test.each<[string, Record<string, string>, string[]]>([
    [
      'a missing parent',
      { dev: 'extends: bsae', base: '{}' },
      [
        `${path('dev')}:2:10 extends: there is no bottle "bsae" (dev → bsae). Did you mean "base"? Bottles: base, dev.`,
      ],
    ],
    [
      'itself',
      { dev: 'extends: dev' },
      [`${path('dev')}:2:10 extends: dev → dev is a circle; remove one \`extends\``],
    ],
    [
      'two in a circle',
      { a: 'extends: dev', dev: 'engine: smolvm\nextends: a' },
      [`${path('a')}:2:10 extends: a → dev → a is a circle; remove one \`extends\``],
    ],
    [
      'three in a circle, and one that leads into it',
      { a: 'extends: c', b: 'extends: a', c: 'extends: b', dev: 'extends: a' },
      [`${path('a')}:2:10 extends: a → c → b → a is a circle; remove one \`extends\``],
    ],
    [
      'two circles',
      { a: 'extends: a', b: 'extends: b', dev: '{}' },
      [`${path('a')}:2:10 extends: a → a is`, `${path('b')}:2:10 extends: b → b is`],
    ],
  ])('%s', async (_, bottles, expected) => {
    const actual = await problemsOf(manifest(bottles));
    expect(actual.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  });
});

describe('a selection', () => {
  test('several bottles merge from left to right', async () => {
    const bottles = {
      base: 'env: {A: base, B: base}\noutputs: [a]',
      task: 'env: {B: task}\noutputs: [b]',
      dev: '{}',
    };
    const { bottle, bottleNames, source } = await select(bottles, { bottles: ['base', 'task'] });
    expect(bottleNames).toEqual(['base', 'task']);
    expect(bottle).toEqual({
      agent_provider: CLAUDE,
      env: { A: literal('base'), B: literal('task') },
      outputs: ['b'],
    });
    expect(source('bottle')).toBe('input bottle');
    const reversed = await select(bottles, { bottles: ['task', 'base'] });
    expect(reversed.bottle.outputs).toEqual(['a']);
  });

  test('the agent’s git user is laid over the bottle’s', async () => {
    const { bottle, source } = await select(
      { dev: 'git-gate: {user: {name: A, email: a@x}}' },
      {},
      'bottle: dev\ngit-gate: {user: {name: B}}',
    );
    expect(bottle['git-gate']).toEqual({ user: { name: 'B', email: 'a@x' } });
    expect(source('bottle.git-gate.user.name')).toBe('.bot-bottle/agents/demo.md:3');
    expect(source('bottle.git-gate.user.email')).toBe('.bot-bottle/bottles/dev.md:2');
  });

  test('an agent that is not named is the only one', async () => {
    const { agentName, agent } = await select({ dev: '{}' }, { agent: '' });
    expect(agentName).toBe('demo');
    expect(agent).toEqual({ bottle: 'dev', skills: [], prompt: 'Hi.' });
  });

  test.each<[string, Partial<Selection>, string, RegExp]>([
    [
      'an unknown agent',
      { agent: 'dmeo' },
      'bottle: dev',
      /^There is no agent "dmeo" \(input agent, manifest \.bot-bottle\)\. Name one of its agents: demo\. Did you mean "demo"\?$/,
    ],
    [
      'an unknown bottle',
      { bottles: ['dev', 'dav'] },
      'bottle: dev',
      /^There is no bottle "dav" \(input bottle, manifest \.bot-bottle\)\. Name one or more that it has\. Bottles: dev\. Did you mean "dev"\?$/,
    ],
    [
      'no bottle at all',
      {},
      'skills: []',
      /^The agent "demo" has no bottle to run in \(\.bot-bottle\/agents\/demo\.md:2, input bottle is empty\)\. Add `bottle` to the agent or name one with the input `bottle`\. Bottles: dev\.$/,
    ],
    [
      'the name of an inherited property',
      { agent: 'constructor' },
      'bottle: dev',
      /^There is no agent "constructor"/,
    ],
  ])('%s is an error', async (_, selection, agent, message) => {
    expect((await selectionError({ dev: '{}' }, selection, agent)).message).toMatch(message);
  });

  test('no agent named where there are two is an error', async () => {
    const files = { 'bot-bottle.json': '{"bottles": {"dev": {}}, "agents": {"a": {}, "b": {}}}' };
    const loaded = await loadManifest(memoryFiles(files));
    expect(() => selectBottle(loaded, { agent: '', bottles: [] })).toThrow(
      'No agent is named (input agent, manifest bot-bottle.json). Name one of its agents: a, b.',
    );
  });
});

describe('sources', () => {
  const bottles = {
    base: 'limits:\n  minutes: 5\nenv:\n  A: x\n  B: x\negress:\n  routes:\n    - host: a.example',
    dev: 'extends: base\nenv:\n  B: y\nmachine:\n  cpus: 2\ngit-gate:\n  repos:\n    my.repo:\n      url: git@h:r',
  };
  test.each<[string | readonly string[], string]>([
    ['bottle', '.bot-bottle/agents/demo.md:2'],
    ['bottle.limits.minutes', '.bot-bottle/bottles/base.md:3'],
    ['bottle.limits.turns', 'default'],
    ['bottle.env.A', '.bot-bottle/bottles/base.md:5'],
    ['bottle.env.B', '.bot-bottle/bottles/dev.md:4'],
    ['bottle.env.C', 'default'],
    ['bottle.machine.cpus', '.bot-bottle/bottles/dev.md:6'],
    ['bottle.egress.routes.0.host', '.bot-bottle/bottles/base.md:9'],
    ['bottle.agent_provider.template', 'default'],
    [['bottle', 'git-gate', 'repos', 'my.repo', 'url'], '.bot-bottle/bottles/dev.md:10'],
    ['agent.bottle', '.bot-bottle/agents/demo.md:2'],
    ['agent.prompt', '.bot-bottle/agents/demo.md:4'],
    ['agent.skills', 'default'],
  ])('%s', async (path, expected) => {
    expect((await select(bottles)).source(path)).toBe(expected);
  });
});

test('merging is associative', async () => {
  const variable = fc.constantFrom('A', 'B', 'C');
  const word = fc.constantFrom('x', 'y', 'z');
  const bottle = fc.record(
    {
      env: fc.dictionary(variable, word),
      'git-gate': fc.record(
        {
          user: fc.record({ name: word, email: word }, { requiredKeys: [] }),
          repos: fc.dictionary(word, fc.constant({ url: 'git@h:r' })),
        },
        { requiredKeys: [] },
      ),
      outputs: fc.uniqueArray(word),
      limits: fc.record({ minutes: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      engine: fc.constantFrom('smolvm', 'bubblewrap'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(bottle, bottle, bottle, async (a, b, c) => {
      const text = JSON.stringify({ bottles: { a, b, c } });
      const { bottles } = await loadManifest(memoryFiles({ 'bot-bottle.json': text }));
      const [x, y, z] = ['a', 'b', 'c'].map((name) => layersOf(bottles, name)) as [
        Layers,
        Layers,
        Layers,
      ];
      const left = mergeLayers(mergeLayers(x, y), z);
      const right = mergeLayers(x, mergeLayers(y, z));
      expect(flatten(left)).toEqual(flatten(right));
      expect(left).toEqual(right);
    }),
    { numRuns: 500 },
  );
});
