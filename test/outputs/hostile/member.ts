/** Members that are no plain files, lead elsewhere by a link, or have fields beyond all measure. */
import {
  directory,
  file,
  gnuLong,
  header,
  padded,
  pax,
  type RawHeader,
  symlink,
} from '../../tar/craft.ts';
import { type Hostile, keeps, refuses } from './hostile.ts';

const SYMLINK = 'is a symbolic link';
const HARDLINK = 'is a hard link';
const DEVICE = 'is a device';
const SPARSE = 'is a sparse file';
const UNKNOWN = 'is of an unknown type';

const hardlink = (name: string, link: string, fields: RawHeader = {}) =>
  header({ name, type: '1', link, ...fields });

const links: readonly Hostile[] = [
  refuses('a link out', SYMLINK, symlink('l', '/etc/passwd')),
  refuses('a link up', SYMLINK, symlink('l', '../canary')),
  refuses('a link inside', SYMLINK, symlink('l', 'good')),
  refuses('a link to itself', SYMLINK, symlink('l', 'l')),
  refuses('a link without a target', SYMLINK, symlink('l', '')),
  refuses('a link by pax', SYMLINK, pax([['linkpath', '../canary']]), symlink('l', 'good')),
  refuses('a link by GNU', SYMLINK, gnuLong('K', '../'.repeat(400)), symlink('l', 'good')),
  refuses('a link with a size', SYMLINK, header({ name: 'l', type: '2', link: '..', size: 999 })),
  {
    ...refuses('a file through a link', SYMLINK, symlink('l', '..'), file('l/canary', 'evil')),
    kept: { 'l/canary': 'evil' },
  },
  {
    ...refuses('a file over a link', SYMLINK, symlink('l', '../canary'), file('l', 'evil')),
    kept: { l: 'evil' },
  },
  {
    ...refuses(
      'a chain of links',
      SYMLINK,
      symlink('a', '.'),
      symlink('a/b', '..'),
      symlink('c', 'a/b'),
      file('c/canary', 'evil'),
    ),
    reasons: [SYMLINK, SYMLINK, SYMLINK],
    kept: { 'c/canary': 'evil' },
  },
  {
    ...refuses(
      'a directory over a link',
      SYMLINK,
      symlink('l', '..'),
      directory('l/'),
      file('l/x', '1'),
    ),
    kept: { 'l/x': '1' },
  },
  refuses('a hard link', HARDLINK, hardlink('h', 'good')),
  refuses('a hard link out', HARDLINK, hardlink('h', '/etc/passwd')),
  refuses('a hard link up', HARDLINK, hardlink('h', '../canary')),
  refuses('a hard link by pax', HARDLINK, pax([['linkpath', '../canary']]), hardlink('h', 'good')),
  refuses('a hard link with a size', HARDLINK, hardlink('h', '../canary', { size: 999 })),
  {
    ...refuses('a file over a hard link', HARDLINK, hardlink('h', '../canary'), file('h', 'evil')),
    kept: { h: 'evil' },
  },
];

const special: readonly Hostile[] = [
  refuses(
    'a character device',
    DEVICE,
    header({ name: 'c', type: '3', raw: [[329, '0000001\0']] }),
  ),
  refuses('a block device', DEVICE, header({ name: 'b', type: '4' })),
  refuses('a device with a size', DEVICE, header({ name: 'c', type: '3', size: 999 })),
  refuses('a named pipe', 'is a named pipe', header({ name: 'p', type: '6' })),
  ...[...'VMNXAIEs~Z'].map((type) =>
    refuses(`the type ${type}`, UNKNOWN, header({ name: 'v', type, size: 3 }), padded('abc')),
  ),
  refuses('a type that is no letter', UNKNOWN, header({ name: 'v', raw: [[156, '\x01']] })),
  refuses(
    'a directory with its list',
    UNKNOWN,
    header({ name: 'd/', type: 'D', size: 3 }),
    padded('Ya'),
  ),
  refuses('a sparse file', SPARSE, header({ name: 's', type: 'S', size: 3 }), padded('abc')),
  refuses(
    'a sparse file with further maps',
    SPARSE,
    header({ name: 's', type: 'S', size: 3, raw: [[482, '\x01']] }),
    Buffer.concat([Buffer.alloc(504), Buffer.from([1]), Buffer.alloc(7), Buffer.alloc(512)]),
    padded('abc'),
  ),
  ...['GNU.sparse.major', 'GNU.sparse.size', 'GNU.sparse.map', 'GNU.sparse.name'].map((key) =>
    refuses(`a sparse file by ${key}`, SPARSE, pax([[key, '1']]), file('s')),
  ),
  refuses('the name of a sparse file', SPARSE, pax([['GNU.sparse.name', '../canary']]), file('s')),
];

const odd = (name: string, fields: RawHeader, ...before: Buffer[]) =>
  keeps(name, { odd: 'content' }, ...before, file('odd', 'content', fields));
const base256 = (length: number, byte: number) =>
  Buffer.alloc(length, byte).fill(0x80 | byte, 0, 1);

const extremes: readonly Hostile[] = [
  odd('all bits of the mode', { mode: 0o7777 }),
  odd('no bit of the mode', { mode: 0 }),
  odd('a mode with a file type', { mode: 0o104755 }),
  odd('a contiguous file', { type: '7' }),
  odd('a type of NUL', { raw: [[156, '\0']] }),
  odd('no mark of a format', { magic: '' }),
  odd('a time before 1970', { raw: [[136, Buffer.alloc(12, 0xff)]] }),
  odd('a time beyond all', { raw: [[136, base256(12, 0x7f)]] }),
  odd('a time that is none', { raw: [[136, 'yesterday...']] }),
  odd('the owner -1', { raw: [[108, Buffer.alloc(8, 0xff)]] }),
  odd('an owner beyond all', { raw: [[108, base256(8, 0x7f)]] }),
  odd('an owner that is none', { raw: [[108, '????????']] }),
  odd('names of owners that are paths', {
    raw: [
      [265, '../../x'],
      [297, '/etc/passwd'],
    ],
  }),
  odd('a time by pax before Christ', {}, pax([['mtime', '-99999999999.5']])),
  odd('a time by pax that is none', {}, pax([['mtime', '1e400']])),
  odd('an owner by pax beyond all', {}, pax([['uid', '9'.repeat(40)]])),
  odd('attributes by pax', {}, pax([['SCHILY.xattr.security.capability', '\0\x01=\n']])),
  keeps('a directory with a size', {}, header({ name: 'd/', type: '5', size: 999 })),
  keeps('an old directory with content', {}, header({ name: 'd/', size: 3 }), padded('abc')),
  keeps('a directory twice', { 'd/x': '1' }, directory('d/'), file('d/x', '1'), directory('./d')),
];

export const MEMBERS: readonly Hostile[] = [...links, ...special, ...extremes];
