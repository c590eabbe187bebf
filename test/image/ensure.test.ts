import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { ensureImage } from '../../src/image/image.ts';
import { packFault } from '../../src/image/pack-fault.ts';
import type { ImageRequest } from '../../src/image/request.ts';
import { sourceName } from '../../src/image/source.ts';
import { engineHost } from '../machine/engine-host.ts';
import { tarArchive } from '../pack/tar.ts';
import { PACK_ARCH, type PackOptions, writePack } from '../pack/writer.ts';
import { listTree, temporary } from './temporary.ts';

const folder = temporary();
const SERVICES = { restoreCache: async () => false, saveCache: async () => false };
const LAYERS = [tarArchive([{ name: 'etc/hostname', body: 'bottle\n' }])];
const PLATFORM = `linux/${PACK_ARCH}`;

const toolCache = () => join(folder(), 'tools');
const at = (name: string) => join(folder(), name);
const pack = (name: string, options: PackOptions = {}) =>
  writePack(at(name), { layers: LAYERS, ...options });

function ensure(request: Partial<ImageRequest> & Pick<ImageRequest, 'source'>) {
  const env = { PATH: process.env.PATH, RUNNER_TOOL_CACHE: toolCache() };
  return ensureImage(engineHost({ env }), SERVICES, {
    sha256: '',
    lock: { file: 'images.lock', text: '' },
    needsRootfs: false,
    cache: 'off',
    trusted: false,
    ...request,
  });
}

/** A smolvm that notes how it was called and gives out the pack at `gives`, or fails. */
function fakeSmolvm(gives: string, exitCode = 0) {
  const path = at('smolvm');
  const out = 'for last; do :; done; case "$2" in create) last="$last.smolmachine" ;; esac';
  const smolfile = 'while [ $# -gt 0 ]; do [ "$1" = -s ] && cp "$2" "$NOTES.smolfile"; shift; done';
  const lines = [
    '#!/bin/sh',
    'echo "$@" >> "$NOTES"; pwd >> "$NOTES"; env | grep -c ^SMOLVM >> "$NOTES"',
    'echo "Error: the registry said no" >&2',
    `[ ${exitCode} = 0 ] || exit ${exitCode}`,
    out,
    `cp '${gives}' "$last"`,
    smolfile,
  ];
  writeFileSync(path, lines.join('\n'));
  chmodSync(path, 0o755);
  const env = { PATH: process.env.PATH ?? '', NOTES: at('notes') };
  const calls = () =>
    existsSync(at('notes'))
      ? readFileSync(at('notes'), 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('pack'))
      : [];
  return { smolvm: { path, version: '1.9.2', env }, calls };
}

const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('a path on the runner', () => {
  test('is copied into the store once, and the original left alone', async () => {
    const { path, sha256, bytes } = await pack('x');
    const source = { kind: 'path', path } as const;
    const { image, facts } = await ensure({ source });
    expect(facts).toMatchObject({ sha256, bytes, platform: PLATFORM, hit: 'source', notices: [] });
    expect(facts.source).toBe(`path ${path}`);
    expect(image).toEqual({
      kind: 'smolmachine',
      path: join(toolCache(), 'bottle/images', sha256, 'image.smolmachine'),
    });
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect((await ensure({ source })).facts.hit).toBe('store');
  });

  test('is not needed when its digest is given and stored', async () => {
    const { path, sha256 } = await pack('x');
    const source = { kind: 'path', path } as const;
    await ensure({ source, sha256 });
    rmSync(path);
    expect((await ensure({ source, sha256 })).facts.hit).toBe('store');
  });

  test('with another digest is refused, and nothing is stored', async () => {
    const { path } = await pack('x');
    const source = { kind: 'path', path } as const;
    const error = await failure(ensure({ source, sha256: '0'.repeat(64) }));
    expect(packFault(error)).toBe('digest');
    expect((error as BottleError).where).toContain(`path ${path}`);
    expect(listTree(toolCache()).filter((name) => name.includes('smolmachine'))).toEqual([]);
  });

  test.each<[fault: string, options: PackOptions]>([
    ['checksum', { corrupt: { footer: { crc32: 1 } } }],
    ['magic', { corrupt: { footer: { magic: 'SMOLSECT' } } }],
    ['platform', { manifest: { platform: 'linux/s390x' } }],
  ])('that is broken (%s) is not stored, even with the right sha256', async (fault, options) => {
    const { path, sha256 } = await pack('x', options);
    const error = await failure(ensure({ source: { kind: 'path', path }, sha256 }));
    expect(packFault(error)).toBe(fault);
    expect((error as BottleError).where).not.toContain('.temporary');
    expect(listTree(toolCache()).filter((name) => name.includes('smolmachine'))).toEqual([]);
  });

  test.each(['', '0'.repeat(64)])('that is missing is said to be (sha256 %o)', async (sha256) => {
    const source = { kind: 'path', path: at('absent') } as const;
    const error = await failure(ensure({ source, sha256 }));
    expect(packFault(error)).toBe('unreadable');
  });
});

