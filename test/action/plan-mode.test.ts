/** `mode: plan` of the built action: says everything, needs nothing, leaves nothing. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepRequest, StepResult } from '../runner/run-step.ts';
import { openScene, type Scene } from './scene.ts';

const SHA = 'a'.repeat(64);
const API_KEY = 'value-of-api-key-1234';
const ROUTE_TOKEN = 'value-of-route-token-5678';
/** Nothing is on it: no smolvm, no bwrap, no git. */
const NOTHING_INSTALLED = { PATH: '/nonexistent' };
const SECRETS = { API_KEY, ROUTE_TOKEN };

const FILES = {
  'bot-bottle.yml': `bottles:
  dev:
    env:
      LEVEL: literal-value-9876
      KEY: \${API_KEY}
    agent_provider: { template: command, command: [agent, --go] }
    egress:
      presets: [npm]
      routes:
        - host: api.example
          auth: { scheme: Bearer, token_ref: ROUTE_TOKEN }
    image: { smolmachine: demo.smolmachine, sha256: ${SHA} }
    machine: { cpus: 2 }
    limits: { minutes: 7 }
agents:
  hello:
    bottle: dev
    skills: [greet]
    prompt: Be good.
`,
  'skills/greet/SKILL.md': 'Greet.\n',
};

/** Text that a reviewer of a manifest might overlook, in every place that takes free text. */
const EVIL = '`|<img src=x>@octocat #1 ::error::no ##[group]x';
const HOSTILE = {
  'bot-bottle.json': JSON.stringify({
    bottles: {
      dev: {
        agent_provider: { template: 'command', command: [EVIL] },
        'git-gate': { user: { name: EVIL, email: EVIL } },
        image: { smolmachine: `./${EVIL.replaceAll(':', '')}` },
        workspace: { exclude: [EVIL] },
        outputs: [EVIL],
      },
    },
    agents: { hello: { bottle: 'dev' } },
  }),
};

