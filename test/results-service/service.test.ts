import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AZURITE_MISSING, startAzurite } from './azurite-blob-store.ts';
import { makeWorkspace, type Workspace } from './call-clients.ts';
import { type ResultsService, startResultsService } from './service.ts';

let service: ResultsService;
let workspace: Workspace;

const write = (name: string, bytes: string | Buffer) =>
  writeFile(join(workspace.directory, name), bytes);

const VARIANTS = ['on disk', "on disk behind Azure's host name", 'in Azurite'] as const;

describe.each(VARIANTS)('with blobs %s, the real clients', (variant) => {
  beforeEach(async (context) => {
    if (variant === 'in Azurite' && AZURITE_MISSING) context.skip(AZURITE_MISSING);
    service = await startResultsService({
      azureHost: variant === "on disk behind Azure's host name",
      ...(variant === 'in Azurite' ? { blobs: await startAzurite() } : {}),
    });
    workspace = await makeWorkspace();
  });
  afterEach(async () => {
    await workspace?.remove();
    await service?.close();
  });

  test('upload, list, download and delete an artifact', async () => {
    const noise = randomBytes(9_000_000);
    await write('noise', noise);
    await write('text', 'hello');
    const files = ['noise', 'text'].map((name) => join(workspace.directory, name));
    const down = join(workspace.directory, 'down');
    const [up, again, listed, got] = await workspace.call(
      service.env,
      ['artifact', 'uploadArtifact', 'out', files, workspace.directory, { retentionDays: 3 }],
      ['artifact', 'uploadArtifact', 'out', files, workspace.directory],
      ['artifact', 'listArtifacts'],
      ['artifact', 'downloadArtifact', 1, { path: down, expectedHash: 'sha256:nonsense' }],
    );
    expect(up?.value).toMatchObject({ id: 1, size: expect.any(Number) });
    expect(again?.error).toContain('(409)');
    expect(listed?.value).toMatchObject({ artifacts: [{ name: 'out', id: 1 }] });
    expect(got?.value).toMatchObject({ digestMismatch: true });
    expect(await readFile(join(down, 'noise'))).toEqual(noise);

    const stored = await service.readArtifact('out');
    expect([...stored.keys()].sort()).toEqual(['noise', 'text']);
    expect(stored.get('text')?.toString()).toBe('hello');
    expect(service.listArtifacts()[0]?.expiresAt).toBeDefined();

    const [gone] = await workspace.call(service.env, ['artifact', 'deleteArtifact', 'out']);
    expect(gone?.value).toEqual({ id: 1 });
    expect(service.listArtifacts()).toEqual([]);
    expect(service.violations).toEqual([]);
  });

  test('save a cache once and restore it, also by prefix', async () => {
    const noise = randomBytes(3_000_000);
    await mkdir(join(workspace.directory, 'img'));
    await write('img/disk', noise);
    const [saved, refused] = await workspace.call(
      service.env,
      ['cache', 'saveCache', ['img'], 'image-1-'],
      ['cache', 'saveCache', ['img'], 'image-1-'],
    );
    expect([saved?.value, refused?.value]).toEqual([1, -1]);
    await rm(join(workspace.directory, 'img'), { recursive: true });
    const [missed, found, prefix] = await workspace.call(
      service.env,
      ['cache', 'restoreCache', ['img'], 'image-2-'],
      ['cache', 'restoreCache', ['img'], 'image-1-'],
      ['cache', 'restoreCache', ['img'], 'image-', [], { lookupOnly: true }],
    );
    expect([missed?.value, found?.value, prefix?.value]).toEqual([
      undefined,
      'image-1-',
      'image-1-',
    ]);
    expect(await readFile(join(workspace.directory, 'img/disk'))).toEqual(noise);
    expect(service.listCache()).toMatchObject([{ key: 'image-1-', scope: 'refs/heads/main' }]);
    expect((await service.readCache('image-1-')).length).toBe(service.listCache()[0]?.size);
    expect(service.violations).toEqual([]);
  });
});