describe('a root file system', () => {
  test('is unpacked once and shared', async () => {
    const { path } = await pack('x');
    const source = { kind: 'path', path } as const;
    const first = await ensure({ source, needsRootfs: true });
    const rootfs = first.image.kind === 'smolmachine' ? (first.image.rootfs ?? '') : '';
    expect(readFileSync(join(rootfs, 'etc/hostname'), 'utf8')).toBe('bottle\n');
    const { ino } = statSync(rootfs);
    expect((await ensure({ source, needsRootfs: true })).image).toEqual(first.image);
    expect(statSync(rootfs).ino).toBe(ino);
  });

  test('that cannot be unpacked leaves none behind', async () => {
    const { path, sha256 } = await pack('x', { layers: [tarArchive([{ name: '../x' }])] });
    const error = await failure(ensure({ source: { kind: 'path', path }, needsRootfs: true }));
    expect(packFault(error)).toBe('escape');
    const store = join(toolCache(), 'bottle/images');
    expect(existsSync(join(store, sha256, 'rootfs'))).toBe(false);
    expect(listTree(join(store, '.temporary'))).toEqual([]);
  });
});

describe('an image in a registry', () => {
  const oci = { kind: 'oci', reference: 'ghcr.io/acme/dev:1' } as const;

  test('is pulled in a neutral directory', async () => {
    const { path, sha256 } = await pack('x');
    const { smolvm, calls } = fakeSmolvm(path);
    const { facts } = await ensure({ source: oci, smolvm });
    expect(facts).toMatchObject({ sha256, hit: 'source', source: 'oci ghcr.io/acme/dev:1' });
    expect(calls()).toEqual([expect.stringMatching(/^pack pull ghcr\.io\/acme\/dev:1 -o \/.*/)]);
    expect(readFileSync(at('notes'), 'utf8')).toContain('.temporary');
  });

  test('is checked against the lock file', async () => {
    const { path, sha256, bytes } = await pack('x');
    const { smolvm } = fakeSmolvm(path);
    const line = (digest: string) => `${digest} ${PLATFORM} ${bytes} ${sourceName(oci)}\n`;
    const lock = (digest: string) => ({ file: 'images.lock', text: line(digest) });
    const error = await failure(ensure({ source: oci, smolvm, lock: lock('0'.repeat(64)) }));
    expect(packFault(error)).toBe('digest');
    expect((await ensure({ source: oci, smolvm, lock: lock(sha256) })).facts.hit).toBe('source');
    expect((await ensure({ source: oci, smolvm, lock: lock(sha256) })).facts.hit).toBe('store');
  });

  test('that cannot be pulled says what smolvm said', async () => {
    const { smolvm } = fakeSmolvm('', 1);
    const error = (await failure(ensure({ source: oci, smolvm }))) as BottleError;
    expect(error).toBeInstanceOf(BottleError);
    expect(error.where).toContain('exit code 1 Error: the registry said no');
  });

  test('that smolvm did not write is an error', async () => {
    const { smolvm } = fakeSmolvm('/nonexistent');
    const error = await failure(ensure({ source: oci, smolvm }));
    expect(error).toBeInstanceOf(BottleError);
  });

  test.each(['--help', '/etc/passwd', 'a b', './x'])('%s is no reference', async (reference) => {
    const { smolvm, calls } = fakeSmolvm('');
    const error = await failure(ensure({ source: { kind: 'oci', reference }, smolvm }));
    expect((error as BottleError).outcome).toBe('config-invalid');
    expect(calls()).toEqual([]);
  });
});

