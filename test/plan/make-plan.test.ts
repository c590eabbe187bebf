/** What the plan decides, from manifests that were loaded as a run loads them. */
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import type { Inputs } from '../../src/inputs.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { directory, type Files, type Given, planOf, requestOf } from './scene.ts';

const LOCAL = directory('engine: bubblewrap');
const SHA = 'a'.repeat(64);

async function errorOf(files: Files, given?: Given): Promise<BottleError> {
  const thrown = await planOf(files, given).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof BottleError)) throw new Error('no error of ours', { cause: thrown });
  return thrown;
}

describe('the size of the machine', () => {
  const sizeOn = async (cores: number, freeMemoryMib: number) => {
    const facts = { cores, memoryMib: 2 * freeMemoryMib, freeMemoryMib };
    const { cpus, memoryMib } = (await planOf(LOCAL, { facts })).machine;
    return [cpus.value, memoryMib.value];
  };

  test.each([
    [1, 200, 1, 256],
    [2, 426, 1, 256],
    [2, 427, 1, 256],
    [2, 500, 1, 300],
    [3, 2048, 2, 1228],
    [4, 6826, 3, 4095],
    [5, 6827, 4, 4096],
    [64, 65_536, 4, 4096],
  ])('on %i cores with %i MiB free: %i and %i MiB', async (cores, free, cpus, memory) => {
    expect(await sizeOn(cores, free)).toEqual([cpus, memory]);
  });

  test('is whole and within bounds on every runner', async () => {
    for (let cores = 1; cores <= 64; cores += 1) {
      const [cpus = 0, memory = 0] = await sizeOn(cores, Math.round(200 * 1.0965 ** cores));
      expect([1, 2, 3, 4]).toContain(cpus);
      expect(cpus).toBeLessThanOrEqual(Math.max(1, cores - 1));
      expect(Number.isInteger(memory) && memory >= 256 && memory <= 4096).toBe(true);
    }
  });
});

describe('the environment', () => {
  const ENV = directory(`engine: bubblewrap\nenv: { Z: z, A: "\${SECRET}", M: "" }`);

  test('is sorted by name and holds names of variables, not their values', async () => {
    const { env } = await planOf(ENV, { hostVariables: new Set(['SECRET']) });
    const source = '.bot-bottle/bottles/dev.md:3';
    expect(env).toEqual([
      { name: 'A', kind: 'host', hostVar: 'SECRET', source },
      { name: 'M', kind: 'literal', value: '', source },
      { name: 'Z', kind: 'literal', value: 'z', source },
    ]);
  });

  test('asks for all missing variables at once, by name and place', async () => {
    const files = directory(`engine: bubblewrap\nenv:\n  B: \${TWO}\n  A: \${ONE}\n  C: \${THERE}`);
    const error = await errorOf(files, { hostVariables: new Set(['THERE']) });
    expect(error.outcome).toBe('config-invalid');
    expect(error.what).toMatch(/: ONE, TWO$/);
    expect(error.where).toBe(
      'env.A, .bot-bottle/bottles/dev.md:5; env.B, .bot-bottle/bottles/dev.md:4',
    );
    expect(error.fix).toContain(`ONE: \${{ secrets.ONE }}`);
    expect(error.message).not.toContain('THERE');
  });

  test.each(['__proto__', 'constructor', 'toString'])('of the step has no %s', async (name) => {
    const files = directory(`engine: bubblewrap\nenv: { A: "\${${name}}" }`);
    expect((await errorOf(files)).what).toContain(name);
  });
});