test("only behind Azure's host name does the cache client read a blob's head and ranges", async () => {
  for (const azureHost of [true, false]) {
    const service = await startResultsService({ azureHost });
    const workspace = await makeWorkspace();
    await writeFile(join(workspace.directory, 'a'), 'x');
    service.faults.inject('HeadBlob', { kind: 'status', status: 403 });
    const [, found] = await workspace.call(
      service.env,
      ['cache', 'saveCache', ['a'], 'k'],
      ['cache', 'restoreCache', ['a'], 'k'],
    );
    expect(found?.value).toBe(azureHost ? undefined : 'k');
    await workspace.remove();
    await service.close();
  }
});

describe('the service', () => {
  beforeEach(async () => {
    service = await startResultsService();
    workspace = await makeWorkspace();
  });
  afterEach(async () => {
    await workspace.remove();
    await service.close();
  });

  test('guards cache scopes: a pull request reads the base, writes only its own', async () => {
    await write('a', 'x');
    const pull = service.envFor([
      { scope: 'refs/pull/7/merge', permission: 3 },
      { scope: 'refs/heads/main', permission: 1 },
    ]);
    await workspace.call(service.env, ['cache', 'saveCache', ['a'], 'from-main']);
    const [read] = await workspace.call(
      pull,
      ['cache', 'restoreCache', ['a'], 'from-main'],
      ['cache', 'saveCache', ['a'], 'from-pull'],
    );
    const [unseen] = await workspace.call(service.env, [
      'cache',
      'restoreCache',
      ['a'],
      'from-pull',
    ]);
    expect([read?.value, unseen?.value]).toEqual(['from-main', undefined]);
    const readOnly = service.envFor([{ scope: 'refs/heads/main', permission: 1 }]);
    const [denied] = await workspace.call(readOnly, ['cache', 'saveCache', ['a'], 'other']);
    expect(denied?.value).toBe(-1);
    expect(service.violations).toEqual([]);
  });

  test('keeps a raw artifact as one file', async () => {
    await write('log.txt', 'raw');
    await workspace.call(service.env, [
      'artifact',
      'uploadArtifact',
      '',
      [join(workspace.directory, 'log.txt')],
      workspace.directory,
      { skipArchive: true },
    ]);
    expect((await service.readArtifact('log.txt')).get('log.txt')?.toString()).toBe('raw');
    expect(service.violations).toEqual([]);
  });

  test.each([
    ['an unknown route', '/twirp/x.Y/Z', {}, 404],
    ['a call without a token', `${CACHE}CreateCacheEntry`, {}, 401],
    ['an unsigned blob URL', '/account/actions-results/x', {}, 403],
  ])('refuses and records %s', async (_, path, headers, status) => {
    const response = await fetch(service.url + path, { method: 'POST', body: '{}', headers });
    expect(response.status).toBe(status);
    expect(service.violations).toHaveLength(1);
  });

  test('refuses and records a token whose claims were changed', async () => {
    const [head, , signature] = (service.env.ACTIONS_RUNTIME_TOKEN ?? '').split('.');
    const claims = { scp: 'Actions.Results:other:job', ac: '[]', exp: 2 ** 40 };
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const response = await fetch(`${service.url}${CACHE}CreateCacheEntry`, {
      method: 'POST',
      body: '{}',
      headers: { authorization: `Bearer ${head}.${body}.${signature}` },
    });
    expect(response.status).toBe(401);
    expect(service.violations).toHaveLength(1);
  });

  test('refuses and records a field that it does not know, and a wrong size', async () => {
    const call = (method: string, body: object) =>
      fetch(`${service.url}${CACHE}${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${service.env.ACTIONS_RUNTIME_TOKEN}` },
        body: JSON.stringify(body),
      });
    const entry = { key: 'k', version: 'a'.repeat(64) };
    expect((await call('CreateCacheEntry', { ...entry, extra: 1 })).status).toBe(400);
    await call('CreateCacheEntry', entry);
    const answer = await call('FinalizeCacheEntryUpload', { ...entry, size_bytes: '5' });
    expect(await answer.json()).toMatchObject({ ok: false });
    expect(service.violations).toHaveLength(2);
  });

  test('refuses a signed URL for another use or another blob', async () => {
    await write('a', 'x');
    await workspace.call(service.env, ['cache', 'saveCache', ['a'], 'k']);
    const url = await downloadUrl();
    expect((await fetch(url)).status).toBe(200);
    const put = { method: 'PUT', body: 'evil', headers: { 'x-ms-blob-type': 'BlockBlob' } };
    expect((await fetch(url, put)).status).toBe(403);
    expect((await fetch(url.replace('sp=r', 'sp=cw'), put)).status).toBe(403);
    expect((await fetch(url.replace(/results\/../, 'results/00'))).status).toBe(403);
  });
});