describe('a step with mode: plan', () => {
  let scene: Scene;
  let hostile: Scene;
  let result: StepResult;
  const request: Partial<StepRequest> = {
    inputs: { mode: 'plan', engine: '', 'idle-minutes': '3' },
    env: { ...NOTHING_INSTALLED, ...SECRETS },
  };

  beforeAll(async () => {
    [scene, hostile] = await Promise.all([openScene(FILES), openScene(HOSTILE)]);
    result = await scene.run(request);
  });
  afterAll(() => Promise.all([scene.close(), hostile.close()]));

  test('succeeds where nothing is installed, and creates nothing', () => {
    expect(result.exitCode, result.log).toBe(0);
    expect(result.conclusion).toBe('success');
    expect(result.outputs).toEqual({ 'run-id': expect.stringMatching(/^hello-[0-9a-z]{5}$/) });
    expect(result.state).not.toHaveProperty('run');
    expect(result.leftovers).toEqual([]);
    expect(result.orphans).toEqual([]);
    expect(scene.service.listArtifacts()).toEqual([]);
  });

  test('prints the plan as JSON in a group of its own', () => {
    const plan = jsonOf(result);
    const at = (line: number) => `bot-bottle.yml:${line}`;
    expect(plan).toMatchObject({
      version: 1,
      runId: result.outputs['run-id'],
      agent: { argv: ['agent', '--go'], bottles: { value: ['dev'], source: at(17) } },
      engine: { value: 'smolvm', source: 'default' },
      image: { value: { reference: 'demo.smolmachine', sha256: SHA }, source: at(12) },
      machine: { cpus: { value: 2, source: at(13) } },
      limits: {
        minutes: { value: 7, source: at(14) },
        idleMinutes: { value: 3, source: 'input idle-minutes' },
        outputMib: { value: 1024, source: 'default' },
      },
      env: [
        { name: 'KEY', from: `\${API_KEY}`, source: at(5) },
        { name: 'LEVEL', from: 'literal', source: at(4) },
      ],
      reach: { enforced: 'refuse-all', routes: [{ value: 'api.example', source: at(10) }] },
      secrets: [{ name: 'API_KEY' }, { name: 'ROUTE_TOKEN' }],
      provision: { skills: { list: [{ name: 'greet', from: `${scene.workspace}/skills/greet` }] } },
    });
  });

  test.each([
    ['agent', 'hello', 'input agent'],
    ['bottles', 'dev', 'bot-bottle.yml:17'],
    ['command', 'agent --go', 'bot-bottle.yml:6'],
    ['engine', 'smolvm, microvm', 'default'],
    ['image', 'demo.smolmachine', 'bot-bottle.yml:12'],
    ['image digest', `sha256:${SHA}`, 'bot-bottle.yml:12'],
    ['cpus', '2', 'bot-bottle.yml:13'],
    ['minutes', '7', 'bot-bottle.yml:14'],
    ['idle minutes', '3', 'input idle-minutes'],
    ['skill greet', '<workspace>/skills/greet', 'bot-bottle.yml:18'],
    ['env KEY', `\${API_KEY}`, 'bot-bottle.yml:5'],
    ['env LEVEL', 'literal', 'bot-bottle.yml:4'],
    ['API_KEY', 'env KEY', 'bot-bottle.yml:5'],
    ['ROUTE_TOKEN', 'route api.example', 'bot-bottle.yml:11'],
    ['route', 'api.example', 'bot-bottle.yml:10'],
    ['presets', 'npm', 'bot-bottle.yml:8'],
  ])('says in the summary: %s, %s, from %s', (...cells) => {
    const shown = cells.map((cell) => `\`${cell.replace('<workspace>', scene.workspace)}\``);
    expect(result.summary).toContain(`| ${shown.join(' | ')} |`);
  });

  test('says what this version does with the routes', () => {
    const said = "egress.routes are declared, but this version's gateway refuses every request";
    expect(result.summary).toContain('**Nothing**: the gateway of this version refuses every');
    expect(result.summary).toContain(`bot-bottle.yml:9 ${said}`);
    expect(jsonOf(result).notices).toContainEqual({
      message: said,
      file: 'bot-bottle.yml',
      line: 9,
    });
  });

  test('tells no value, neither of a variable nor of an entry', () => {
    for (const text of [result.rawLog, result.summary, JSON.stringify(result.outputs)]) {
      for (const value of [API_KEY, ROUTE_TOKEN, 'literal-value-9876', 'Be good.', 'Greet Ada']) {
        expect(text).not.toContain(value);
      }
    }
  });

  test('does not need what only a run asks for: the image, the token of a route', async () => {
    const { exitCode, log } = await scene.run({
      ...request,
      env: { ...NOTHING_INSTALLED, API_KEY },
    });
    expect(exitCode, log).toBe(0);
  });

  test('names a variable that the step lacks, as a run would', async () => {
    const { exitCode, annotations } = await scene.run({ ...request, env: NOTHING_INSTALLED });
    expect(exitCode).toBe(1);
    expect(annotations.at(-1)?.message).toMatch(/API_KEY.*bot-bottle\.yml:5/s);
  });

  test('keeps hostile text of a manifest in code, and out of the runner’s commands', async () => {
    const { exitCode, log, summary, annotations, outputs } = await hostile.run({
      ...request,
      env: NOTHING_INSTALLED,
    });
    expect(exitCode, log).toBe(0);
    expect(annotations).toEqual([]);
    expect(Object.keys(outputs)).toEqual(['run-id']);
    // What is left of the page without its code spans is ours.
    const ours = summary.replace(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
    expect(summary).toContain('img src=x');
    expect(ours).not.toMatch(/img|octocat|#1|::error/);
  });
});

/** Every line of the JSON stands between the group's two commands. */
function jsonOf({ rawLog }: StepResult) {
  const group = /^::group::The plan as JSON\n(?<json>[\s\S]*?)\n::endgroup::/m.exec(rawLog);
  return JSON.parse(group?.groups?.json ?? '');
}
