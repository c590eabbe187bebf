/** What `writeTar` writes is read back by the tars that guests have. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TarEntry, writeTar } from '../../src/tar/write.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tar-write-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function archive(entries: Iterable<TarEntry>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const has = (program: string) => spawnSync(program, ['--help']).error === undefined;

const PYTHON = 'import sys,tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode="r|").extractall()';
const READERS = [
  ['GNU tar', 'tar', 'tar', ['-xf', '-']],
  ['bsdtar', 'bsdtar', 'libarchive-tools', ['-xf', '-']],
  ['busybox tar', 'busybox', 'busybox', ['tar', '-xf', '-']],
  ['Python', 'python3', 'python3', ['-c', PYTHON]],
] as const;

const long = `${'long-directory-name/'.repeat(12)}file-ünïcode-${'x'.repeat(120)}.txt`;
const big = Buffer.alloc(3_000_001, 'bottle ');

function sample(): TarEntry[] {
  writeFileSync(join(root, 'small.bin'), Buffer.from([0, 1, 2, 255]));
  writeFileSync(join(root, 'big.bin'), big);
  return [
    { kind: 'directory', path: 'empty', mode: 0o755 },
    {
      kind: 'file',
      path: 'run.sh',
      mode: 0o755,
      mtime: 1_700_000_000,
      data: Buffer.from('#!sh\n'),
    },
    { kind: 'file', path: 'nothing', mode: 0o600, data: Buffer.alloc(0) },
    { kind: 'file', path: 'block', mode: 0o644, data: Buffer.alloc(512, 'b') },
    { kind: 'file', path: 'übung 日本.txt', mode: 0o644, data: Buffer.from('ü') },
    { kind: 'file', path: 'big-data', mode: 0o644, data: big },
    { kind: 'file', path: 'small', mode: 0o644, from: join(root, 'small.bin'), size: 4 },
    { kind: 'file', path: 'big', mode: 0o644, from: join(root, 'big.bin'), size: big.length },
    { kind: 'directory', path: 'long-directory-name/'.repeat(12), mode: 0o700 },
    { kind: 'file', path: long, mode: 0o644, data: Buffer.from('deep') },
    { kind: 'file', path: 'n'.repeat(100), mode: 0o644, data: Buffer.from('hundred') },
    { kind: 'symlink', path: 'link', mode: 0o777, target: 'run.sh' },
    { kind: 'symlink', path: `${'l'.repeat(101)}`, mode: 0o777, target: `${'t'.repeat(150)}/ü` },
  ];
}

describe.each(READERS)('%s', (_name, program, debianPackage, argv) => {
  test('reads names, modes, links and contents', async ({ skip }) => {
    if (!has(program)) skip(`needs ${program} on PATH: apt-get install ${debianPackage}`);
    const cwd = join(root, 'out');
    mkdirSync(cwd);
    execFileSync(program, argv, { cwd, input: await archive(sample()) });
    expect(readdirSync(cwd).sort()).toEqual(
      [
        'big',
        'big-data',
        'block',
        'empty',
        'link',
        'l'.repeat(101),
        'long-directory-name',
        'n'.repeat(100),
        'nothing',
        'run.sh',
        'small',
        'übung 日本.txt',
      ].sort(),
    );
    const modeOf = (path: string) => lstatSync(join(cwd, path)).mode & 0o777;
    expect(modeOf('run.sh')).toBe(0o755);
    expect(modeOf('nothing')).toBe(0o600);
    expect(Math.floor(lstatSync(join(cwd, 'run.sh')).mtimeMs)).toBe(1_700_000_000_000);
    expect(lstatSync(join(cwd, 'nothing')).size).toBe(0);
    expect(readFileSync(join(cwd, 'block')).equals(Buffer.alloc(512, 'b'))).toBe(true);
    expect(readFileSync(join(cwd, 'small'))).toEqual(Buffer.from([0, 1, 2, 255]));
    expect(readFileSync(join(cwd, 'big')).equals(big)).toBe(true);
    expect(readFileSync(join(cwd, 'big-data')).equals(big)).toBe(true);
    expect(readFileSync(join(cwd, long), 'utf8')).toBe('deep');
    expect(readFileSync(join(cwd, 'n'.repeat(100)), 'utf8')).toBe('hundred');
    expect(readlinkSync(join(cwd, 'link'))).toBe('run.sh');
    expect(readlinkSync(join(cwd, 'l'.repeat(101)))).toBe(`${'t'.repeat(150)}/ü`);
  });
});

test('thousands of small files become few chunks', async () => {
  const entries = Array.from({ length: 5000 }, (_, index) => ({
    kind: 'file' as const,
    path: `d/${index}`,
    mode: 0o644,
    data: Buffer.from(`${index}`),
  }));
  let chunks = 0;
  for await (const chunk of writeTar(entries)) {
    chunks++;
    expect(chunk.length).toBeLessThanOrEqual(1 << 17);
  }
  // 5 MB in pieces of 128 KiB: the reader works while the next one is filled.
  expect(chunks).toBeLessThan(50);
});

test('a size over 8 GiB and an id over 2 million are written in base 256', async () => {
  const from = join(root, 'sparse');
  writeFileSync(from, '');
  truncateSync(from, 2 ** 33 + 5);
  const entry: TarEntry = {
    kind: 'file',
    path: 'sparse',
    mode: 0o644,
    uid: 4_000_000_000,
    from,
    size: 2 ** 33 + 5,
  };
  for await (const chunk of writeTar([entry])) {
    const header = Buffer.from(chunk.subarray(0, 512));
    const read = spawnSync('tar', ['-tv', '--numeric-owner', '-f', '-'], { input: header });
    expect(read.stdout.toString()).toMatch(/4000000000\/0\s+8589934597 .* sparse/);
    break;
  }
});

describe('a file that is not what was listed', () => {
  const small = (size: number): TarEntry[] => [
    { kind: 'file', path: 'f', mode: 0o644, from: join(root, 'f'), size },
  ];

  test.each([
    ['shrank', 5, 3],
    ['grew', 5, 9],
    ['shrank while large', 600_000, 3],
    ['grew while large', 600_000, 600_001],
  ])('%s: an error names it', async (_name, listed, found) => {
    writeFileSync(join(root, 'f'), Buffer.alloc(found));
    await expect(archive(small(listed))).rejects.toMatchObject({
      outcome: 'provision-failed',
      where: join(root, 'f'),
      what: expect.stringContaining(`${found} bytes`),
    });
  });

  test.each([4, 600_000])('vanished, of %i bytes: an error names it', async (size) => {
    await expect(archive(small(size))).rejects.toMatchObject({
      where: join(root, 'f'),
      what: expect.stringContaining('ENOENT'),
    });
  });

  test.each([4, 600_000])('became a link, of %i bytes: it is not followed', async (size) => {
    writeFileSync(join(root, 'other'), Buffer.alloc(size));
    symlinkSync('other', join(root, 'f'));
    await expect(archive(small(size))).rejects.toMatchObject({ where: join(root, 'f') });
  });

  test('became a pipe: it does not block', async () => {
    execFileSync('mkfifo', [join(root, 'f')]);
    await expect(archive(small(4))).rejects.toMatchObject({
      what: expect.stringContaining('no longer a regular file'),
    });
  });
});

test.each(['', 'a\0b', 'x'.repeat(5000)])('the name %j is refused', async (path) => {
  const entry: TarEntry = { kind: 'file', path, mode: 0o644, data: Buffer.alloc(0) };
  await expect(archive([entry])).rejects.toMatchObject({ outcome: 'provision-failed' });
});
