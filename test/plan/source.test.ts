/** Each value of the plan: which of input, manifest and default wins, and what it says of itself. */
import { describe, expect, test } from 'vitest';
import type { Inputs } from '../../src/inputs.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { directory, type Given, planOf } from './scene.ts';

const DEV = '.bot-bottle/bottles/dev.md';
const AGENT = '.bot-bottle/agents/a.md';
const SHA = 'a'.repeat(64);
const OTHER_SHA = 'b'.repeat(64);

/** What a value is and where it came from. */
type Read = (plan: Plan) => { readonly value: unknown; readonly source: string };

type Line = {
  readonly name: string;
  readonly read: Read;
  /** Absent: there is no such input. */
  readonly input?: readonly [Partial<Inputs>, value: unknown, source: string];
  /** On the third line of its file. */
  readonly manifest?: readonly [yaml: string, value: unknown, file?: string];
  readonly otherwise?: readonly [value: unknown, source: string];
};

const LINES: readonly Line[] = [
  {
    name: 'engine',
    read: (plan) => plan.engine,
    input: [{ engine: 'bubblewrap' }, 'bubblewrap', 'input engine'],
    manifest: ['engine: bubblewrap', 'bubblewrap'],
    otherwise: ['smolvm', 'default'],
  },
  {
    name: 'image',
    read: (plan) => plan.image,
    input: [
      { image: 'i.smolmachine' },
      { kind: 'smolmachine', reference: 'i.smolmachine', sha256: '' },
      'input image',
    ],
    manifest: [
      'image: { smolmachine: m.smolmachine }',
      { kind: 'smolmachine', reference: 'm.smolmachine', sha256: '' },
    ],
  },
  {
    name: 'image digest',
    read: ({ image: { value }, sources }) => ({
      value: value.kind === 'smolmachine' && value.sha256,
      source: sources.imageSha256,
    }),
    input: [{ imageSha256: OTHER_SHA }, OTHER_SHA, 'input image-sha256'],
    manifest: [`image: { smolmachine: m.smolmachine, sha256: ${SHA} }`, SHA],
    otherwise: ['', 'default'],
  },
  {
    name: 'minutes',
    read: (plan) => plan.limits.minutes,
    input: [{ minutes: 0.5 }, 0.5, 'input minutes'],
    manifest: ['limits: { minutes: 7 }', 7],
    otherwise: [30, 'default'],
  },
  {
    name: 'idle minutes',
    read: (plan) => plan.limits.idleMinutes,
    // Zero is a value: no limit.
    input: [{ idleMinutes: 0 }, 0, 'input idle-minutes'],
    manifest: ['limits: { idle_minutes: 3 }', 3],
    otherwise: [10, 'default'],
  },
  {
    name: 'output',
    read: (plan) => plan.limits.outputMib,
    manifest: ['limits: { output_mib: 12.5 }', 12.5],
    otherwise: [1024, 'default'],
  },
  {
    name: 'cpus',
    read: (plan) => plan.machine.cpus,
    manifest: ['machine: { cpus: 9 }', 9],
    otherwise: [3, 'default: cores − 1, at most 3'],
  },
  {
    name: 'memory',
    read: (plan) => plan.machine.memoryMib,
    manifest: ['machine: { memory_mib: 8192 }', 8192],
    otherwise: [4096, 'default: 60 % of free, from 256 to 4096'],
  },
  {
    name: 'storage',
    read: (plan) => plan.machine.storageGib,
    manifest: ['machine: { storage_gib: 33 }', 33],
    otherwise: [10, 'default: half of free, at most 10'],
  },
  {
    name: 'outputs',
    read: (plan) => plan.outputs,
    input: [{ outputs: ['i/*'] }, ['i/*'], 'input outputs'],
    manifest: ['outputs: [m/*]', ['m/*']],
    otherwise: [[], 'default'],
  },
  {
    name: 'outputs of the agent',
    read: (plan) => plan.outputs,
    input: [{ outputs: ['i/*'] }, ['i/*'], 'input outputs'],
    manifest: ['outputs: [m/*]', ['m/*'], AGENT],
  },
  {
    name: 'workspace',
    read: ({ provision, sources }) => ({
      value: provision.workspace.from,
      source: sources.workspace,
    }),
    input: [{ workspace: '/checkout/part' }, '/checkout', 'input workspace'],
    manifest: ['workspace: { path: part }', '/checkout'],
    otherwise: ['/checkout', 'default'],
  },
  {
    name: 'what stays out of the workspace',
    read: ({ provision, sources }) => ({
      value: provision.workspace.exclude,
      source: sources.exclude,
    }),
    manifest: ['workspace: { exclude: [big] }', ['big']],
    otherwise: [[], 'default'],
  },
  {
    name: "git's user.name",
    read: ({ provision, sources }) => ({ value: provision.gitUser.name, source: sources.gitName }),
    manifest: ['git-gate: { user: { name: Ada } }', 'Ada'],
    otherwise: ['a', 'default'],
  },
  {
    name: "git's user.name of the agent",
    read: ({ provision, sources }) => ({ value: provision.gitUser.name, source: sources.gitName }),
    manifest: ['git-gate: { user: { name: Ada } }', 'Ada', AGENT],
  },
  {
    name: "git's user.email",
    read: ({ provision, sources }) => ({
      value: provision.gitUser.email,
      source: sources.gitEmail,
    }),
    manifest: ['git-gate: { user: { email: a@b.example } }', 'a@b.example'],
    otherwise: ['a@bottle.invalid', 'default'],
  },
  {
    name: 'artifact',
    read: ({ artifact, sources }) => ({ value: artifact.name, source: sources.artifactName }),
    input: [{ artifactName: 'mine' }, 'mine', 'input artifact-name'],
    otherwise: ['bottle-a-abc12', 'default'],
  },
  {
    name: 'retention',
    read: ({ artifact, sources }) => ({
      value: artifact.retentionDays,
      source: sources.retentionDays,
    }),
    input: [{ retentionDays: 5 }, 5, 'input retention-days'],
    otherwise: [0, 'default'],
  },
  {
    name: 'task from a text',
    read: ({ provision, sources }) => ({ value: provision.task.text, source: sources.task }),
    input: [{ task: { kind: 'text', text: 'Do it.' } }, 'Do it.', 'input task'],
  },
  {
    name: 'task from a file',
    read: ({ provision, sources }) => ({ value: provision.task.text, source: sources.task }),
    input: [{ task: { kind: 'file', path: '/checkout/t.md' } }, 'Do it.', 'input task-file'],
  },
  {
    name: 'agent',
    read: (plan) => plan.agent.name,
    input: [{ agent: 'a' }, 'a', 'input agent'],
    otherwise: ['a', 'default'],
  },
  {
    name: 'bottle',
    read: (plan) => plan.agent.bottles,
    input: [{ bottles: ['dev'] }, ['dev'], 'input bottle'],
  },
  {
    name: 'provider',
    read: (plan) => plan.agent.provider,
    manifest: ['agent_provider: { template: command, command: [x] }', 'command'],
    otherwise: ['claude', 'default'],
  },
  {
    name: 'mode of egress',
    read: (plan) => plan.reach.mode,
    manifest: ['egress: { mode: learn }', 'learn'],
    otherwise: ['enforce', 'default'],
  },
  {
    name: 'presets',
    read: (plan) => plan.reach.presets,
    manifest: ['egress: { presets: [npm, go] }', ['npm', 'go']],
    otherwise: [[], 'default'],
  },
];

