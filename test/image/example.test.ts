/**
 * examples/pack as it runs on GitHub's runner: the bundled action, the runner's stages, real
 * caches.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { writeRootfsPack } from '../pack/rootfs.ts';
import { startResultsService } from '../results-service/service.ts';
import { runStep } from '../runner/run-step.ts';
import { DOUBLE, whyNoDouble } from '../smolvm-double/double.ts';
import { closeServers, serve } from './file-server.ts';
import { temporary } from './temporary.ts';

const folder = temporary();
afterEach(closeServers);
const ACTION = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(ACTION, 'examples/pack');
const BUNDLE_MISSING = existsSync(join(ACTION, 'dist/main/index.js'))
  ? ''
  : 'needs dist: npm run build';

/** A run leaves something in the cache only when its manifest is read at a trusted commit. */
function commitAll(workspace: string): void {
  const git = (...args: string[]) => {
    const user = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
    execFileSync('git', [...user, ...args], { cwd: workspace, stdio: 'ignore' });
  };
  git('init', '--initial-branch=main');
  git('add', '.');
  git('commit', '-m', 'example');
}

test.for(['bubblewrap', 'smolvm'] as const)(
  'on %s: fetched, then in the store, then in the cache',
  { timeout: 180_000 },
  async (engine, context) => {
    const missing = BUNDLE_MISSING || whyNoDouble();
    if (missing) context.skip(missing);
    const pack = await writeRootfsPack(join(folder(), 'bottle.smolmachine'));
    const workspace = join(folder(), 'workspace');
    cpSync(EXAMPLE, workspace, { recursive: true });
    commitAll(workspace);
    const toolCache = join(folder(), 'tools');
    mkdirSync(toolCache);
    const server = await serve({
      '/bottle.smolmachine': (response) => void response.end(readFileSync(pack.path)),
    });
    const service = await startResultsService();
    const run = async () => {
      const { outputs, log } = await runStep({
        actionDir: ACTION,
        workspace,
        toolCache,
        serviceEnv: service.env,
        inputs: {
          agent: 'pack',
          task: 'Say where you are',
          engine,
          image: `${server.url}/bottle.smolmachine`,
          'image-sha256': pack.sha256,
        },
        env: { SMOLVM_BIN: DOUBLE, BOTTLE_BOOT_ANYWAY: 'true' },
      });
      const { outcome, result } = outputs;
      return { outcome, result, hit: outputs['image-cache-hit'], log };
    };
    try {
      const where = /^I run as \w+ in bottle test image\.\s*$/;
      const good = { outcome: 'success', result: expect.stringMatching(where) };
      expect(await run()).toMatchObject({ ...good, hit: 'false' });
      expect(await run()).toMatchObject({ ...good, hit: 'true' });
      rmSync(join(toolCache, 'bottle'), { recursive: true });
      expect(await run()).toMatchObject({ ...good, hit: 'true' });
      expect(server.hits.get('/bottle.smolmachine')).toBe(1);
      expect(service.violations).toEqual([]);
    } finally {
      await service.close();
    }
  },
);
