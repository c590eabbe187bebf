/** Guests that leave, or are cut off by the end of the run, in the middle of something. */
import { afterEach, describe, expect, test } from 'vitest';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { BROKEN, eventually, openScene, requestTo, type Scene } from './scene.ts';

let upstream: Upstream;
let scene: Scene;
afterEach(async () => {
  await scene.close();
  await upstream.close();
});

describe.each(['plain', 'open', 'tunnel'] as const)('%s: a guest that', (way) => {
  async function open() {
    upstream = await startUpstream({ names: [BROKEN] });
    scene = await openScene(upstream, way);
    return scene.reach(way);
  }

  test.each(['destroy', 'end'] as const)(
    'hangs up in its upload (%s) is refused nothing',
    async (how) => {
      const socket = await open();
      const head = requestTo(way, '/echo', 'Content-Length: 1000\r\n').replace('GET', 'POST');
      socket.write(`${head}${'x'.repeat(100)}`);
      await eventually(() => upstream.requests[0]?.bytes ?? 0).toBeGreaterThan(0);
      socket.resume()[how]();
      await scene.expectOneLine('route');
    },
  );

  test('is in the middle of something when the run ends is in the audit', async () => {
    const socket = await open();
    socket.on('data', () => {});
    socket.write(requestTo(way, '/hang'));
    await eventually(() => upstream.requests.length).toBe(1);
    await scene.gateway.stop();
    expect(scene.gateway.decisions().filter(({ host }) => host === BROKEN)).toHaveLength(1);
  });
});
