/** A hostile archive writes nowhere but below the directory, and what is good in it is kept. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DEFAULT_EXTRACT_LIMITS,
  type ExtractLimits,
  extractTar,
  type PlaceMember,
} from '../../src/outputs/extract.ts';
import {
  directory,
  END,
  file,
  gnuLong,
  header,
  padded,
  pax,
  streamOf,
  symlink,
} from '../tar/craft.ts';
import { readTree, sha256 } from './disk.ts';

let parent: string;
let root: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'extract-'));
  root = join(parent, 'a', 'b', 'root');
  mkdirSync(join(parent, 'a', 'b'), { recursive: true });
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

async function extract(
  parts: readonly Buffer[],
  limits: Partial<ExtractLimits> = {},
  place?: PlaceMember,
) {
  const bytes = Buffer.concat(parts);
  const all = { ...DEFAULT_EXTRACT_LIMITS, ...limits };
  const extracted = await extractTar(streamOf(bytes, 700), root, all, place);
  expect(readdirSync(parent)).toEqual(['a']);
  expect(readdirSync(join(parent, 'a'))).toEqual(['b']);
  expect(readdirSync(join(parent, 'a', 'b'))).toEqual(['root']);
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

const nfc = '\u00e9';
const nfd = 'e\u0301';

describe('what is refused, between two good files', () => {
  test.each<[string, Buffer[], string]>([
    ['an absolute path', [file('/etc/passwd')], 'has an absolute path'],
    ['an absolute pax path', [pax([['path', '/tmp/x']]), file('h')], 'has an absolute path'],
    ['a climb', [file('../x')], 'climbs with ..'],
    ['a climb in the middle', [file('d/../../x')], 'climbs with ..'],
    ['a climb at the end', [directory('d/..')], 'climbs with ..'],
    ['a climb in a GNU name', [gnuLong('L', '../../x'), file('h')], 'climbs with ..'],
    ['a climb by the prefix', [file('x', '', { prefix: '../..' })], 'climbs with ..'],
    ['no name', [file('')], 'has no name'],
    ['only dots', [file('./.')], 'has no name'],
    ['a NUL', [pax([['path', 'a\0b']]), file('h')], 'has a control character in its name'],
    ['a line break', [file('a\n::error::x')], 'has a control character in its name'],
    ['an escape', [file('a\x1b[31m')], 'has a control character in its name'],
    ['a changed direction', [file('a\u202etxt.exe')], 'has a control character in its name'],
    ['a line separator', [file('a\u2028b')], 'has a control character in its name'],
    ['no UTF-8', [file(Buffer.from([0x61, 0xff]))], 'has a name that is not UTF-8'],
    ['a backslash', [file('..\\..\\x')], 'has one of " < > : | * ? \\ in its name'],
    ['a drive', [file('C:/x')], 'has one of " < > : | * ? \\ in its name'],
    ['a question mark', [file('why?')], 'has one of " < > : | * ? \\ in its name'],
    ['.git', [file('.git/hooks/post-checkout')], 'is, or is in, a .git directory'],
    ['a nested .git', [file('d/.GiT/config')], 'is, or is in, a .git directory'],
    ['a .git file', [file('d/.git')], 'is, or is in, a .git directory'],
    ['.git for HFS+', [file('.g\u200cit/config')], 'is, or is in, a .git directory'],
    ['.git for NTFS', [file('GIT~1/config')], 'is, or is in, a .git directory'],
    ['.git with dots', [file('.git. ./config')], 'is, or is in, a .git directory'],
    ['a long name', [gnuLong('L', 'n'.repeat(256)), file('h')], 'has a name over 255 bytes'],
    [
      'a long path',
      [gnuLong('L', `${'nnn/'.repeat(20)}${'m'.repeat(250)}/`.repeat(4)), file('h')],
      'is deeper than 32 levels',
    ],
    [
      'a path over the cap',
      [gnuLong('L', 'n'.repeat(200).concat('/').repeat(6).concat('x')), file('h')],
      'has a path over 1024 bytes',
    ],
    ['a deep path', [file('d/'.repeat(32).concat('f'))], 'is deeper than 32 levels'],
    ['a hard link', [header({ name: 'h', type: '1', link: 'good' })], 'is a hard link'],
    ['a hard link out', [header({ name: 'h', type: '1', link: '/etc/passwd' })], 'is a hard link'],
    ['a character device', [header({ name: 'c', type: '3' })], 'is a device'],
    ['a block device', [header({ name: 'b', type: '4' })], 'is a device'],
    ['a named pipe', [header({ name: 'p', type: '6' })], 'is a named pipe'],
    [
      'a sparse file',
      [header({ name: 's', type: 'S', size: 3 }), padded('abc')],
      'is a sparse file',
    ],
    ['a sparse file of pax', [pax([['GNU.sparse.major', '1']]), file('s')], 'is a sparse file'],
    ['another type', [header({ name: 'v', type: 'V' })], 'is of an unknown type'],
    ['a link out', [symlink('l', '/etc/passwd')], 'is a symbolic link'],
    ['a link inside', [symlink('l', 'good')], 'is a symbolic link'],
    ['a file twice', [file('twice'), file('twice', 'other')], 'is there twice'],
    ['a file over a directory', [directory('d'), file('d')], 'is there twice'],
    ['a directory over a file', [file('d'), directory('d')], 'is there twice'],
    ['a file below a file', [file('f'), file('f/x')], 'lies below a file'],
    ['another case', [file('README'), file('readme')], 'collides with README'],
    ['another case above', [file('Dir/a'), file('dir/b')], 'collides with Dir'],
    ['another form', [file(`caf${nfc}`), file(`caf${nfd}`)], `collides with caf${nfc}`],
    ['another form above', [file(`${nfd}/a`), file(`${nfc}/b`)], `collides with ${nfd}`],
    [
      'marks in another order',
      [file('\u03b1\u0345\u0301'), file('\u03b1\u0301\u0345')],
      'collides with \u03b1\u0345\u0301',
    ],
    ['sharp s', [file('stra\u00dfe'), file('STRASSE')], 'collides with stra\u00dfe'],
    ['the Kelvin sign', [file('k'), file('\u212a')], 'collides with k'],
  ])('%s', async (_name, parts, reason) => {
    const { refused, files, broken } = await extract([
      file('good', 'one'),
      ...parts,
      file('also/good', 'two'),
      END,
    ]);
    expect(refused.map((entry) => entry.reason)).toEqual([reason]);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['good', 'also/good']));
    expect(broken).toBeUndefined();
  });
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
    (path) => (path.startsWith('home/a/') ? `outputs/${path.slice(7)}` : undefined),
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

test('generated archives: nothing outside, nothing special, every plain file kept', async () => {
  const name = fc.constantFrom('a', 'b', 'A', '..', '.', '', '.git', nfc, nfd, 'x\\y', 'c\n');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const anyPath = fc.oneof(
    path,
    path.map((text) => `/${text}`),
  );
  const member = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(anyPath, fc.string()).map(([at, text]) => file(at, text)) },
    { weight: 2, arbitrary: fc.tuple(anyPath, anyPath).map(([at, to]) => symlink(at, to)) },
    { weight: 1, arbitrary: anyPath.map(directory) },
    // What a link cannot lead: a file below its name.
    {
      weight: 1,
      arbitrary: fc
        .tuple(path, anyPath)
        .map(([at, to]) => Buffer.concat([symlink(at, to), file(`${at}/x`)])),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(anyPath, anyPath, fc.constantFrom(...'134567VZ'))
        .map(([at, link, type]) => header({ name: at, link, type })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(path, anyPath)
        .map(([at, to]) => Buffer.concat([pax([['path', to]]), file(at)])),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(member, { maxLength: 14 }), async (members) => {
      rmSync(root, { recursive: true, force: true });
      const { files, broken } = await extract([file('plain', 'kept'), ...members, END]);
      expect(broken).toBeUndefined();
      expect(files[0]).toMatchObject({ path: 'plain', sha256: sha256('kept') });
    }),
    { numRuns: 400 },
  );
});
