/** The client of GitHub's API: bounded, patient with faults, and true to one host. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeGitHubApi } from '../../src/trust/api.ts';
import { type FakeApi, startApi, TOKEN } from './github-api.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await startApi();
  api.state.users.set(1, { id: 1, login: 'a', type: 'User' });
});
afterEach(() => api.close());

function client(url = api.url, cancelled = new AbortController().signal) {
  const host = { env: { GITHUB_API_URL: url }, cancelled };
  return makeGitHubApi(host, TOKEN, { timeoutMs: 200, retryMs: 1 });
}

test.each([
  ['server errors', [500, 503] as const],
  ['a rate limit', [429] as const],
  ['silence', ['hang'] as const],
  ['a body without end', ['huge'] as const],
])('is patient with %s, twice', async (_, faults) => {
  api.faults.push(...faults);
  expect(await client().get('/user/1')).toMatchObject({ status: 200, body: { id: 1 } });
  expect(api.asked.length).toBe(faults.length + 1);
});

test('gives up after three attempts, and says what it asked, without the token', async () => {
  api.faults.push(500, 502, 503, 500);
  const error = await client()
    .get('/user/1')
    .catch((thrown) => thrown);
  expect(error).toMatchObject({ outcome: 'untrusted' });
  expect(error.where).toContain('/user/1: status 503');
  expect(JSON.stringify(error) + error.message).not.toContain(TOKEN);
  expect(api.asked.length).toBe(3);
});

test('takes other statuses for an answer', async () => {
  expect((await client().get('/user/2')).status).toBe(404);
  expect(api.asked.length).toBe(1);
});

test('follows a renamed repository on the same host, and nothing elsewhere', async () => {
  api.faults.push({ redirect: '/user/1' });
  expect(await client().get('/user/9')).toMatchObject({ status: 200 });
  const other = await startApi();
  try {
    api.faults.push(...Array(3).fill({ redirect: `${other.url}/user/1` }));
    await expect(client().get('/user/1')).rejects.toThrow(/redirects to http/);
    expect(other.asked).toEqual([]);
  } finally {
    await other.close();
  }
});

test('does not go round in circles', async () => {
  api.faults.push(...Array(20).fill({ redirect: '/user/1' }));
  await expect(client().get('/user/1')).rejects.toThrow(/more than 3 redirects/);
});

test.each(['http://api.github.com', 'file:///etc', 'nonsense', ''])(
  'sends no token to %j',
  (url) => {
    expect(() => client(url)).toThrow(/not https/);
  },
);

test('keeps the path of an enterprise server', async () => {
  await expect(client(`${api.url}/api/v3/`).get('/user/1')).rejects.toThrow(/status 501/);
  expect(api.asked[0]).toBe('/api/v3/user/1');
});

test('ends when the run is cancelled', async () => {
  api.faults.push('hang');
  const controller = new AbortController();
  const asked = client(api.url, controller.signal).get('/user/1');
  controller.abort();
  await expect(asked).rejects.toThrow(/could not be asked/);
});
