/** What the plan decides, from manifests that were loaded as a run loads them. */
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import type { Inputs } from '../../src/inputs.ts';
import { describePlan, renderPlan } from '../../src/report/plan-summary.ts';
import { directory, type Files, type Given, planOf, requestOf } from './scene.ts';

const LOCAL = directory('engine: bubblewrap');
const SHA = 'a'.repeat(64);
const DROPPED = "dropped, a fork's run gets no credentials";

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
    const facts = { cores, memoryMib: 2 * freeMemoryMib, freeMemoryMib, freeDiskGib: 100 };
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
    [5, 6827, 3, 4096],
    [64, 65_536, 3, 4096],
  ])('on %i cores with %i MiB free: %i and %i MiB', async (cores, free, cpus, memory) => {
    expect(await sizeOn(cores, free)).toEqual([cpus, memory]);
  });

  test.each([
    [0, 1],
    [3, 1],
    [14, 7],
    [20, 10],
    [2000, 10],
  ])('with %i GiB of disk free: %i GiB of storage', async (freeDiskGib, storage) => {
    const facts = { cores: 2, memoryMib: 8192, freeMemoryMib: 4096, freeDiskGib };
    expect((await planOf(LOCAL, { facts })).machine.storageGib.value).toBe(storage);
  });

  test('is whole and within bounds on every runner', async () => {
    for (let cores = 1; cores <= 64; cores += 1) {
      const [cpus = 0, memory = 0] = await sizeOn(cores, Math.round(200 * 1.0965 ** cores));
      expect([1, 2, 3]).toContain(cpus);
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

  test('of a run without credentials has no variable of the step, and says which', async () => {
    const files = directory(`engine: bubblewrap\nenv:\n  B: \${TWO}\n  A: \${ONE}\n  C: c`);
    const trust = { ...(await requestOf(files)).trust, dropCredentials: true };
    // TWO is missing, which is no error here.
    const plan = await planOf(files, { trust, hostVariables: new Set(['ONE']) });
    const file = '.bot-bottle/bottles/dev.md';
    expect(plan.env).toEqual([{ name: 'C', kind: 'literal', value: 'c', source: `${file}:6` }]);
    expect(plan.notices).toEqual([
      { message: `env.A, ${file}:5: ${DROPPED}`, file, line: 5 },
      { message: `env.B, ${file}:4: ${DROPPED}`, file, line: 4 },
    ]);
    expect(renderPlan(plan)).toContain(`env.A, ${file}:5: ${DROPPED}`);
    expect(describePlan(plan).notices).toEqual(plan.notices);
    expect(JSON.stringify(plan)).not.toMatch(/ONE|TWO/);
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
