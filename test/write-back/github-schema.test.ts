/** The calls that are made to GitHub, and what is read of its answers, fit GitHub's own description of its API. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeApiClient } from '../../src/github/client.ts';
import { keepComment } from '../../src/write-back/comment.ts';
import { openGitHub } from '../../src/write-back/github.ts';
import { preflight } from '../../src/write-back/preflight.ts';
import { dressPullRequest, openPullRequest } from '../../src/write-back/pull-request.ts';
import type { Request } from '../github-api/server.ts';
import { makeScene, type Scene } from './scene.ts';

const MODULES = fileURLToPath(new URL('../trust/github-schema/node_modules', import.meta.url));
const SIMULATOR = join(MODULES, '@simulacrum/github-api-simulator/dist/index.mjs');
const MISSING = existsSync(SIMULATOR)
  ? ''
  : ' (needs the simulator: npm ci --prefix test/trust/github-schema)';
const OPTIONS = { timeoutMs: 10_000, retryMs: 1 };

type Listening = { readonly port: number; ensureClose(): Promise<void> };
let simulator: Listening;
let url: string;

/** Answers every described call with the description's example; a call that does not fit with 400. */
beforeAll(async () => {
  if (MISSING !== '') return;
  const { simulation } = (await import(SIMULATOR)) as {
    simulation(): { listen(port: number): Promise<Listening> };
  };
  simulator = await simulation().listen(0);
  url = `http://127.0.0.1:${simulator.port}`;
}, 60_000);
afterAll(() => simulator?.ensureClose());

async function statusOf({ method, path, body }: Request): Promise<number> {
  const answer = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', accept: 'application/vnd.github+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.body?.cancel();
  return answer.status;
}

/** Every call that there is, made once to our own stand-in. */
async function allCalls(): Promise<readonly Request[]> {
  const scene = await makeScene();
  const dressed = { labels: ['a'], reviewers: ['ada', 'octo-org/core'], draft: true };
  scene.write('binary', Buffer.from([0, 1]));
  scene.remove('old');
  scene.commit('All kinds');
  await preflight(scene.host(), scene.request(dressed), OPTIONS);
  await scene.run(dressed);
  scene.write('more', 'more\n');
  scene.commit('More');
  scene.git('fetch', '-q', scene.github.state.bare.directory, 'bottle/demo-12345');
  const tree = scene.git('rev-parse', 'HEAD^{tree}');
  const next = scene.git('commit-tree', tree, '-p', 'FETCH_HEAD', '-m', 'More');
  scene.reset(next);
  await scene.run(dressed);
  scene.reset(scene.base);
  scene.write('other', 'other\n');
  scene.commit('Other');
  await scene.run(dressed);
  const { place } = scene.request();
  const comment = { place, number: 7, agent: 'demo', body: 'text' };
  for (const _ of [1, 2]) await keepComment(scene.host(), comment, OPTIONS);
  return scene.github.requests.filter(({ path }) => path !== '/graphql');
}

describe.skipIf(MISSING !== '')(`as GitHub describes its API${MISSING}`, () => {
  test('every call is one that there is, and its body fits', async () => {
    const calls = await allCalls();
    const kinds = new Set(
      calls.map(({ method, path }) => `${method} ${path.replace(/\?.*|\d+|[0-9a-f]{40}/g, '')}`),
    );
    expect(kinds.size).toBeGreaterThan(17);
    for (const call of calls) expect(await statusOf(call), JSON.stringify(call)).toBeLessThan(300);
  });

  test.each([
    ['/git/blobs', { kontent: '' }],
    ['/git/trees', { tree: [{ path: 'a', mode: '100600', content: '' }] }],
    ['/git/commits', { tree: 'a' }],
    ['/pulls', { title: 'a', head: 'b' }],
    ['/issues/7/comments', { text: 'a' }],
  ])('a call to %s that does not fit would be found', async (path, body) => {
    expect(await statusOf({ method: 'POST', path: `/repos/o/r${path}`, body })).toBe(400);
  });

  test('the answers are understood', async () => {
    const scene = await makeScene();
    scene.commit('Nothing');
    const request = scene.request({ labels: ['a'], reviewers: ['ada'] });
    const host = { ...scene.host(), env: { GITHUB_API_URL: url } };
    const lines = await preflight(host, { ...request, place: withoutServer(request) }, OPTIONS);
    expect(lines.map(({ found }) => found).join()).not.toMatch(/not understood/);
    expect(lines.map(({ what }) => what)).toContain('the rule commit_message_pattern lets it');
    const github = openGitHub(makeApiClient(host, 'token', OPTIONS), request.place);
    const { pullRequest } = await openPullRequest(github, request, 'main');
    expect(pullRequest).toMatchObject({ number: 1347, state: 'kept' });
    expect(await dressPullRequest(github, request, pullRequest)).toEqual([]);
    const comment = { place: request.place, number: 7, agent: 'demo', body: 'text' };
    expect(await keepComment(host, comment, OPTIONS)).toMatch(/^https:.*issuecomment/);
  });
});

/** git's own part is not described. */
function withoutServer({ place }: ReturnType<Scene['request']>) {
  return { ...place, server: 'http://nowhere.example' };
}
