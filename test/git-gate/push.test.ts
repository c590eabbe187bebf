/** Pushes through the gate by a real git: what goes on, what is kept, what is refused. */
import { afterEach, expect, test } from 'vitest';
import { commit, openScene, type Scene } from './scene.ts';

let scene: Scene | undefined;
afterEach(() => scene?.close());

test('a push is there at the upstream when the guest hears of success', async () => {
  scene = await openScene();
  const work = await scene.clone('work');
  const id = await commit(scene, work, { 'a.txt': 'one\n' });
  const { exitCode, stderr } = await scene.git(work, 'push', 'origin', 'HEAD:main');
  expect(exitCode, stderr).toBe(0);
  expect(scene.atUpstream('rev-parse', 'main')).toBe(id);
});
