/** The built `apply`: what another job's run left is checked anew and written back, or refused. */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { git, NO_BOTTLE, openScene, ROOT, type Scene, scripted } from '../action/scene.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { TOKEN } from '../github-api/state.ts';
import { runStep, type StepResult } from '../runner/run-step.ts';

const AGENT = 'echo two >>readme.txt; mkdir -p ~/.bottle; echo Done >~/.bottle/result.md';

let scene: Scene;
let github: GitHubServer;
let base: string;
let ran: StepResult;
/** As the run left them. */
let files: Map<string, Buffer>;
let directory: string;

beforeAll(async () => {
  if (NO_BOTTLE !== '') return;
  scene = await openScene(scripted(AGENT));
  base = git(scene.workspace, 'rev-parse', 'HEAD').trim();
  ran = await scene.run();
  files = await scene.artifact(ran);
}, 120_000);
afterAll(() => scene?.close());

beforeEach(async ({ skip }) => {
  skip(NO_BOTTLE !== '', NO_BOTTLE);
  github = await startGitHub();
  git(scene.workspace, 'push', '-q', github.state.bare.directory, `${base}:refs/heads/main`);
  directory = mkdtempSync(join(tmpdir(), 'proposal-'));
  for (const name of ['run.json', 'proposal.bundle', 'changes.patch']) {
    writeFileSync(join(directory, name), files.get(name) ?? '');
  }
});
afterEach(async () => {
  expect(github.unexpected).toEqual([]);
  await github.close();
  rmSync(directory, { recursive: true, force: true });
});

function apply(inputs: Record<string, string> = {}, workspace = scene.workspace) {
  return runStep({
    actionDir: join(ROOT, 'apply'),
    workspace,
    serviceEnv: scene.service.env,
    token: TOKEN,
    inputs: { path: directory, 'manifest-ref': 'worktree', ...inputs },
    env: {
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: github.url.replace('127.0.0.1', 'github.localhost'),
    },
  });
}

function branchOf({ outputs }: StepResult): string {
  return `bottle/${outputs['run-id']}`;
}

function expectApplied(result: StepResult): void {
  expect(result.conclusion, result.log).toBe('success');
  const branch = branchOf(ran);
  expect(result.outputs).toEqual({
    ...{ outcome: 'success', branch, commit: github.state.bare.headOf(branch) },
    'pull-request-url': 'https://github.com/octo-org/octo-repo/pull/100',
  });
  expect(github.state.bare.git('show', `${branch}:readme.txt`)).toBe('one\ntwo');
  expect(github.state.bare.git('rev-parse', `${branch}^`)).toBe(base);
  expect(github.state.pulls).toMatchObject([{ title: 'Done', head: branch, base: 'main' }]);
  expect(result.leftovers).toEqual([]);
}

function expectRefused(result: StepResult, message: RegExp): void {
  expect(result.conclusion, result.log).toBe('failure');
  expect(result.outputs).toMatchObject({ outcome: 'push-failed' });
  expect(result.annotations.at(-1)?.message).toMatch(message);
  expect(github.asked.filter((call) => !call.startsWith('GET'))).toEqual([]);
}

test('a proposal in a directory becomes a pull request', async () => {
  expectApplied(await apply());
});

test('so does one in an artifact of the run, by its name', async () => {
  const name = `bottle-${ran.outputs['run-id']}-proposal`;
  expectApplied(await apply({ path: '', artifact: name }));
});

