/** Fetches through the gate by a real git: all that the upstream has, and nothing that is older. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit, openScene, type Scene } from './scene.ts';

describe('a repository that can be fetched', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({ commits: 5 });
  });
  afterAll(() => scene?.close());

  /** A commit on a branch of the upstream, by nobody in the bottle. */
  const advance = (branch: string) => {
    const parent = scene.atUpstream('rev-parse', '--verify', 'main');
    const id = scene.atUpstream('commit-tree', 'main^{tree}', '-p', parent, '-m', `on ${branch}`);
    scene.atUpstream('update-ref', `refs/heads/${branch}`, id);
    return id;
  };

  test('is cloned with its branches, its tags and its own first branch', async () => {
    scene.atUpstream('branch', 'trunk', 'main');
    const work = await scene.clone('whole');
    expect(await scene.good(work, 'rev-parse', 'HEAD', 'v1')).toBe(
      scene.atUpstream('rev-parse', 'main', 'v1'),
    );
    expect(await scene.good(work, 'branch', '--show-current')).toBe('main');
    expect(await scene.good(work, 'branch', '-r', '--format=%(refname)')).toContain('origin/trunk');
    expect(await scene.good(work, 'rev-list', '--count', 'HEAD')).toBe('5');
    await scene.good(work, 'fsck', '--strict');
  });

  test('shows at once what is new, and what is gone', async () => {
    const work = await scene.clone('later');
    const id = advance('news');
    scene.atUpstream('branch', '-f', 'old', 'main');
    await retry(
      () => scene.good(work, 'fetch', '--prune', 'origin'),
      async () => {
        expect(await scene.good(work, 'rev-parse', 'origin/news')).toBe(id);
      },
    );
    scene.atUpstream('branch', '-D', 'old');
    await retry(
      () => scene.good(work, 'fetch', '--prune', 'origin'),
      async () => {
        expect(await scene.good(work, 'branch', '-r')).not.toContain('origin/old');
      },
    );
  });

  test('is fetched in part: shallow, deepened, without files, one commit by its id', async () => {
    const shallow = await scene.clone('shallow', '--depth=1');
    expect(await scene.good(shallow, 'rev-list', '--count', 'HEAD')).toBe('1');
    await scene.good(shallow, 'fetch', '--deepen=2');
    expect(await scene.good(shallow, 'rev-list', '--count', 'HEAD')).toBe('3');
    await scene.good(shallow, 'fetch', '--unshallow');
    expect(await scene.good(shallow, 'rev-list', '--count', 'HEAD')).toBe('5');
    const partial = await scene.clone('partial', '--filter=blob:none');
    expect(await scene.good(partial, 'config', 'remote.origin.partialclonefilter')).toBe(
      'blob:none',
    );
    const empty = join(scene.directory, 'empty');
    mkdirSync(empty);
    await scene.good(empty, 'init', '--quiet');
    const id = scene.atUpstream('rev-parse', 'main~2');
    await scene.good(empty, 'fetch', '--depth=1', scene.url, id);
    expect(await scene.good(empty, 'rev-parse', 'FETCH_HEAD')).toBe(id);
  });

  test('works with the older protocols of git', async () => {
    for (const version of ['0', '1']) {
      const listed = await scene.good(
        scene.directory,
        ...['-c', `protocol.version=${version}`, 'ls-remote', scene.url, 'main'],
      );
      expect(listed).toContain(scene.atUpstream('rev-parse', 'main'));
    }
  });

  test('is asked of the upstream once when many ask at once', async () => {
    const before = scene.asked(/git-upload-pack$/);
    await fresh(scene);
    const after = scene.asked(/info\/refs/);
    const many = Array.from({ length: 6 }, () =>
      scene.good(scene.directory, 'ls-remote', scene.url),
    );
    const listed = await Promise.all(many);
    expect(new Set(listed).size).toBe(1);
    expect(scene.asked(/info\/refs/) - after).toBeLessThanOrEqual(1);
    expect(before).toBeGreaterThan(0);
  });

  test('shows the credential to the upstream alone', async () => {
    const { headers } = scene.upstream.requests.at(-1) ?? {};
    expect(headers?.authorization).toMatch(/^Basic /);
    expect(JSON.stringify(scene.gateway.messages)).not.toMatch(/an-upstream-token|Basic/);
    expect(scene.gateway.decisions().at(-1)).toMatchObject({
      decision: 'allowed',
      route: 'git:site',
      credential: 'SITE_TOKEN',
      host: '127.0.0.1',
      port: 7711,
    });
    expect(scene.gateway.stderr()).toBe('');
  });

  test('lets the work be rebased on what came meanwhile, and pushed', async () => {
    const work = await scene.clone('rebased');
    await commit(scene, work, { 'mine.txt': 'mine\n' });
    const parent = scene.atUpstream('rev-parse', 'main');
    const theirs = scene.atUpstream('commit-tree', 'main^{tree}', '-p', parent, '-m', 'theirs');
    scene.atUpstream('update-ref', 'refs/heads/main', theirs);
    const early = await scene.git(work, 'push', 'origin', 'main');
    expect(early.exitCode).toBe(1);
    expect(early.stderr).toMatch(/fetch first|non-fast-forward|stale info/);
    expect(scene.atUpstream('rev-parse', 'main')).toBe(theirs);
    await retry(
      () => scene.good(work, 'pull', '--rebase', '--quiet', 'origin', 'main'),
      async () => {
        expect(await scene.good(work, 'rev-parse', 'HEAD^')).toBe(theirs);
      },
    );
    await scene.good(work, 'push', 'origin', 'main');
    expect(scene.atUpstream('rev-parse', 'main')).toBe(await scene.good(work, 'rev-parse', 'HEAD'));
  });
});

/** What was asked within the last two seconds may be answered from then: ask again until it holds. */
async function retry(ask: () => Promise<unknown>, check: () => Promise<void>): Promise<void> {
  await expect
    .poll(
      async () => {
        await ask();
        return check().then(() => 'holds', String);
      },
      { timeout: 10_000 },
    )
    .toBe('holds');
}

/** The gate has asked its upstream just now. */
async function fresh({ good, directory, url, asked }: Scene): Promise<void> {
  const before = asked(/info\/refs/);
  await expect
    .poll(
      async () => {
        await good(directory, 'ls-remote', url);
        return asked(/info\/refs/);
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(before);
}