describe('the image', () => {
  const PINNED = `node@sha256:${SHA}`;
  type Case = [engine: string, image: string, inputs: Partial<Inputs>, value: object | RegExp];

  test.each<Case>([
    ['bubblewrap', '', {}, { kind: 'host' }],
    ['bubblewrap', '{ host: true }', {}, { kind: 'host' }],
    ['bubblewrap', '{ smolmachine: m }', { image: 'host' }, { kind: 'host' }],
    ['bubblewrap', '{ smolmachine: m }', {}, { kind: 'smolmachine', reference: 'm', sha256: '' }],
    [
      'bubblewrap',
      '{ host: true }',
      { image: 'i', imageSha256: SHA },
      { kind: 'smolmachine', reference: 'i', sha256: SHA },
    ],
    ['bubblewrap', `{ from: "${PINNED}" }`, {}, { kind: 'from', reference: PINNED }],
    ['smolvm', `{ from: "${PINNED}" }`, {}, { kind: 'from', reference: PINNED }],
    ['smolvm', '{ smolfile: S }', {}, { kind: 'smolfile', path: 'S', text: 'cpus = 1' }],
    ['smolvm', '{ smolmachine: m }', {}, { kind: 'smolmachine', reference: 'm', sha256: '' }],
    ['smolvm', '', {}, /has no image to boot/],
    ['smolvm', '{ host: true }', {}, /cannot boot the runner's own programs.*dev\.md:3/s],
    ['smolvm', '', { image: 'host' }, /cannot boot the runner's own programs.*input image/s],
    ['bubblewrap', '', { imageSha256: SHA }, /image-sha256 has no file.*host, default/s],
    ['smolvm', '{ smolfile: S }', { imageSha256: SHA }, /image-sha256 has no file.*smolfile/s],
    ['smolvm', `{ from: "${PINNED}" }`, { imageSha256: SHA }, /image-sha256 has no file/],
  ])('of %s and %s with %j is %s', async (engine, image, inputs, expected) => {
    const files = directory(`engine: ${engine}\n${image && `image: ${image}`}`);
    const given = { inputs, smolfile: 'cpus = 1' };
    if (expected instanceof RegExp) {
      const error = await errorOf(files, given);
      expect(error.message).toMatch(expected);
      expect(error.outcome).toBe('config-invalid');
    } else expect((await planOf(files, given)).image.value).toEqual(expected);
  });

  test('decides nothing about the walls: the engine does', async () => {
    const inputs = { image: 'i.smolmachine' };
    expect(await planOf(directory('engine: smolvm'), { inputs })).toMatchObject({
      isolation: 'microvm',
    });
    expect(await planOf(LOCAL, { inputs })).toMatchObject({ isolation: 'namespaces' });
  });
});

describe('names', () => {
  const planFor = (agent: string) =>
    planOf({
      '.bot-bottle/bottles/dev.md': '---\nengine: bubblewrap\n---\n',
      [`.bot-bottle/agents/${agent}.md`]: '---\nbottle: dev\n---\n',
    });

  test.each([
    ['demo', 'demo-abc12'],
    ['a', 'a-abc12'],
    ['a-b', 'a-b-abc12'],
    ['a--b', 'a-b-abc12'],
    ['a-', 'a-abc12'],
    ['a---', 'a-abc12'],
    ['x'.repeat(100), `${'x'.repeat(40)}-abc12`],
    [`${'x'.repeat(39)}-y`, `${'x'.repeat(39)}-abc12`],
    [`a${'-b'.repeat(120)}`, `a${'-b'.repeat(19)}-abc12`],
  ])('of the agent %s', async (agent, runId) => {
    const { machine, artifact, ...plan } = await planFor(agent);
    expect(plan.agent.name.value).toBe(agent);
    expect(plan.runId).toBe(runId);
    expect(machine.name).toBe(`bottle-${runId}`);
    // smolvm's rule for a machine's name, and GitHub's for an artifact's.
    expect(machine.name).toMatch(/^(?!.*--)[A-Za-z0-9][A-Za-z0-9_-]{0,126}[A-Za-z0-9_]$/);
    expect(artifact.name).toMatch(/^[^":<>|*?\\/\r\n]{1,256}$/);
  });

  test('of the run’s directory leaves room for a socket of smolvm in it, on any agent', async () => {
    const { directory: name } = await planFor('x'.repeat(100));
    const hosted = '/Users/runner/work/_temp';
    const socket = `${hosted}/${name}/m/Library/Caches/smolvm/vms/0123456789abcdef/agent.sock`;
    expect(socket.length).toBeLessThanOrEqual(100);
  });
});

describe('CLAUDE_BOTTLE_GUEST_SKILLS_DIR', () => {
  const BAD = ['skills', './skills', '~/skills', '/', '//', '/a/../b', '/a/./b', '/a//b', '/a\nb'];

  test.each(BAD)('%j is refused', async (guestSkillsDirectory) => {
    const error = await errorOf(LOCAL, { guestSkillsDirectory });
    expect(error.outcome).toBe('config-invalid');
    expect(error.where).toBe(
      `environment variable CLAUDE_BOTTLE_GUEST_SKILLS_DIR, ${JSON.stringify(guestSkillsDirectory)}`,
    );
    expect(error.fix).toContain('/home/node/.claude/skills');
  });
});

const DECLARED = directory(
  [
    'engine: bubblewrap',
    `env: { KEY: "\${API_KEY}" }`,
    'egress:',
    '  mode: learn',
    '  presets: [npm]',
    '  routes:',
    '    - host: plain.example',
    '    - host: API.example',
    '      auth: { scheme: Bearer, token_ref: API_TOKEN }',
    'git-gate:',
    '  repos:',
    '    site.main:',
    '      url: ssh://git@git.example/site',
    '      key: { provider: gitea, provisioner_token: GITEA_TOKEN }',
    'limits: { tokens: 9, requests: 9, turns: 9 }',
  ].join('\n'),
  'output_schema: { type: object }',
);

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
    expect((await planOf(LOCAL)).notices).toEqual([]);
  });
});

describe('the plan is pure', () => {
  function freeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
    Object.freeze(value);
    for (const key of Reflect.ownKeys(value)) freeze((value as Record<PropertyKey, unknown>)[key]);
    return value;
  }

  test('the same request gives the same plan and is left as it was', async () => {
    const request = await requestOf(DECLARED, { hostVariables: new Set(['API_KEY']) });
    const before = structuredClone({ ...request, selected: { ...request.selected, source: 0 } });
    const first = makePlan(request);
    expect(makePlan(freeze(request))).toEqual(first);
    expect({ ...request, selected: { ...request.selected, source: 0 } }).toEqual(before);
    expect(makePlan(await requestOf(DECLARED, { hostVariables: new Set(['API_KEY']) }))).toEqual(
      first,
    );
  });

  test('it is plain data', async () => {
    const plan = await planOf(DECLARED, { hostVariables: new Set(['API_KEY']) });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
