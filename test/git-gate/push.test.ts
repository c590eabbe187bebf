/** Pushes through the gate by a real git: what goes on, what is kept, what is refused. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commit, openScene, type Scene } from './scene.ts';

let scene: Scene;
let work: string;
let count = 0;

/** A clone of its own for each test, and a branch that nobody else writes to. */
async function newWork(): Promise<void> {
  count += 1;
  work = await scene.clone(`work-${count}`);
  await scene.good(work, 'switch', '--quiet', '-c', branch());
}
const branch = () => `work/${count}`;
let pushed = 0;
/** What was said of the last one that came as far as the checks. */
const lastPush = async () => (await scene.pushes(pushed)).at(-1);
const push = async (...args: string[]) => {
  const ended = await scene.git(work, 'push', 'origin', ...args);
  if (ended.stderr.includes('remote: bottle-action: ')) pushed += 1;
  return ended;
};
const upstreamHas = (name: string) =>
  scene.atUpstream('for-each-ref', '--format=%(objectname)', name);
const receives = () => scene.asked(/receive-pack/);

describe('a remote to which pushes are forwarded', () => {
  beforeAll(async () => {
    pushed = 0;
    scene = await openScene({ repository: { refs: ['refs/heads/work/**', 'refs/tags/**'] } });
  });
  afterAll(() => scene?.close());
  beforeEach(newWork);

  test('has the push when the guest hears of success, and the guest can fetch it', async () => {
    const id = await commit(scene, work, { 'a.txt': 'one\n' });
    const { exitCode, stderr } = await push('HEAD');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch('remote: bottle-action: checked and sent on to site');
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe(id);
    expect(await scene.good(work, 'ls-remote', 'origin', branch())).toContain(id);
    const old = '0'.repeat(40);
    expect(await lastPush()).toMatchObject({
      repository: 'site',
      verdict: 'forwarded',
      refs: [{ ref: `refs/heads/${branch()}`, old, new: id }],
      findings: [],
      detail: '',
    });
    const next = await commit(scene, work, { 'a.txt': 'two\n' });
    expect((await push('HEAD')).exitCode).toBe(0);
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe(next);
    scene.atUpstream('fsck', '--strict');
  });

  test('takes a tag, and lets it be then', async () => {
    await scene.good(work, 'tag', '-a', '-m', 'a tag', `t${count}`, 'HEAD');
    expect((await push(`t${count}`)).exitCode).toBe(0);
    await commit(scene, work, { 'b.txt': 'b\n' });
    await scene.good(work, 'tag', '-f', `t${count}`, 'HEAD');
    const before = upstreamHas('refs/tags');
    const again = await push('--force', `t${count}`);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch('site lets tags be as they are');
    expect(upstreamHas('refs/tags')).toBe(before);
  });

  test('loses no commits: neither by force nor by deletion', async () => {
    await commit(scene, work, { 'a.txt': 'one\n' });
    await push('HEAD');
    const kept = upstreamHas(`refs/heads/${branch()}`);
    await scene.good(work, 'reset', '--quiet', '--hard', 'HEAD^');
    await commit(scene, work, { 'a.txt': 'another\n' });
    const before = receives();
    const forced = await push('--force', 'HEAD');
    expect(forced.exitCode).toBe(1);
    expect(forced.stderr).toMatch('site allows no push that takes commits away');
    const deleted = await push('--delete', branch());
    expect(deleted.exitCode).toBe(1);
    expect(deleted.stderr).toMatch('site allows no ref to be deleted');
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe(kept);
    expect(receives()).toBe(before);
    expect(await lastPush()).toMatchObject({
      verdict: 'refused',
      findings: [{ rule: 'ref-name', path: `refs/heads/${branch()}` }],
    });
  });

  test.each([
    ['refs/heads/main'],
    ['refs/heads/other'],
    ['refs/notes/commits'],
    ['refs/replace/e71ae176d020b9a06383f5b7954292ade3f63033'],
    ['refs/bottle/base'],
    ['refs/pull/1/head'],
    ['refs/heads/work/HEAD'],
  ])('takes no push to %s', async (ref) => {
    await commit(scene, work, { 'a.txt': 'one\n' });
    const before = receives();
    const { exitCode, stderr } = await push(`HEAD:${ref}`);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/remote: bottle-action: refused \(ref-name\)/);
    expect(receives()).toBe(before);
  });

  test('takes several refs or none', async () => {
    await commit(scene, work, { 'a.txt': 'one\n' });
    const good = `HEAD:refs/heads/${branch()}`;
    expect((await push(good, 'HEAD:refs/heads/other')).exitCode).toBe(1);
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe('');
    const both = await push(good, `HEAD:refs/heads/${branch()}-b`);
    expect(both.exitCode, both.stderr).toBe(0);
    expect(upstreamHas(`refs/heads/${branch()}*`).split('\n')).toHaveLength(2);
  });

  test('that does not take it says why, and the gate does not keep it either', async () => {
    const hook = join(scene.bare, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "the branch is protected"; exit 1\n');
    chmodSync(hook, 0o755);
    try {
      await commit(scene, work, { 'a.txt': 'one\n' });
      const { exitCode, stderr } = await push('HEAD');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/refused, and nothing was changed: upstream-refused: .*pre-receive/);
      expect(await scene.good(work, 'ls-remote', 'origin', branch())).toBe('');
      expect(await lastPush()).toMatchObject({ verdict: 'refused', findings: [] });
    } finally {
      writeFileSync(hook, '#!/bin/sh\nexit 0\n');
    }
  });

  test('that has moved on since is not pushed over', async () => {
    await commit(scene, work, { 'a.txt': 'one\n' });
    await push('HEAD');
    const parent = upstreamHas(`refs/heads/${branch()}`);
    const theirs = scene.atUpstream('commit-tree', 'main^{tree}', '-p', parent, '-m', 'theirs');
    await commit(scene, work, { 'a.txt': 'two\n' });
    scene.atUpstream('update-ref', `refs/heads/${branch()}`, theirs);
    const { exitCode, stderr } = await push('HEAD');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/stale info|fetch first/);
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe(theirs);
  });
});

