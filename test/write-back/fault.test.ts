/** Whatever breaks on the way leaves nothing, a complete branch, or a complete pull request. */
import { describe, expect, test } from 'vitest';
import { writeBack } from '../../src/write-back/write-back.ts';
import type { WriteBack } from '../../src/write-back/written.ts';
import { makeScene, type Scene } from './scene.ts';

const BRANCH = 'bottle/demo-12345';

async function change(): Promise<Scene> {
  const scene = await makeScene();
  scene.write('binary', Buffer.from([0, 1, 2]));
  scene.commit('Add a file');
  return scene;
}

/** What GitHub has is whole, and what is told is what it has. */
function expectWhole({ github, ...scene }: Scene, written: WriteBack): void {
  const { pulls, bare } = github.state;
  const head = bare.headOf(BRANCH);
  if (head !== '') {
    expect(bare.git('rev-parse', `${head}^{tree}`)).toBe(scene.git('rev-parse', 'HEAD^{tree}'));
  }
  expect(pulls.length).toBeLessThanOrEqual(1);
  for (const pull of pulls) {
    expect(head).not.toBe('');
    expect(pull.title).toBe('A title');
    expect(pull.body).toMatch(/^A body\n\n<!-- bottle-action/);
  }
  if (written.pullRequest) expect(pulls).toMatchObject([{ number: written.pullRequest.number }]);
  if (written.branch !== '') expect(head).toBe(written.commit);
  expect(github.unexpected).toEqual([]);
}

/** The calls of a run in which nothing breaks. */
const CALLS = [
  'GET ',
  'GET /branches/',
  'GET /git/commits/',
  'POST /git/blobs',
  'POST /git/trees',
  'POST /git/commits',
  'POST /git/refs',
  'GET /pulls',
  'POST /pulls',
  'POST /issues/100/labels',
  'POST /pulls/100/requested_reviewers',
] as const;
const DRESSED = { labels: ['a'], reviewers: ['ada'] };

test('these are the calls', async () => {
  const scene = await change();
  await scene.run(DRESSED);
  expect(scene.github.asked.length).toBe(CALLS.length);
  for (const [at, call] of scene.github.asked.entries()) expect(call).toContain(CALLS[at]);
});

describe.each(['die', 'lost-and-die'] as const)('the server is gone (%s)', (way) => {
  test.each([...CALLS.entries()])('at call %i, %s', async (at) => {
    const scene = await change();
    scene.github.fault({ after: at, with: way });
    const written = await scene.run(DRESSED);
    expect(written).toMatchObject({ state: 'failed', error: { outcome: 'push-failed' } });
    expect(written.error?.message).not.toContain('ghs_');
    expectWhole(scene, written);
    const isPushed = at > CALLS.indexOf('POST /git/refs');
    expect(written.branch).toBe(isPushed ? BRANCH : '');
  });
});

describe('what comes back is gone on with', () => {
  test.each(CALLS)('after an answer that was lost at %s', async (call) => {
    const scene = await change();
    const at = new RegExp(`^${call}`);
    scene.github.fault({ after: CALLS.indexOf(call), with: 'lost' });
    const written = await scene.run(DRESSED);
    expect(at.test(scene.github.asked[CALLS.indexOf(call)] ?? '')).toBe(true);
    expect(written).toMatchObject({ state: 'written' });
    expectWhole(scene, written);
    expect(scene.github.state.pulls).toMatchObject([{ labels: ['a'], reviewers: ['ada'] }]);
  });

  test.each(CALLS)('after a server error at %s', async (call) => {
    const scene = await change();
    scene.github.fault({ after: CALLS.indexOf(call), with: { status: 502 } });
    const written = await scene.run(DRESSED);
    expect(written).toMatchObject({ state: 'written' });
    expectWhole(scene, written);
  });
});

describe('a limit of the rate', () => {
  const limited = (headers: Record<string, string>, message = 'You have exceeded a limit') => ({
    ...{ status: 403, headers },
    body: { message },
  });

  test('is waited for as long as GitHub says', async () => {
    const scene = await change();
    const at = /POST \/git\/trees/;
    scene.github.fault({ at, with: { status: 429, headers: { 'retry-after': '7' } } });
    scene.github.fault({ at, with: limited({ 'retry-after': '30' }) });
    expect(await scene.run()).toMatchObject({ state: 'written' });
    expect(scene.pauses).toEqual([7000, 30_000]);
  });

  test('that says no time is waited for a minute', async () => {
    const scene = await change();
    const fault = limited({}, 'You have exceeded a secondary rate limit');
    scene.github.fault({ at: /POST \/git\/refs/, with: fault });
    expect(await scene.run()).toMatchObject({ state: 'written' });
    expect(scene.pauses).toEqual([60_000]);
  });

  test('of the hour is not waited for, and is named', async () => {
    const scene = await change();
    const reset = String(Math.round(Date.now() / 1000) + 1800);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
    scene.github.fault({ at: /POST \/git\/trees/, with: limited(headers) });
    const { error } = await scene.run();
    expect(scene.pauses).toEqual([]);
    expect(error?.where).toMatch(/GitHub limits the rate for another 1[78]\d\d s/);
    expect(error?.fix).toMatch(/run it again later/);
  });

  test('is not waited for without end', async () => {
    const scene = await change();
    const fault = limited({ 'retry-after': '100' });
    scene.github.fault({ at: /POST \/git\/trees/, with: fault });
    scene.github.fault({ at: /POST \/git\/commits/, with: fault });
    expect((await scene.run()).error?.where).toMatch(/limits the rate/);
    expect(scene.pauses).toEqual([100_000]);
  });
});

test.each([...CALLS.keys()])('a cancellation at call %i leaves what is whole', async (at) => {
  const scene = await change();
  const controller = new AbortController();
  let count = 0;
  scene.github.onAsked(() => {
    if (count++ === at) controller.abort();
  });
  const options = { timeoutMs: 5000, retryMs: 1 };
  const written = await writeBack(scene.host(controller.signal), scene.request(DRESSED), options);
  expect(written).toMatchObject({ state: 'failed' });
  expect(written.error?.fix).toMatch(/cancelled/);
  // What was on its way is done or not, and nothing after it.
  expect(scene.github.asked.length).toBe(at + 1);
  await new Promise((resolve) => setImmediate(resolve));
  if (written.pullRequest) expect(scene.github.state.pulls.length).toBe(1);
});

test('a push to a server that is gone in the middle', async () => {
  const scene = await makeScene();
  for (let n = 0; n < 26; n += 1) {
    scene.write(`f${n}`, `${n}\n`);
    scene.commit(`f${n}`);
  }
  scene.github.fault({ at: /POST .*git-receive-pack/, with: 'die' });
  const written = await scene.run();
  expect(written).toMatchObject({ state: 'failed', branch: '' });
  expectWhole(scene, written);
  expect(scene.github.state.bare.headOf(BRANCH)).toBe('');
});
