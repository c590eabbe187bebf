/** Remotes behind the runner's own proxy: git asks it for the name, with its password in no argument. */
import { afterEach, expect, test } from 'vitest';
import { type ConnectProxy, startConnectProxy } from '../gateway/connect-proxy.ts';
import { commit, openScene, type Scene, type SceneOptions } from './scene.ts';

const LOGIN = `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`;

let scene: Scene;
let proxy: ConnectProxy;
afterEach(async () => {
  await scene.close();
  await proxy.close();
});

async function open(options: SceneOptions, answer?: string): Promise<void> {
  scene = await openScene({
    ...options,
    behind: async (upstream) => {
      const said = answer === undefined ? {} : { answer };
      proxy = await startConnectProxy(upstream, { authorization: LOGIN, ...said });
      return proxy.proxy;
    },
  });
}

test('are cloned, and pushed to', async () => {
  await open({});
  const work = await scene.clone('work');
  const id = await commit(scene, work, { 'a.txt': 'one\n' });
  await scene.good(work, 'push', '--quiet', 'origin', 'HEAD:refs/heads/through');
  expect(scene.atUpstream('rev-parse', 'through')).toBe(id);
  const asked = new Set(proxy.asked.map((one) => one.join(' ')));
  expect([...asked]).toEqual([`git.example.test:443 ${LOGIN}`]);
});

test('fail by name where the proxy does not let git through', async () => {
  await open({}, 'HTTP/1.1 403 Forbidden\r\n\r\n');
  const { exitCode } = await scene.git(scene.directory, 'clone', scene.url, 'work');
  expect(exitCode).not.toBe(0);
  const said = await scene.gateway.waitFor((each) => each.type === 'decision');
  expect(said).toMatchObject({ rule: 'upstream-connect', decision: 'failed' });
  expect(JSON.stringify(said)).not.toContain('p@ss');
});

test('over ssh do not go through it', async () => {
  const url = 'ssh://git@git.example.test/site.git';
  await open({ repository: { url, access: { kind: 'ssh', key: '/k', hostKey: 'ssh-ed25519 A' } } });
  await scene.git(scene.directory, 'clone', scene.url, 'work');
  const said = await scene.gateway.waitFor((each) => each.type === 'decision');
  expect(said).toMatchObject({ rule: 'upstream-connect', decision: 'failed' });
  expect(proxy.asked).toEqual([]);
});
