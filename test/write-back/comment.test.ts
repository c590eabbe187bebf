/** One comment of ours is kept on what started the run; those of others are not ours. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepComment } from '../../src/write-back/comment.ts';
import { type GitHubServer, startGitHub } from '../github-api/server.ts';
import { LOGIN, REPOSITORY, TOKEN } from '../github-api/state.ts';

let github: GitHubServer;
beforeEach(async () => {
  github = await startGitHub();
});
afterEach(async () => {
  expect(github.unexpected).toEqual([]);
  await github.close();
});

function keep(body: string, fields: { agent?: string; workflow?: string } = {}) {
  const host = { env: { GITHUB_API_URL: github.url }, cancelled: new AbortController().signal };
  const { agent = 'demo', workflow = 'w.yml' } = fields;
  const place = { repository: REPOSITORY, server: github.url, token: TOKEN, workflow };
  const options = { timeoutMs: 5000, retryMs: 1 };
  return keepComment(host, { place, number: 7, agent, body }, options);
}

const shown = () => github.state.comments.map(({ body }) => body.split('\n')[0]);

test('is written once and brought up to date', async () => {
  expect(await keep('one')).toMatch(/octo-repo\/issues\/7#issuecomment-1$/);
  expect(await keep('two')).toMatch(/#issuecomment-1$/);
  expect(shown()).toEqual(['two']);
});

test('by a token of a person too', async () => {
  github.state.isPerson = true;
  await keep('one');
  await keep('two');
  expect(shown()).toEqual(['two']);
});

test('each agent and each workflow has its own', async () => {
  await keep('one');
  await keep('other agent', { agent: 'other' });
  await keep('other workflow', { workflow: 'x.yml' });
  await keep('two');
  expect(shown()).toEqual(['two', 'other agent', 'other workflow']);
});

test('what somebody else wrote is not ours, mark or no mark', async () => {
  await keep('one');
  const [own] = github.state.comments;
  github.state.comments.unshift({ id: 50, issue: 7, body: own?.body ?? '', user: 'mallory' });
  github.state.comments.push({ id: 51, issue: 7, body: `> ${own?.body} quoted`, user: LOGIN });
  await keep('two');
  expect(shown()).toEqual(['one', 'two', '> one']);
});

test('is found behind many others', async () => {
  for (let id = 1000; id < 1250; id += 1) {
    github.state.comments.push({ id, issue: 7, body: 'noise', user: 'ada' });
  }
  await keep('one');
  await keep('two');
  expect(shown().filter((line) => line !== 'noise')).toEqual(['two']);
});

test('is not written twice when the answer is lost', async () => {
  github.fault({ at: /POST .*comments/, with: 'lost' });
  await keep('one');
  expect(shown()).toEqual(['one']);
});

test('without the permission it is an error that says so', async () => {
  github.state.permissions.issues = false;
  await expect(keep('one')).rejects.toThrow(/not accessible by integration/);
});

test('without a name for the token nothing is written', async () => {
  github.fault({ at: /graphql/, with: { status: 404 } });
  await expect(keep('one')).rejects.toThrow(/whose token it is/);
  expect(shown()).toEqual([]);
});
