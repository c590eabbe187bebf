/** The built action writes back: to a real repository behind an API, after a run in a real bottle. */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { TOKEN } from '../github-api/state.ts';
import type { StepRequest } from '../runner/run-step.ts';
import { git, openScene, type Scene, scripted, skipWithoutBottle } from './scene.ts';

skipWithoutBottle();

const AGENT = [
  'echo two >>readme.txt && git add readme.txt && git commit -qm "Add a line [skip ci]"',
  'printf "\\\\000\\\\001" >binary && chmod +x binary',
  'mkdir -p ~/.bottle && echo "Done, @octocat: fixes #12" >~/.bottle/result.md',
].join('\n');

let github: GitHubServer;
let scene: Scene;
let base: string;

async function begin(script: string, bottle: object = {}): Promise<void> {
  scene = await openScene(scripted(script, bottle));
  base = git(scene.workspace, 'rev-parse', 'HEAD').trim();
  git(scene.workspace, 'push', '-q', github.state.bare.directory, 'main');
}

beforeEach(async () => {
  github = await startGitHub();
});
afterEach(async () => {
  expect(github.unexpected).toEqual([]);
  await github.close();
  await scene.close();
});

function run(inputs: Record<string, string>, given: Partial<StepRequest> = {}) {
  return scene.run({
    token: TOKEN,
    ...given,
    inputs: { push: 'pull-request', ...inputs },
    env: {
      GITHUB_API_URL: github.url,
      // The artifact client takes a bare loopback address for a GitHub Enterprise Server.
      GITHUB_SERVER_URL: github.url.replace('127.0.0.1', 'github.localhost'),
      ...given.env,
    },
  });
}

test('a pull request whose tree is what the agent left', async () => {
  await begin(AGENT);
  const result = await run({ labels: 'bot' });
  expect(result.conclusion, result.log).toBe('success');
  const { outputs } = result;
  const branch = `bottle/${outputs['run-id']}`;
  expect(outputs).toMatchObject({
    ...{ outcome: 'success', branch, commit: github.state.bare.headOf(branch) },
    'pull-request-url': 'https://github.com/octo-org/octo-repo/pull/100',
  });
  const artifact = await scene.artifact(result);
  const record = JSON.parse(artifact.get('run.json')?.toString() ?? '');
  const { bare } = github.state;
  const fetched = execFileSync('git', [
    ...['-C', scene.workspace, 'rev-parse'],
    `${fetchBundle(artifact.get('proposal.bundle'))}^{tree}`,
  ]);
  expect(bare.git('rev-parse', `${branch}^{tree}`)).toBe(fetched.toString().trim());
  expect(bare.git('rev-list', '--count', `${base}..${branch}`)).toBe('2');
  expect(bare.git('log', '-1', '--format=%s', `${branch}^`)).toBe('Add a line (skip ci)');
  expect(record.writeBack).toMatchObject({
    ...{ mode: 'pull-request', state: 'written', by: 'api', branch, commit: outputs.commit },
    pullRequest: { number: 100, state: 'created' },
  });
  expect(github.state.pulls).toMatchObject([
    {
      ...{ head: branch, base: 'main', labels: ['bot'], title: 'Done, @ octocat: fixes # 12' },
      body: expect.stringMatching(/^Done, `@octocat:` fixes `#12`\n/),
    },
  ]);
  expect(result.log).toContain(`The branch ${branch} is at`);
  expect(result.log + JSON.stringify(record)).not.toContain(TOKEN);
  expect(result.orphans).toEqual([]);
});

test('a failure to write back is red, says why, and loses nothing', async () => {
  await begin(AGENT);
  github.state.mayOpen = false;
  const result = await run({});
  expect(result.conclusion).toBe('failure');
  expect(result.outputs).toMatchObject({ outcome: 'push-failed', 'exit-code': '0' });
  expect(result.annotations.at(-1)?.message).toMatch(/not permitted.*Allow GitHub Actions/s);
  const artifact = await scene.artifact(result);
  expect(artifact.has('proposal.bundle') && artifact.has('changes.patch')).toBe(true);
  const record = JSON.parse(artifact.get('run.json')?.toString() ?? '');
  const branch = `bottle/${result.outputs['run-id']}`;
  expect(record.writeBack).toMatchObject({ state: 'failed', branch, pullRequest: null });
  expect(github.state.bare.headOf(branch)).toBe(record.writeBack.commit);
});

test.each([
  ['that failed', 'echo more >>readme.txt; exit 3', {}, 'agent-failed', 'held-back'],
  ['that changed nothing', 'true', {}, 'success', 'nothing'],
  [
    'whose change is blocked',
    'mkdir -p .github && echo x >.github/x.yml',
    {},
    'push-failed',
    'failed',
  ],
])('a run %s writes nothing', async (_, script, bottle, outcome, state) => {
  await begin(script, bottle);
  const result = await run({});
  expect(result.outputs, result.log).toMatchObject({ outcome, branch: '', commit: '' });
  const artifact = await scene.artifact(result);
  const record = JSON.parse(artifact.get('run.json')?.toString() ?? '');
  expect(record.writeBack).toMatchObject({ state, branch: '' });
  expect(github.asked.filter((call) => /^(POST|PATCH)/.test(call))).toEqual([]);
});

test('a token that may not push is told before the agent runs, by a warning', async () => {
  await begin('echo the agent is here');
  git(scene.workspace, 'push', '-q', github.state.bare.directory, 'main:refs/heads/theirs');
  const result = await run({ branch: 'theirs' });
  const at = result.log.indexOf('not of this workflow');
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThan(result.log.indexOf('the agent is here'));
});

test('a comment on the pull request that started the run, kept up to date', async () => {
  await begin('echo more >>readme.txt');
  const repository = { id: 1296269, full_name: 'octo-org/octo-repo', default_branch: 'main' };
  const side = (ref: string) => ({ ref, sha: base, repo: repository });
  const event = {
    name: 'pull_request',
    payload: {
      ...{ action: 'opened', repository, sender: { id: 100, login: 'Maria', type: 'User' } },
      pull_request: {
        ...{ number: 7, title: 'x', body: '', user: { id: 100, login: 'Maria', type: 'User' } },
        ...{ html_url: '', head: side('topic'), base: side('main') },
      },
    },
  };
  for (const _ of [1, 2]) {
    const result = await run({ push: 'none', comment: 'true' }, { event });
    expect(result.outputs, result.log).toMatchObject({ outcome: 'success' });
    expect(github.state.comments).toMatchObject([
      { issue: 7, body: expect.stringContaining(`/actions/runs/1658821493`) },
    ]);
    expect(github.state.comments[0]?.body).toMatch(/^The agent `hello` ended with `success`\./);
  }
});

function fetchBundle(bundle: Buffer | undefined): string {
  const file = `${scene.workspace}/../${Date.now()}.bundle`;
  execFileSync('sh', ['-c', 'cat >"$0"', file], { input: bundle });
  git(scene.workspace, 'fetch', '-q', file, 'refs/heads/proposal');
  execFileSync('rm', [file]);
  return git(scene.workspace, 'rev-parse', 'FETCH_HEAD').trim();
}