/** Fills what a plan cannot be without, in the lines after the one that is tested. */
function planWith(bottle: string, file: string, inputs: Partial<Inputs>): Promise<Plan> {
  const [ofBottle, ofAgent] = file === AGENT ? ['', bottle] : [bottle, ''];
  const image = ofBottle.startsWith('image:') ? '' : 'image: { smolmachine: m.smolmachine }';
  const files = directory(`\n${ofBottle}\n${image}`, ofAgent);
  return planOf(files, { inputs });
}

describe('the default of', () => {
  test.each(LINES.filter((line) => line.otherwise))('$name', async (line) => {
    const { read, otherwise: [value, source] = [] } = line;
    expect(read(await planWith('', DEV, {}))).toEqual({ value, source });
  });
});

describe('the manifest’s, by file and line,', () => {
  test.each(LINES.filter((line) => line.manifest))('$name', async ({ read, manifest = [''] }) => {
    const [yaml, value, file = DEV] = manifest;
    expect(read(await planWith(yaml, file, {}))).toEqual({ value, source: `${file}:3` });
  });
});

describe('the input’s, whatever the manifest says,', () => {
  test.each(LINES.filter((line) => line.input))('$name', async ({ read, input = [], manifest }) => {
    const [inputs = {}, value, source] = input;
    const [yaml = '', , file = DEV] = manifest ?? [];
    expect(read(await planWith('', file, inputs))).toEqual({ value, source });
    expect(read(await planWith(yaml, file, inputs))).toEqual({ value, source });
  });
});

