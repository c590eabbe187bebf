/** The built action installs smolvm by itself, once, and runs an agent with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openScene } from '../action/scene.ts';
import { closeServers } from '../image/file-server.ts';
import { writeTinyPack } from '../pack/rootfs.ts';
import { whyNoDouble } from '../smolvm-double/double.ts';
import { ARCHIVE_PATH, DOUBLE_VERSION, serveRelease } from './release.ts';

test('two runs on one runner: one download, two bottles', async (context) => {
  const obstacle = whyNoDouble();
  if (obstacle !== '') context.skip(obstacle);
  const server = await serveRelease();
  const scene = await openScene();
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const image = join(folder, 'tiny.smolmachine');
  await writeTinyPack(image);
  const request = {
    inputs: { engine: 'smolvm', image, 'smolvm-version': DOUBLE_VERSION },
    env: { BOTTLE_SMOLVM_RELEASES: server.url, BOTTLE_BOOT_ANYWAY: 'true' },
    toolCache: join(folder, 'tools'),
  };
  try {
    for (const log of [`Installed smolvm ${DOUBLE_VERSION}`, server.sha256]) {
      const result = await scene.run(request);
      expect(result.outputs, result.log).toMatchObject({ outcome: 'success', engine: 'smolvm' });
      expect(result.log).toContain(log);
      expect(result.leftovers).toEqual([]);
      expect(result.orphans).toEqual([]);
    }
    expect(server.hits.get(ARCHIVE_PATH)).toBe(1);
  } finally {
    closeServers();
    await scene.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
