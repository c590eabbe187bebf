import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { tarArchive } from '../pack/tar.ts';
import { writePack } from '../pack/writer.ts';
import { closeServers, serve } from './file-server.ts';
import { makeRunner } from './job.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
afterEach(closeServers);
const WAITS = 'Waiting for another job with the same image';
const HALF = 100_000;

/** A pack behind a server that keeps each answer at its half until `release` is called. */
async function scene() {
  const layer = tarArchive([{ name: 'etc/hostname', body: 'bottle\n' }]);
  const noise = Buffer.from(
    Array.from({ length: 2 * HALF }, () => Math.floor(Math.random() * 256)),
  );
  const layers = [layer, tarArchive([{ name: 'noise', body: noise }])];
  const { path, sha256 } = await writePack(join(folder(), 'x.smolmachine'), { layers });
  const bytes = readFileSync(path);
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = await serve({
    '/x.smolmachine': async (response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, HALF));
      asked.resolve();
      await released.promise;
      response.end(bytes.subarray(HALF));
    },
  });
  const runner = makeRunner(folder());
  const source = { kind: 'url', url: `${server.url}/x.smolmachine` } as const;
  const start = () => runner.start({ source, sha256, needsRootfs: true });
  return { server, runner, sha256, start, asked: asked.promise, release: released.resolve };
}

/** What a store holds after a single image, however many jobs there were. */
function expectTidy(store: string, sha256: string): void {
  expect(readdirSync(store).sort()).toEqual(['.locks', '.temporary', sha256].sort());
  expect(readdirSync(join(store, '.temporary'))).toEqual([]);
  for (const name of readdirSync(join(store, '.locks'))) {
    const [generation, ...others] = readdirSync(join(store, '.locks', name));
    expect(others).toEqual([]);
    expect(readFileSync(join(store, '.locks', name, generation ?? ''), 'utf8')).toBe('');
  }
  const image = listTree(join(store, sha256)).filter((path) => !path.startsWith('use/'));
  const rootfs = ['rootfs/', 'rootfs/etc/', 'rootfs/etc/hostname', 'rootfs/noise'];
  expect(image).toEqual(['image.smolmachine', 'meta.json', ...rootfs]);
}

test.each([2, 8])(
  '%i jobs: one download, all verified, nothing left over',
  async (count) => {
    const { server, runner, sha256, start, asked, release } = await scene();
    const first = start();
    await asked;
    const others = Array.from({ length: count - 1 }, start);
    await Promise.all(others.map((job) => job.logged(WAITS)));
    release();
    const results = await Promise.all([first, ...others].map((job) => job.result));
    expect(results.map((result) => result.error ?? result.facts.sha256)).toEqual(
      Array(count).fill(sha256),
    );
    expect(results.map((result) => result.facts.hit).sort()).toEqual(
      ['source', ...Array(count - 1).fill('store')].sort(),
    );
    expect(server.hits.get('/x.smolmachine')).toBe(1);
    expectTidy(runner.store, sha256);
  },
  60_000,
);

test.each([2, 8])(
  '%i jobs, one killed while it writes: one more download',
  async (count) => {
    const { server, runner, sha256, start, asked, release } = await scene();
    const victim = start();
    await asked;
    const others = Array.from({ length: count - 1 }, start);
    await Promise.all(others.map((job) => job.logged(WAITS)));
    expect(readdirSync(join(runner.store, '.temporary'))).toHaveLength(1);
    victim.process.kill('SIGKILL');
    await once(victim.process, 'close');
    release();
    const results = await Promise.all(others.map((job) => job.result));
    expect(results.map((result) => result.error ?? result.facts.sha256)).toEqual(
      Array(count - 1).fill(sha256),
    );
    expect(results.filter((result) => result.facts.hit === 'source')).toHaveLength(1);
    expect(server.hits.get('/x.smolmachine')).toBe(2);
    expectTidy(runner.store, sha256);
  },
  60_000,
);
