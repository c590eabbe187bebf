/** `readTar` reads what real tars write, and names what a hostile one breaks. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTar, type TarMember, type TarOptions } from '../../src/tar/read.ts';
import { type TarEntry, writeTar } from '../../src/tar/write.ts';
import { directory, END, file, gnuLong, header, padded, pax, streamOf, symlink } from './craft.ts';

type Read = Pick<TarMember, 'type' | 'path' | 'linkPath' | 'mode' | 'mtime' | 'size'> & {
  content: string;
};

async function contentOf(member: TarMember): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of member.data) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** All members, and the fault that ended the stream, if one did. */
async function readAll(bytes: Buffer, chunk?: number, options?: TarOptions) {
  const members: Read[] = [];
  let fault = '';
  try {
    for await (const member of readTar(streamOf(bytes, chunk), options)) {
      const { type, path, linkPath, mode, mtime, size } = member;
      members.push({ type, path, linkPath, mode, mtime, size, content: await contentOf(member) });
    }
  } catch (error) {
    fault = (error as { fault: string }).fault;
  }
  return { members, fault };
}

describe.each([
  ['GNU format', ['--format=gnu']],
  ['ustar', ['--format=ustar']],
  ['pax', ['--format=pax']],
  ['pax with sparse files', ['--format=pax', '--sparse']],
])('an archive of GNU tar, %s', (_name, options) => {
  test('comes out whole', async () => {
    const root = mkdtempSync(join(tmpdir(), 'tar-read-'));
    try {
      const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
      mkdirSync(join(root, long), { recursive: true });
      writeFileSync(join(root, long, 'ü'), 'deep');
      writeFileSync(join(root, 'run'), 'x'.repeat(1000), { mode: 0o750 });
      symlinkSync('run', join(root, 'symlink'));
      linkSync(join(root, 'run'), join(root, 'z-hardlink'));
      execFileSync('mkfifo', [join(root, 'fifo')]);
      const bytes = execFileSync('tar', ['-cf', '-', ...options, '--sort=name', '.'], {
        cwd: root,
      });
      const { members, fault } = await readAll(bytes, 777);
      expect(fault).toBe('');
      const at = (path: string) => members.find((member) => member.path === path);
      expect(at('./')).toMatchObject({ type: 'directory' });
      expect(at(`./${long}/ü`)).toMatchObject({ type: 'file', content: 'deep' });
      expect(at('./run')).toMatchObject({ mode: 0o750, content: 'x'.repeat(1000) });
      expect(at('./symlink')).toMatchObject({ type: 'symlink', linkPath: 'run', content: '' });
      expect(at('./z-hardlink')).toMatchObject({ type: 'hardlink', linkPath: './run' });
      expect(at('./fifo')).toMatchObject({ type: 'fifo' });
      expect(members).toHaveLength(8);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

test.each(['gnu', 'pax'])(
  'a file of %s with a time before 1970 has one all the same',
  async (f) => {
    const root = mkdtempSync(join(tmpdir(), 'tar-read-'));
    try {
      writeFileSync(join(root, 'a'), 'old');
      execFileSync('touch', ['-d', '1960-01-01', join(root, 'a')]);
      const bytes = execFileSync('tar', ['-cf', '-', `--format=${f}`, 'a'], { cwd: root });
      const [member] = (await readAll(bytes)).members;
      expect(member).toMatchObject({ path: 'a', content: 'old', mtime: 0 });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);

test.each(['gnu', 'pax'])(
  'sparse files of %s are named so, and what follows is found',
  async (f) => {
    const root = mkdtempSync(join(tmpdir(), 'tar-read-'));
    try {
      // More pieces than the map in the header holds.
      const sparse = openSync(join(root, 'a'), 'w');
      for (let piece = 0; piece < 40; piece++) writeSync(sparse, 'x', piece * 100_000);
      closeSync(sparse);
      writeFileSync(join(root, 'b'), 'after');
      const argv = ['-cSf', '-', `--format=${f}`, 'a', 'b'];
      const { members, fault } = await readAll(execFileSync('tar', argv, { cwd: root }));
      expect(fault).toBe('');
      expect(members.map(({ type }) => type)).toEqual(['sparse', 'file']);
      expect(members[1]?.content).toBe('after');
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);

test('what writeTar writes is read back, in chunks of any size', async () => {
  const name = fc
    .string({ minLength: 1, maxLength: 250, unit: 'grapheme' })
    .filter((text) => !/[\0/]/.test(text) && text.isWellFormed());
  const common = { path: name, mode: fc.nat(0o7777), mtime: fc.nat(2 ** 33) };
  const entry = fc.oneof(
    fc.record({
      ...common,
      kind: fc.constant('file' as const),
      data: fc.uint8Array({ maxLength: 1500 }),
    }),
    fc.record({ ...common, kind: fc.constant('directory' as const) }),
    fc.record({ ...common, kind: fc.constant('symlink' as const), target: name }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(entry), fc.integer({ min: 1, max: 999 }), async (entries, size) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of writeTar(entries)) chunks.push(chunk);
      const { members, fault } = await readAll(Buffer.concat(chunks), size);
      expect(fault).toBe('');
      expect(members).toEqual(entries.map(asRead));
    }),
    { numRuns: 60 },
  );
});

function asRead(entry: TarEntry & { readonly mtime: number }): Read {
  const content = 'data' in entry ? Buffer.from(entry.data).toString('latin1') : '';
  return {
    type: entry.kind,
    path: entry.kind === 'directory' ? `${entry.path}/` : entry.path,
    linkPath: entry.kind === 'symlink' ? entry.target : '',
    mode: entry.mode,
    mtime: entry.mtime,
    size: content.length,
    content,
  };
}

const base256 = (...tail: number[]) =>
  Buffer.from([0x80, ...Array(11 - tail.length).fill(0), ...tail]);

describe('members by hand', () => {
  const one = async (...parts: Buffer[]) =>
    (await readAll(Buffer.concat([...parts, file('after'), END]))).members;

  test.each<[string, Buffer[], Partial<Read>]>([
    ['a prefix', [header({ prefix: 'a/b', name: 'c' })], { path: 'a/b/c' }],
    [
      'the prefix field of GNU',
      [header({ prefix: '14000000', name: 'c', magic: 'ustar  \0' })],
      { path: 'c' },
    ],
    ['an old directory', [header({ name: 'd/' })], { type: 'directory' }],
    ['a contiguous file', [header({ type: '7' })], { type: 'file' }],
    ['a device', [header({ type: '3', size: 999 })], { type: 'character-device', size: 0 }],
    [
      'a link with a size',
      [header({ type: '1', link: 'x', size: 5 })],
      { type: 'hardlink', size: 0 },
    ],
    ['an unknown type', [header({ type: 'Z', size: 7 }), padded('1234567')], { type: 'unknown' }],
    ['base 256', [header({ size: base256(3) }), padded('abc')], { size: 3, content: 'abc' }],
    ['a pax path', [pax([['path', 'p']]), file('h')], { path: 'p' }],
    ['a pax size', [pax([['size', '3']]), header({ size: 0 }), padded('abc')], { content: 'abc' }],
    ['an empty pax path', [pax([['path', '']]), file('h')], { path: 'h' }],
    ['a pax path with NUL', [pax([['path', 'a\0b']]), file('h')], { path: 'a\0b' }],
    ['a path for all', [pax([['path', 'evil']], 'g'), file('h')], { path: 'h' }],
    ['a GNU path', [gnuLong('L', 'l'), file('h')], { path: 'l' }],
    ['a GNU link', [gnuLong('K', 't'), symlink('s', 'h')], { linkPath: 't' }],
    ['a name that is not UTF-8', [file(Buffer.from([0x61, 0xff]))], { path: 'a\ufffd' }],
  ])('%s', async (_name, parts, expected) => {
    const members = await one(...parts);
    expect(members[0]).toMatchObject(expected);
    // An override holds for one member.
    expect(members[1]).toMatchObject({ path: 'after', content: 'content' });
    expect(members).toHaveLength(2);
  });

  test.each<[string, string, Buffer[]]>([
    ['a wrong checksum', 'corrupt', [header({ checksum: 1 })]],
    ['a negative size', 'corrupt', [header({ size: Buffer.alloc(12, 0xff) })]],
    ['a size beyond all numbers', 'corrupt', [header({ size: base256(...Array(11).fill(0xff)) })]],
    ['a size that is no number', 'corrupt', [header({ size: Buffer.from('0000000009\0\0') })]],
    ['two pax headers', 'corrupt', [pax([['uid', '1']]), pax([['path', 'b']]), file('h')]],
    [
      'a pax path twice',
      'corrupt',
      [
        pax([
          ['path', 'a'],
          ['path', 'b'],
        ]),
        file('h'),
      ],
    ],
    ['a pax and a GNU path', 'corrupt', [pax([['path', 'a']]), gnuLong('L', 'b'), file('h')]],
    ['two GNU paths', 'corrupt', [gnuLong('L', 'a'), gnuLong('L', 'b'), file('h')]],
    ['a pax size that is no number', 'corrupt', [pax([['size', '-1']]), file('h')]],
    ['a pax size beyond all', 'corrupt', [pax([['size', '9'.repeat(20)]]), file('h')]],
    ['a pax length too long', 'corrupt', [header({ type: 'x', size: 9 }), padded('99 path=a')]],
    ['a pax length of zero', 'corrupt', [header({ type: 'x', size: 9 }), padded('0 path=ab')]],
    ['a pax record without a key', 'corrupt', [header({ type: 'x', size: 5 }), padded('5 =a\n')]],
    [
      'a pax record without an end',
      'corrupt',
      [header({ type: 'x', size: 9 }), padded('9 path=ab')],
    ],
    ['a huge pax header', 'too-large', [header({ type: 'x', size: 2 ** 32 })]],
    ['a huge GNU name', 'too-large', [header({ type: 'L', size: 2 ** 21 })]],
    ['no end mark', 'truncated', []],
    ['half a header', 'truncated', [Buffer.alloc(100, 'x')]],
    ['content cut off', 'truncated', [file('cut', 'x'.repeat(2000)).subarray(0, 900)]],
    ['a pax header and nothing after it', 'truncated', [pax([['path', 'a']])]],
    ['a pax header and an end in its place', 'corrupt', [pax([['path', 'a']]), END]],
  ])('%s ends the stream', async (_name, fault, parts) => {
    const bytes = Buffer.concat([file('good'), ...parts]);
    const read = await readAll(bytes);
    expect(read.fault).toBe(fault);
    expect(read.members).toMatchObject([{ path: 'good', content: 'content' }]);
  });

  test('bytes after the end mark are not looked at', async () => {
    const bytes = Buffer.concat([directory('d'), END, Buffer.from('garbage'), file('ghost')]);
    expect(await readAll(bytes)).toMatchObject({ members: [{ path: 'd' }], fault: '' });
  });
});

test('archives in a row are read to the end of the stream where that is asked for', async () => {
  const bytes = Buffer.concat([file('a'), END, Buffer.alloc(8192), file('b'), END]);
  expect((await readAll(bytes, 700)).members).toHaveLength(1);
  const { members, fault } = await readAll(bytes, 700, { concatenated: true });
  expect({ paths: members.map(({ path }) => path), fault }).toEqual({
    paths: ['a', 'b'],
    fault: '',
  });
});

test('any bytes end in members or a fault, never in another error or a hang', async () => {
  const block = fc.oneof(
    fc.uint8Array({ minLength: 512, maxLength: 512 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({
        name: fc.string(),
        type: fc.constantFrom(...'\x000123456789xgLKSDZ'),
        size: fc.oneof(fc.nat(2000), fc.nat()),
        link: fc.string(),
      })
      .map(header),
    fc.constant(padded('12 path=abc\n')),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 12 }), async (blocks) => {
      const { fault } = await readAll(Buffer.concat(blocks), 700);
      expect(['', 'truncated', 'corrupt', 'too-large']).toContain(fault);
    }),
    { numRuns: 500 },
  );
});

describe('the source', () => {
  test('is asked for no more than is read, and told when nobody reads on', async () => {
    let taken = 0;
    let closed = false;
    async function* source() {
      try {
        for (;;) {
          taken++;
          yield file('f', 'x'.repeat(1000));
        }
      } finally {
        closed = true;
      }
    }
    for await (const member of readTar(source())) {
      expect(taken).toBe(1);
      expect(member.path).toBe('f');
      break;
    }
    expect({ taken, closed }).toEqual({ taken: 1, closed: true });
  });

  test('content is gone once the next member was asked for', async () => {
    const members = readTar(streamOf(Buffer.concat([file('a'), file('b'), END])));
    const first = (await members.next()).value as TarMember;
    await members.next();
    expect(await contentOf(first)).toBe('');
  });

  test('its own error comes through', async () => {
    async function* source() {
      yield file('a');
      throw new Error('the engine died');
    }
    const members = readTar(source());
    await members.next();
    await expect(members.next()).rejects.toThrow('the engine died');
  });
});