test('an input image does not inherit the digest of the manifest’s image', async () => {
  const files = directory(`image: { smolmachine: m.smolmachine, sha256: ${SHA} }`);
  const { image, sources } = await planOf(files, { inputs: { image: 'i.smolmachine' } });
  expect(image.value).toEqual({ kind: 'smolmachine', reference: 'i.smolmachine', sha256: '' });
  expect(sources.imageSha256).toBe('default');
});

test('the bottle is named where the agent names it, unless the input does', async () => {
  const { agent } = await planOf(directory('image: { smolmachine: m.smolmachine }'));
  expect(agent.bottles).toEqual({ value: ['dev'], source: `${AGENT}:2` });
});

const MERGED = {
  'bot-bottle.yml': [
    'bottles:',
    '  base:',
    '    env: { A: base, B: base }',
    '    limits: { minutes: 1, idle_minutes: 2 }',
    '    engine: bubblewrap',
    '  task:',
    '    env: { B: task }',
    '    limits: { minutes: 3 }',
    '    git-gate: { user: { name: T } }',
    'agents:',
    '  a: { bottle: base, git-gate: { user: { email: a@b.example } } }',
  ].join('\n'),
};

test('of several bottles the right one wins, unit by unit, and each value names its own line', async () => {
  const plan = await planOf(MERGED, { inputs: { bottles: ['base', 'task'] } });
  expect(plan.agent.bottles).toEqual({ value: ['base', 'task'], source: 'input bottle' });
  expect(plan.env).toEqual([
    { name: 'A', kind: 'literal', value: 'base', source: 'bot-bottle.yml:3' },
    { name: 'B', kind: 'literal', value: 'task', source: 'bot-bottle.yml:7' },
  ]);
  expect(plan.limits.minutes).toEqual({ value: 3, source: 'bot-bottle.yml:8' });
  // `limits` is replaced whole.
  expect(plan.limits.idleMinutes).toEqual({ value: 10, source: 'default' });
  expect(plan.engine).toEqual({ value: 'bubblewrap', source: 'bot-bottle.yml:5' });
  expect(plan.provision.gitUser).toEqual({ name: 'T', email: 'a@b.example' });
  expect(plan.sources).toMatchObject({
    gitName: 'bot-bottle.yml:9',
    gitEmail: 'bot-bottle.yml:11',
  });
});

test('the outputs of the agent and of the bottle add up, each named once', async () => {
  const files = directory('outputs: [both, b]\nengine: bubblewrap', 'outputs: [a, both]');
  const { outputs } = await planOf(files);
  expect(outputs).toEqual({ value: ['a', 'both', 'b'], source: `${AGENT}:3, ${DEV}:2` });
});

test.each<[string, Given, string]>([
  ['', {}, 'default'],
  ['/opt/skills/', { guestSkillsDirectory: '/opt/skills/' }, 'CLAUDE_BOTTLE_GUEST_SKILLS_DIR'],
])('skills go to %j', async (given, request, source) => {
  const skills = [{ name: 'greet', from: '/checkout/.bot-bottle/skills/greet' }];
  const files = directory('engine: bubblewrap', 'skills: [greet]');
  const plan = await planOf(files, { ...request, skills });
  const to = given === '' ? '/home/node/.claude/skills' : '/opt/skills';
  expect(plan.provision.skills).toEqual({ list: skills, to });
  expect(plan.sources).toMatchObject({ skills: `${AGENT}:3`, skillsDirectory: source });
});

test.each([
  ['without a prompt', '', '', 'default'],
  ['with a prompt', 'prompt: Be good.', 'Be good.', 'bot-bottle.yml:6'],
])('the prompt’s file is written %s', async (_, prompt, text, source) => {
  const lines = ['bottles:', '  dev:', '    engine: bubblewrap', 'agents:', '  a:'];
  const agent = [...lines, `    ${prompt}`, '    bottle: dev'].join('\n');
  const plan = await planOf({ 'bot-bottle.yml': agent });
  expect(plan.provision.prompt).toEqual({ text, to: '/home/node/.claude-bottle-prompt.txt' });
  expect(plan.sources.prompt).toBe(source);
});

test('a Markdown body is a prompt with a place, too', async () => {
  const files = directory('engine: bubblewrap');
  const agent = '---\nbottle: dev\n---\nBe good.\n';
  const plan = await planOf({ ...files, [AGENT]: agent });
  expect(plan.provision.prompt.text).toBe('Be good.');
  expect(plan.sources.prompt).toMatch(/^\.bot-bottle\/agents\/a\.md:\d$/);
});