describe('an image that is built here', () => {
  const from = { kind: 'from', reference: `node@sha256:${'1'.repeat(64)}` } as const;

  test('is built once for the same inputs', async () => {
    const { path, sha256 } = await pack('x');
    const { smolvm, calls } = fakeSmolvm(path);
    expect((await ensure({ source: from, smolvm })).facts).toMatchObject({ hit: 'source', sha256 });
    expect((await ensure({ source: from, smolvm })).facts).toMatchObject({ hit: 'store', sha256 });
    expect(calls()).toEqual([expect.stringMatching(/^pack create -I node@sha256:1+ -o \/.*/)]);
    const newer = { ...smolvm, version: '1.9.3' };
    expect((await ensure({ source: from, smolvm: newer })).facts.hit).toBe('source');
  });

  test('again, in place of a locked build that is lost, is used with a notice', async () => {
    const { path, sha256, bytes } = await pack('x');
    const { smolvm } = fakeSmolvm(path);
    const text = `${'0'.repeat(64)} ${PLATFORM} ${bytes} ${sourceName(from)}\n`;
    const { facts } = await ensure({ source: from, smolvm, lock: { file: 'l', text } });
    expect(facts.notices).toEqual([expect.stringContaining(sha256)]);
  });

  test('but not in place of a digest that was asked for', async () => {
    const { path } = await pack('x');
    const { smolvm } = fakeSmolvm(path);
    const error = await failure(ensure({ source: from, smolvm, sha256: '0'.repeat(64) }));
    expect(packFault(error)).toBe('digest');
  });

  test('from a Smolfile, which smolvm sees as it stood at the trusted ref', async () => {
    const { path } = await pack('x');
    const { smolvm, calls } = fakeSmolvm(path);
    const source = { kind: 'smolfile', file: 'dev.smolfile', text: 'image = "node"\n' } as const;
    expect((await ensure({ source, smolvm })).facts.hit).toBe('source');
    expect(calls()).toEqual([expect.stringMatching(/^pack create -s \/.*Smolfile -o \/.*/)]);
    expect(readFileSync(at('notes.smolfile'), 'utf8')).toBe(source.text);
  });

  test('not from a Smolfile that asks for more', async () => {
    const { smolvm, calls } = fakeSmolvm('');
    const text = 'image = "node"\n[secrets]\nX = { from_env = "TOKEN" }\n';
    const error = await failure(
      ensure({ source: { kind: 'smolfile', file: 'dev.smolfile', text }, smolvm }),
    );
    expect((error as BottleError).where).toContain('dev.smolfile:2');
    expect(calls()).toEqual([]);
  });
});

test('the runner’s own /usr needs nothing', async () => {
  const { image, facts } = await ensure({ source: { kind: 'host' } });
  expect(image).toEqual({ kind: 'host' });
  expect(facts.hit).toBe('host');
  expect(existsSync(toolCache())).toBe(false);
});

test('an image by URL needs its sha256', async () => {
  const error = await failure(ensure({ source: { kind: 'url', url: 'https://example.com/x' } }));
  expect(packFault(error)).toBe('digest');
});

test('names of sources hold no secret', () => {
  const url = 'https://user:secret@example.com/x.smolmachine?sig=secret#secret';
  expect(sourceName({ kind: 'url', url })).toBe('url https://example.com/x.smolmachine');
});

test('a wrong lock file ends the run before anything is fetched', async () => {
  const { smolvm, calls } = fakeSmolvm('');
  const source = { kind: 'oci', reference: 'a/b:1' } as const;
  const error = await failure(ensure({ source, smolvm, lock: { file: 'l', text: 'nonsense' } }));
  expect((error as BottleError).outcome).toBe('config-invalid');
  expect(calls()).toEqual([]);
});
