/** A hostile archive writes nowhere but below the directory, and what is good in it is kept. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DEFAULT_EXTRACT_LIMITS,
  type ExtractLimits,
  extractTar,
  type PlaceMember,
} from '../../src/outputs/extract.ts';
import { directory, END, file, gnuLong, header, streamOf } from '../tar/craft.ts';
import { inBytes, type Outside, readTree, sha256, watchOutside } from './disk.ts';
import { CORPUS } from './hostile/corpus.ts';
import { archiveOf, wantedOf } from './hostile/hostile.ts';

let parent: string;
let root: string;
let outside: Outside;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'extract-'));
  root = join(parent, 'a', 'b', 'root');
  mkdirSync(join(parent, 'a', 'b'), { recursive: true });
  outside = watchOutside(parent, root);
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

async function extract(
  parts: readonly Buffer[],
  limits: Partial<ExtractLimits> = {},
  { place, chunk = 700 }: { readonly place?: PlaceMember; readonly chunk?: number } = {},
) {
  const bytes = Buffer.concat(parts);
  const all = { ...DEFAULT_EXTRACT_LIMITS, ...limits };
  const extracted = await extractTar(streamOf(bytes, chunk), root, all, place);
  expect(outside.changes()).toEqual([]);
  const tree = readTree(root);
  for (const { path, size, sha256: digest } of extracted.files) {
    expect([path, size, digest]).toEqual([
      path,
      tree.files[path]?.length,
      sha256(Buffer.from(tree.files[path] ?? '', 'latin1')),
    ]);
  }
  expect(Object.keys(tree.files)).toEqual(extracted.files.map(({ path }) => path).sort());
  return { ...extracted, tree };
}

test('files and directories are kept, with plain modes', async () => {
  const {
    files,
    tree,
    clean: _,
    ...rest
  } = await extract([
    directory('./'),
    directory('empty/'),
    file('./dir/run.sh', '#!/bin/sh', { mode: 0o4711 }),
    file('data', 'x'.repeat(5000), { mode: 0o600 }),
    END,
  ]);
  expect(rest).toEqual({ refused: [], refusedCount: 0 });
  expect(files.map(({ path, size }) => [path, size])).toEqual([
    ['dir/run.sh', 9],
    ['data', 5000],
  ]);
  expect(tree.directories).toEqual(['dir', 'empty']);
  expect(statSync(join(root, 'dir/run.sh')).mode & 0o7777).toBe(0o755);
});

describe('a hostile archive', () => {
  test('has many forms', () => {
    const names = CORPUS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(200);
  });

  test.each(CORPUS.map((hostile) => [hostile.name, hostile] as const))(
    '%s: nothing outside, what is good is kept',
    async (_name, hostile) => {
      for (const chunk of [97, 700, 1 << 20]) {
        rmSync(root, { recursive: true, force: true });
        const { refused, refusedCount, broken, tree } = await extract(
          [archiveOf(hostile)],
          {},
          {
            chunk,
          },
        );
        expect(refused.map(({ reason }) => reason)).toEqual(hostile.reasons);
        expect(refusedCount).toBe(hostile.reasons.length);
        expect(broken).toBe(hostile.broken);
        expect(tree.files).toEqual(inBytes(wantedOf(hostile)));
      }
    },
  );
});

describe('caps', () => {
  const many = Array.from({ length: 30 }, (_, index) => file(`f${index}`, 'x'.repeat(1000)));

  test.each<[string, Partial<ExtractLimits>, number, string]>([
    ['entries', { entries: 10 }, 10, 'is beyond the first 10 entries'],
    ['bytes together', { totalBytes: 5500 }, 5, 'is over the 0 MiB that all may have together'],
    ['bytes of one', { fileBytes: 999 }, 0, 'is over 0 MiB'],
  ])('%s', async (_name, limits, kept, reason) => {
    const { files, refused, refusedCount } = await extract([...many, END], limits);
    expect(files).toHaveLength(kept);
    expect(refusedCount).toBe(30 - kept);
    expect(refused.at(-1)?.reason).toBe(reason);
  });

  test('directories made on the way count as entries', async () => {
    const { tree } = await extract([file('a/b/c/d/e'), file('f'), END], { entries: 5 });
    expect([...tree.directories, ...Object.keys(tree.files)]).toHaveLength(5);
  });

  test('the list of refused entries is cut, their count is exact', async () => {
    const parts = Array.from({ length: 30 }, (_, index) => file(`../${index}`));
    const { refused, refusedCount } = await extract([...parts, END], { refusedListed: 7 });
    expect([refused.length, refusedCount]).toEqual([7, 30]);
  });

  test('a refused name is listed in one visible line', async () => {
    const { refused } = await extract([
      gnuLong('L', `\n\u202e${'x'.repeat(9000)}`),
      file('h'),
      END,
    ]);
    expect(refused[0]?.path).toMatch(/^<U\+000A><U\+202E>x{284}…$/);
  });

  test('a huge size in a header costs no memory and no disk', async () => {
    const huge = Buffer.from([0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    const { refused, broken } = await extract([
      header({ name: 'huge', size: huge }),
      Buffer.alloc(9000),
    ]);
    expect(refused).toEqual([{ path: 'huge', reason: 'is over 256 MiB' }]);
    expect(broken).toBe('the archive ends in the middle');
  });
});

describe('a stream that breaks', () => {
  test.each([1024, 1100, 1536, 4000])(
    'after %i bytes: what was complete is kept',
    async (length) => {
      const bytes = Buffer.concat([file('whole', 'x'), file('half', 'y'.repeat(3000)), END]);
      const { files, broken } = await extract([bytes.subarray(0, length)]);
      expect(files.map(({ path }) => path)).toEqual(['whole']);
      expect(broken).toBe('the archive ends in the middle');
    },
  );

  test('an error of the source comes through, and leaves no half file', async () => {
    async function* source() {
      yield file('whole');
      yield file('half', 'x'.repeat(3000)).subarray(0, 1024);
      throw Object.assign(new Error('the engine died'), { code: 'EPIPE', syscall: 'read' });
    }
    await expect(extractTar(source(), root)).rejects.toThrow('the engine died');
    expect(readTree(root).files).toEqual({ whole: 'content' });
  });
});

test('what stands in the directory already is neither overwritten nor followed', async () => {
  mkdirSync(join(root, 'target'), { recursive: true });
  symlinkSync(parent, join(root, 'out'));
  symlinkSync(join(parent, 'new'), join(root, 'dangling'));
  const parts = ['out/x', 'out/y', 'dangling', 'target/x', 'target/y'].map((name) => file(name));
  const bytes = Buffer.concat([...parts, END]);
  const { files, refused } = await extractTar(streamOf(bytes), root);
  expect(files).toEqual([]);
  const reasons = refused.map(({ reason }) => reason);
  expect(reasons).toEqual(Array(5).fill('could not be written: EEXIST'));
  expect(readdirSync(parent)).toEqual(['a']);
});

test('a placement decides where a member goes and which ones nobody asked for', async () => {
  const { files, refused } = await extract(
    [file('home/a/x'), file('etc/shadow'), END],
    {},
    { place: (path) => (path.startsWith('home/a/') ? `outputs/${path.slice(7)}` : undefined) },
  );
  expect(files.map(({ path }) => path)).toEqual(['outputs/x']);
  expect(refused).toEqual([{ path: 'etc/shadow', reason: 'was not asked for' }]);
});

test('a file is searched while it is written, and counts as clean only when it was to its end', async () => {
  const seen: Record<string, string> = {};
  const bytes = Buffer.concat([
    file('clean', 'x'.repeat(900)),
    file('found', 'y'.repeat(900)),
    file('unwatched'),
    file('half', 'z'.repeat(3000)).subarray(0, 1024),
  ]);
  const watch = (path: string) => {
    if (path === 'unwatched') return undefined;
    seen[path] = '';
    return {
      push: async (chunk: Uint8Array) => {
        seen[path] += Buffer.from(chunk).toString();
      },
      end: async () => seen[path]?.includes('y') === true,
    };
  };
  const { clean, files } = await extractTar(
    streamOf(bytes, 300),
    root,
    DEFAULT_EXTRACT_LIMITS,
    (path) => path,
    watch,
  );
  expect(files.map(({ path }) => path)).toEqual(['clean', 'found', 'unwatched']);
  expect([...clean]).toEqual(['clean']);
  expect(seen.clean).toBe('x'.repeat(900));
  expect(seen.found).toBe('y'.repeat(900));
});