test('so does one whose base this job has not checked out', async () => {
  const other = mkdtempSync(join(tmpdir(), 'other-'));
  try {
    git(other, 'init', '-q', '-b', 'main');
    writeFileSync(join(other, 'bot-bottle.json'), scripted(AGENT)['bot-bottle.json'] ?? '');
    git(other, 'add', '-A');
    git(other, 'commit', '-qm', 'another history');
    const result = await apply({}, other);
    expectApplied(result);
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
});

function edit(change: (record: ReturnType<typeof JSON.parse>) => void): void {
  const record = JSON.parse(files.get('run.json')?.toString() ?? '');
  change(record);
  writeFileSync(join(directory, 'run.json'), JSON.stringify(record));
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('refused is', () => {
  test.each<[string, Parameters<typeof edit>[0], RegExp]>([
    ['another version', (r) => Object.assign(r, { version: 2 }), /another version/],
    ['a field too many', (r) => Object.assign(r, { extra: 1 }), /does not fit its schema/],
    [
      'another repository',
      (r) => Object.assign(r.origin.repository, { name: 'evil/site' }),
      /for another repository/,
    ],
    ['another agent', (r) => Object.assign(r.agent, { name: 'other' }), /of another agent/],
    ['a run that failed', (r) => Object.assign(r, { outcome: 'agent-failed' }), /did not end in/],
    ['a change that is blocked', (r) => Object.assign(r.change, { verdict: 'blocked' }), /blocked/],
    ['another tip', (r) => Object.assign(r.change, { tip: 'a'.repeat(40) }), /something else/],
    [
      'another base',
      (r) => Object.assign(r.change, { baseCommit: 'a'.repeat(40) }),
      /not in the branch that its change goes into/,
    ],
    ['a name for a run', (r) => Object.assign(r, { runId: '../x' }), /name of the run is none/],
  ])('a record with %s', async (_, change, message) => {
    edit(change);
    expectRefused(await apply(), message);
  });

  test.each(['changes.patch', 'proposal.bundle'])('%s that was changed', async (name) => {
    writeFileSync(
      join(directory, name),
      Buffer.concat([files.get(name) ?? Buffer.of(), Buffer.of(10)]),
    );
    expectRefused(await apply(), /changed after the run/);
  });

  test('no record, and one that is no JSON', async () => {
    writeFileSync(join(directory, 'run.json'), '{');
    expectRefused(await apply(), /no JSON/);
    rmSync(join(directory, 'run.json'));
    expectRefused(await apply(), /has no run.json/);
  });

  test('a link to a file of the runner, and a directory', async () => {
    rmSync(join(directory, 'changes.patch'));
    symlinkSync('/etc/passwd', join(directory, 'changes.patch'));
    expectRefused(await apply(), /could not be read/);
    rmSync(join(directory, 'changes.patch'));
    mkdirSync(join(directory, 'changes.patch'));
    expectRefused(await apply(), /could not be read/);
  });

  test('a file that is too large', async () => {
    truncateSync(join(directory, 'run.json'), 33 << 20);
    expectRefused(await apply(), /more than 33554432 bytes/);
  });

  test('a bundle of other commits whose digests fit', async () => {
    const { bundle, tip } = forge('.github/workflows/evil.yml');
    edit((r) => Object.assign(r.change, { tip, bundleSha256: digest(bundle), verdict: 'clean' }));
    expectRefused(await apply(), /blocked by its checks/);
  });

  test('a bundle that is none', async () => {
    const bundle = Buffer.from('# v2 git bundle\n');
    writeFileSync(join(directory, 'proposal.bundle'), bundle);
    edit((r) => Object.assign(r.change, { bundleSha256: digest(bundle) }));
    expectRefused(await apply(), /bundle of the proposal was refused/);
  });

  test('a commit that is on GitHub and not in the branch', async () => {
    const { bare } = github.state;
    const tree = bare.git('rev-parse', 'main^{tree}');
    bare.git('update-ref', 'refs/heads/main', bare.writeCommit(tree, [], 'Anew', 'a'));
    bare.git('update-ref', 'refs/heads/old', base);
    expectRefused(await apply(), /not in the branch that its change goes into/);
  });
});

test('a run that changed nothing is fine, and nothing is written', async () => {
  edit((r) => Object.assign(r.change, { verdict: 'none', tip: '' }));
  const result = await apply();
  expect(result.conclusion, result.log).toBe('success');
  expect(result.outputs).toMatchObject({ outcome: 'success', branch: '', 'pull-request-url': '' });
  expect(github.asked.filter((call) => !call.startsWith('GET'))).toEqual([]);
});

test('an artifact that is not there is an error', async () => {
  expectRefused(await apply({ path: '', artifact: 'nothing' }), /could not be read/);
});

/** A bundle with one file more, as another writer would make it. */
function forge(path: string): { bundle: Buffer; tip: string } {
  const other = mkdtempSync(join(tmpdir(), 'forge-'));
  try {
    git(other, 'clone', '-q', scene.workspace, '.');
    mkdirSync(join(other, path, '..'), { recursive: true });
    writeFileSync(join(other, path), 'on: push\n');
    git(other, 'add', '-A');
    git(other, 'commit', '-qm', 'Innocent');
    git(other, 'branch', 'proposal');
    const file = join(directory, 'proposal.bundle');
    rmSync(file);
    git(other, 'bundle', 'create', '-q', file, 'refs/heads/proposal', `^${base}`);
    return { bundle: readFileSync(file), tip: git(other, 'rev-parse', 'HEAD').trim() };
  } finally {
    rmSync(other, { recursive: true, force: true });
  }
}