/** Of the one cache entry, `k`. */
async function downloadUrl(): Promise<string> {
  const answer = await fetch(`${service.url}${CACHE}GetCacheEntryDownloadURL`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.env.ACTIONS_RUNTIME_TOKEN}` },
    body: JSON.stringify({ key: 'k', version: service.listCache()[0]?.version }),
  });
  return ((await answer.json()) as { signed_download_url: string }).signed_download_url;
}

const CACHE = '/twirp/github.actions.results.api.v1.CacheService/';

describe('an injected fault', () => {
  beforeEach(async () => {
    service = await startResultsService();
    workspace = await makeWorkspace();
    await write('a', randomBytes(200_000));
    await workspace.call(service.env, ['cache', 'saveCache', ['a'], 'k']);
  });
  afterEach(async () => {
    await workspace.remove();
    await service.close();
  });

  const restore = async () =>
    (await workspace.call(service.env, ['cache', 'restoreCache', ['a'], 'k']))[0];

  test('reaches the client once and is then over', async () => {
    service.faults.inject('GetCacheEntryDownloadURL', { kind: 'status', status: 429 }, 1);
    expect((await restore())?.value).toBeUndefined();
    expect((await restore())?.value).toBe('k');
  });

  test.each([
    ['truncated', { kind: 'truncate', keep: 1000 }],
    ['corrupted', { kind: 'corrupt', at: 100_000 }],
    ['an error page', { kind: 'body', status: 404, body: '<html>Not found</html>' }],
  ] as const)('lets a download be %s', async (_, fault) => {
    service.faults.inject('GetBlob', fault);
    expect((await restore())?.value).toBeUndefined();
  });

  test('can put another image under the same key', async () => {
    const before = await readFile(join(workspace.directory, 'a'));
    await write('a', 'another');
    await workspace.call(service.env, ['cache', 'saveCache', ['a'], 'other']);
    const body = await service.readCache('other');
    service.faults.inject('GetBlob', { kind: 'body', status: 200, body });
    expect((await restore())?.value).toBe('k');
    expect(await readFile(join(workspace.directory, 'a'), 'utf8')).toBe('another');
    expect(before.length).toBe(200_000);
  });

  test('can be slow', async () => {
    service.faults.inject('ListArtifacts', { kind: 'slow', ms: 300 });
    const started = performance.now();
    const [listed] = await workspace.call(service.env, ['artifact', 'listArtifacts']);
    expect(listed?.value).toEqual({ artifacts: [] });
    expect(performance.now() - started).toBeGreaterThan(300);
  });

  test('can break the connection in the middle', async () => {
    service.faults.inject('GetBlob', { kind: 'cut', keep: 1000 });
    const url = await downloadUrl();
    await expect(fetch(url).then((answer) => answer.bytes())).rejects.toThrow('terminated');
  });
});
