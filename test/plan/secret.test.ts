/** No value that may be a secret is in a plan as it is shown, whatever the manifest says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerPlan } from '../../src/answer.ts';
import { createLog } from '../../src/host/log.ts';
import { describePlan, renderPlan } from '../../src/report/plan-summary.ts';
import { engineHost } from '../machine/engine-host.ts';
import { planOf } from './scene.ts';

/** Marked, so that a part of it is recognised however it was cut or escaped. */
const MARK = 'S3CRET';
const secret = fc
  .string({ minLength: 8, maxLength: 60, unit: fc.constantFrom(...'abcXYZ019-_$:{}[]"\'`|<@#% /') })
  .map((text) => `${MARK}${text}`);
const variable = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,11}$/).filter((name) => {
  return !/^(ACTIONS_|GITHUB_|RUNNER_)/.test(name) && !name.includes(MARK);
});
/** Text that ends up in the plan: of any kind, but for what the schema refuses. */
const line = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map((text) => `x${text.replace(/[\p{Cc}\u2028\u2029\\]/gu, '|')}`)
  .filter((text) => !text.includes('..'));

const image = fc.oneof(
  fc.constant(undefined),
  fc.constant({ host: true }),
  line.map((text) => ({ smolmachine: text.replace(/:/g, ';') })),
  fc.constant({ smolfile: 'Smolfile' }),
);

const scene = fc.record({
  literals: fc.dictionary(variable, secret, { minKeys: 1, maxKeys: 5 }),
  fromHost: fc.dictionary(
    variable.map((name) => `G_${name}`),
    variable,
    { minKeys: 1, maxKeys: 5 },
  ),
  values: fc.array(secret, { minLength: 5, maxLength: 5 }),
  tokens: fc.uniqueArray(variable, { maxLength: 5 }),
  image,
  outputs: fc.uniqueArray(line, { maxLength: 4 }),
  path: line,
  prompt: secret,
  task: secret,
  smolfile: secret,
});

type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never;

async function hostAndPlan(given: Scene) {
  const names = [...new Set([...Object.values(given.fromHost), ...given.tokens])];
  const env = Object.fromEntries(names.map((name, index) => [name, given.values[index % 5] ?? '']));
  const references = Object.entries(given.fromHost).map(([name, from]) => [name, `\${${from}}`]);
  const bottle = {
    engine: 'bubblewrap',
    env: { ...given.literals, ...Object.fromEntries(references) },
    egress: {
      routes: given.tokens.map((token_ref, index) => ({
        host: `h${index}.example`,
        auth: { scheme: 'Bearer', token_ref },
      })),
    },
    ...(given.image && { image: given.image }),
    workspace: { path: given.path, exclude: given.outputs },
    outputs: given.outputs,
    'git-gate': { user: { name: given.path } },
  };
  const manifest = {
    bottles: { dev: bottle },
    agents: { a: { bottle: 'dev', prompt: given.prompt } },
  };
  const plan = await planOf(
    { 'bot-bottle.json': JSON.stringify(manifest) },
    {
      task: given.task,
      smolfile: given.smolfile,
      lock: { file: 'images.lock', text: given.smolfile },
      hostVariables: new Set(Object.keys(env)),
    },
  );
  return { plan, env, names };
}

test('not in the data, not in the summary, not in the log of `mode: plan`', async () => {
  await fc.assert(
    fc.asyncProperty(scene, async (given) => {
      const { plan, env, names } = await hostAndPlan(given);
      let said = '';
      const say = (text: unknown) => {
        said += `${text}\n`;
      };
      const sink = { info: say, debug: say, notice: say, warning: say, error: say, write: say };
      const log = createLog({ ...sink, startGroup: say, endGroup: () => {} });
      const host = engineHost({
        env,
        log,
        writeSummary: async (markdown) => say(markdown),
        setOutput: (_, value) => say(value),
      });
      await answerPlan(host, { token: '' }, plan);
      say(JSON.stringify(describePlan(plan)));
      say(renderPlan(plan));
      expect(said).not.toContain(MARK);
      // What is needed to set the step up is there.
      for (const name of names) expect(said).toContain(name);
      for (const name of Object.keys(given.literals)) expect(said).toContain(`"${name}"`);
    }),
    { numRuns: 300 },
  );
});

test('of a pinned file, where it stands and nothing of what it says', async () => {
  const bytes = Buffer.from(MARK);
  const pinned = [
    {
      path: 'a/CLAUDE.md',
      guest: { kind: 'file', bytes, mode: 0o644 },
      headAs: '.head/a/CLAUDE.md',
    },
    { path: '.mcp.json', guest: { kind: 'absent' } },
  ] as const;
  const files = { 'bot-bottle.json': '{"bottles":{"d":{}},"agents":{"a":{"bottle":"d"}}}' };
  const plan = await planOf(files, { pinned, inputs: { image: 'i' } });
  const shown = [
    { path: 'a/CLAUDE.md', guest: 'file', headAs: '.head/a/CLAUDE.md' },
    { path: '.mcp.json', guest: 'absent' },
  ];
  expect(describePlan(plan).provision.workspace.pinned).toEqual(shown);
  expect(renderPlan(plan)).toContain("`file, the checkout's is .head/a/CLAUDE.md`");
});

test.each([
  ['https://u:S3CRET@host.example/x.smolmachine', 'https://host.example/x.smolmachine'],
  ['https://host.example/x?sig=S3CRET#S3CRET', 'https://host.example/x?…'],
  ['HTTPS://u:S3@CRET@host.example/x', 'HTTPS://host.example/x'],
])('the address %s of an image is shown without its credentials', async (image, shown) => {
  const files = { 'bot-bottle.json': '{"bottles":{"d":{}},"agents":{"a":{"bottle":"d"}}}' };
  const plan = await planOf(files, { inputs: { image } });
  for (const text of [renderPlan(plan), JSON.stringify(describePlan(plan))]) {
    expect(text).toContain(shown);
    expect(text).not.toMatch(/S3|CRET/);
  }
});
