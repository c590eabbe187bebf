/** `mode: plan` of the built action: says everything, needs nothing, leaves nothing. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
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
      presets: [docs]
      routes:
        - host: api.example
          auth: { scheme: Bearer, token_ref: ROUTE_TOKEN }
    image: { smolmachine: demo.smolmachine, sha256: ${SHA} }
    machine: { cpus: 2 }
    limits: { minutes: 7, requests: 50 }
    egress_groups:
      docs: [{ host: docs.example, ports: [8443], dlp: { outbound_detectors: false } }]
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
      agent: { argv: ['agent', '--go'], bottles: { value: ['dev'], source: at(19) } },
      engine: { value: 'smolvm', source: 'default' },
      image: { value: { reference: 'demo.smolmachine', sha256: SHA }, source: at(12) },
      machine: { cpus: { value: 2, source: at(13) } },
      limits: {
        minutes: { value: 7, source: at(14) },
        idleMinutes: { value: 3, source: 'input idle-minutes' },
        outputMib: { value: 1024, source: 'default' },
      },
      env: [
        { name: 'BOTTLE_EVENTS_FD', from: 'literal', source: 'provider command' },
        { name: 'KEY', from: `\${API_KEY}`, source: at(5) },
        { name: 'LEVEL', from: 'literal', source: at(4) },
        { name: 'ROUTE_TOKEN', from: 'literal', source: at(10) },
      ],
      reach: {
        mode: { value: 'enforce', source: 'default' },
        routes: [
          { host: 'api.example', tls: 'open', auth: { name: 'ROUTE_TOKEN' }, source: at(10) },
          { host: 'docs.example', ports: [8443], tls: 'tunnel', source: at(16) },
        ],
        limits: { requests: { value: 50, source: at(14) }, tokens: { value: null } },
      },
      secrets: [{ name: 'API_KEY' }, { name: 'ROUTE_TOKEN' }],
      provision: { skills: { list: [{ name: 'greet', from: `${scene.workspace}/skills/greet` }] } },
    });
  });

  test.each([
    ['agent', 'hello', 'input agent'],
    ['bottles', 'dev', 'bot-bottle.yml:19'],
    ['command', 'agent --go', 'bot-bottle.yml:6'],
    ['engine', 'smolvm, microvm', 'default'],
    ['image', 'demo.smolmachine', 'bot-bottle.yml:12'],
    ['image digest', `sha256:${SHA}`, 'bot-bottle.yml:12'],
    ['cpus', '2', 'bot-bottle.yml:13'],
    ['minutes', '7', 'bot-bottle.yml:14'],
    ['idle minutes', '3', 'input idle-minutes'],
    ['skill greet', '<workspace>/skills/greet', 'bot-bottle.yml:20'],
    ['env KEY', `\${API_KEY}`, 'bot-bottle.yml:5'],
    ['env LEVEL', 'literal', 'bot-bottle.yml:4'],
    ['API_KEY', 'env KEY', 'bot-bottle.yml:5'],
    ['ROUTE_TOKEN', 'route api.example', 'bot-bottle.yml:11'],
    ['presets', 'docs', 'bot-bottle.yml:8'],
    ['requests to models', '50', 'bot-bottle.yml:14'],
    ['tokens', 'no limit', 'default'],
  ])('says in the summary: %s, %s, from %s', (...cells) => {
    const shown = cells.map((cell) => `\`${cell.replace('<workspace>', scene.workspace)}\``);
    expect(result.summary).toContain(`| ${shown.join(' | ')} |`);
  });

  test('says of each route what it lets through, and with which credential', () => {
    const rows = [
      '| `api.example` | `443, 80` | `opened: auth` | `ROUTE_TOKEN as authorization` | `all` |  | `bot-bottle.yml:10` |',
      '| `docs.example` | `8443` | `tunnelled` |  | `all` |  | `bot-bottle.yml:16` |',
    ];
    expect(result.summary).toContain(rows.join('\n'));
  });

  test('asks this runner’s own npm for the preset of that name, and not that of the checkout', async () => {
    const { npm, close } = await openNpmScene();
    try {
      const answered = await npm.run({ ...request, env: { PATH: npm.workspace } });
      const absent = await npm.run({ ...request, env: NOTHING_INSTALLED });
      expect(answered.exitCode, answered.log).toBe(0);
      expect(answered.summary).toContain('| `npm.example` | `4873` | `tunnelled` |');
      expect(absent.exitCode).toBe(1);
      expect(absent.annotations.at(-1)?.message).toMatch(/"npm" is: this runner has no npm.*:5/s);
    } finally {
      await close();
    }
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

/** A checkout that names another registry, and beside its manifest a program `npm` for PATH. */
async function openNpmScene() {
  const npm = await openScene({
    'bot-bottle.yml': `bottles:
  dev:
    agent_provider: { template: command, command: [x] }
    image: { smolmachine: x }
    egress: { presets: [npm] }
agents:
  hello: { bottle: dev }
`,
    '.npmrc': 'registry=https://evil.example/',
    npm: '#!/bin/sh\n[ -e .npmrc ] || echo http://user:secret@npm.example:4873/',
  });
  chmodSync(join(npm.workspace, 'npm'), 0o755);
  return { npm, close: () => npm.close() };
}

/** Every line of the JSON stands between the group's two commands. */
function jsonOf({ rawLog }: StepResult) {
  const group = /^::group::The plan as JSON\n(?<json>[\s\S]*?)\n::endgroup::/m.exec(rawLog);
  return JSON.parse(group?.groups?.json ?? '');
}
