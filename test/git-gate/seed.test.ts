/** A gate that is built on the runner's checkout: what that has need not be fetched, nor sent again. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { commit, openScene, type Scene } from './scene.ts';

let scene: Scene;
let closeFirst: () => Promise<void> = async () => {};
afterEach(async () => {
  await scene?.close();
  await closeFirst();
});

/** The runner's checkout, `depth` commits deep, and a gate that has been told of it. */
async function openSeeded(depth: number): Promise<string> {
  const first = await openScene({ commits: 6 });
  const checkout = join(first.directory, 'checkout');
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  git('clone', '--quiet', `--depth=${depth}`, `file://${first.bare}`, checkout);
  const head = git('-C', checkout, 'rev-parse', 'HEAD');
  const objects = join(checkout, '.git', 'objects');
  const shallow = join(checkout, '.git', 'shallow');
  scene = await openScene({
    bare: first.bare,
    repository: { push: 'record', seed: { objects, shallow, commit: head } },
  });
  closeFirst = () => first.close();
  return checkout;
}

test.each([
  ['whole', 100],
  ['shallow', 1],
])('a push from a %s clone is kept without a word to the upstream', async (_, depth) => {
  const checkout = await openSeeded(depth);
  await scene.good(scene.directory, 'clone', '--quiet', `file://${checkout}`, 'work');
  const work = join(scene.directory, 'work');
  const tip = await commit(scene, work, { 'a.txt': 'a\n' });
  const { exitCode, stderr } = await scene.git(work, 'push', scene.url, 'HEAD:refs/heads/topic');
  expect(exitCode, stderr).toBe(0);
  expect(scene.upstream.requests).toEqual([]);
  await scene.gateway.waitFor(
    (message) => message.type === 'decision' && message.path.endsWith('/git-receive-pack'),
  );
  for (const { bytesUp } of scene.gateway.decisions()) expect(bytesUp).toBeLessThan(2_000);
  expect(await scene.pushes(1)).toMatchObject([{ verdict: 'recorded', refs: [{ new: tip }] }]);
  expect(await scene.good(work, 'ls-remote', scene.url)).toContain(`${tip}\trefs/heads/topic`);
  expect(scene.asked(/git-upload-pack/)).toBeGreaterThan(0);
});