test('force and deletion pass where the rule allows them', async () => {
  scene = await openScene({ repository: { allowForce: true } });
  try {
    await newWork();
    await commit(scene, work, { 'a.txt': 'one\n' });
    await push('HEAD');
    await scene.good(work, 'reset', '--quiet', '--hard', 'HEAD^');
    const other = await commit(scene, work, { 'a.txt': 'another\n' });
    expect((await push('HEAD')).exitCode).toBe(1);
    const forced = await push('--force', 'HEAD');
    expect(forced.exitCode, forced.stderr).toBe(0);
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe(other);
    const deleted = await push('--delete', branch());
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    expect(upstreamHas(`refs/heads/${branch()}`)).toBe('');
  } finally {
    await scene.close();
  }
});

test('what is recorded stays on the runner, and is there for the guest', async () => {
  scene = await openScene({ repository: { push: 'record' } });
  try {
    await newWork();
    const id = await commit(scene, work, { 'a.txt': 'one\n' });
    const { exitCode, stderr } = await push('HEAD', 'HEAD:refs/heads/main');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch('checked and kept on the runner');
    expect(receives()).toBe(0);
    expect(upstreamHas('refs/heads/work')).toBe('');
    expect(await scene.pushes(1)).toMatchObject([
      { verdict: 'recorded', refs: [{ new: id }, { new: id }] },
    ]);
    const parent = scene.atUpstream('rev-parse', 'main');
    const news = scene.atUpstream('commit-tree', 'main^{tree}', '-p', parent, '-m', 'theirs');
    scene.atUpstream('update-ref', 'refs/heads/news', news);
    scene.atUpstream('update-ref', 'refs/heads/main', news);
    await expect
      .poll(() => scene.good(work, 'ls-remote', 'origin'), { timeout: 10_000 })
      .toContain(`${news}\trefs/heads/news`);
    const listed = await scene.good(work, 'ls-remote', 'origin');
    expect(listed).toContain(`${id}\trefs/heads/${branch()}`);
    expect(listed).toContain(`${id}\trefs/heads/main`);
  } finally {
    await scene.close();
  }
});

test('a remote that takes no pushes says so', async () => {
  scene = await openScene({ repository: { push: 'refuse' } });
  try {
    await newWork();
    const { exitCode, stderr } = await push('HEAD');
    expect(exitCode).toBe(128);
    expect(stderr).toMatch('remote: bottle-action: denied (no-match): site takes no pushes');
    expect(receives()).toBe(0);
  } finally {
    await scene.close();
  }
});
