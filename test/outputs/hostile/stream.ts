/** Streams that are cut, damaged, go on after their end, or say sizes that they do not have. */
import { END, file, gnuLong, header, padded, pax } from '../../tar/craft.ts';
import { breaks, ends, type Hostile, keeps, refuses } from './hostile.ts';

const CHECKSUM = 'the checksum of a header is wrong';
const NUMBER = 'a header holds a number that is none or does not fit';
const FORMAT = 'an extended header breaks its format';
const KIND = 'a member has two extended headers of one kind';
const NAMES = 'a member has two long names';
const DANGLING = 'an extended header stands before no member';
const TOO_LARGE = 'is over 256 MiB';
const PATH_TWICE = 'path is given twice';

const whole = file('cut', 'x'.repeat(2000));
const extended = pax([['path', 'renamed'.repeat(100)]]);

const cut: readonly Hostile[] = [
  ends('no end'),
  ends('one byte of a header', whole.subarray(0, 1)),
  ends('all of a header but one byte', whole.subarray(0, 511)),
  ends('a header without content', whole.subarray(0, 512)),
  ends('content without its end', whole.subarray(0, 2511)),
  {
    ...ends('content without its padding', whole.subarray(0, 2512)),
    kept: { cut: 'x'.repeat(2000) },
  },
  ends('half of a pax header', extended.subarray(0, 300)),
  ends('a pax header without content', extended.subarray(0, 512)),
  ends('a pax header without padding', extended.subarray(0, 512 + 705)),
  ends('a pax header without a member', extended),
  ends('a GNU name without its end', gnuLong('L', 'n'.repeat(900)).subarray(0, 800)),
  ends('half of the end', Buffer.alloc(100)),
  ends('a header for all without its end', header({ type: 'g', size: 2 ** 40 }), END),
  ends('a sparse map without its end', header({ type: 'S', raw: [[482, '\x01']] })),
];

const damaged: readonly Hostile[] = [
  breaks('a wrong checksum', CHECKSUM, header({ checksum: 1 })),
  breaks('a checksum of zero', CHECKSUM, header({ checksum: 0 })),
  breaks('a checksum that is none', NUMBER, Buffer.concat([whole]).fill('x', 148, 154)),
  breaks('one bit of a name', CHECKSUM, Buffer.from(whole).fill('d', 0, 1)),
  breaks(
    'a compressed stream',
    NUMBER,
    Buffer.concat([Buffer.from('1f8b08', 'hex'), Buffer.alloc(509, '~')]),
  ),
  breaks('a byte too many', CHECKSUM, Buffer.alloc(1, 'x')),
  { ...breaks('a byte too few', NUMBER, whole.subarray(0, -1)), kept: { cut: 'x'.repeat(2000) } },
  breaks('two pax headers', KIND, pax([['uid', '1']]), pax([['path', 'b']]), file('h')),
  breaks('two GNU names', KIND, gnuLong('L', 'a'), gnuLong('L', 'b'), file('h')),
  breaks('two GNU links', KIND, gnuLong('K', 'a'), gnuLong('K', 'b'), file('h')),
  breaks('a pax and a GNU name', NAMES, pax([['path', 'a']]), gnuLong('L', 'b'), file('h')),
  breaks('a GNU and a pax link', NAMES, gnuLong('K', 'b'), pax([['linkpath', 'a']]), file('h')),
  breaks(
    'a name by pax twice',
    PATH_TWICE,
    pax([
      ['path', 'a'],
      ['path', 'b'],
    ]),
    file('h'),
  ),
  breaks('a pax header before the end', DANGLING, pax([['path', '../canary']]), END, file('h')),
  breaks('a GNU name before the end', DANGLING, gnuLong('L', 'x'), END, file('h')),
];

const record = (name: string, text: string) =>
  breaks(
    `a pax record ${name}`,
    FORMAT,
    header({ type: 'x', size: text.length }),
    padded(text),
    file('h'),
  );

const records: readonly Hostile[] = [
  record('longer than its header', '99 path=a\n'),
  record('shorter than it says', '11 path=a\n'),
  record('that ends in the next', '9 path=abc\n'),
  record('of no length', '0 path=ab\n'),
  record('of a negative length', '-9 path=a\n'),
  record('of a length with a zero', '010 path=a\n'),
  record('of a length beyond all', '99999999999999999999 path=a\n'),
  record('of a length in hexadecimal', '0xa path=a\n'),
  record('without a length', ' path=a\n'),
  record('without a key', '5 =a\n'),
  record('without a value', '7 path\n'),
  record('without an end', '9 path=ab'),
  record('of nothing but a length', '3 \n'),
  record('after NULs', '\0\0\0\0\0\0'),
  breaks(
    'a huge pax header',
    'an extended header has 4294967296 bytes',
    header({ type: 'x', size: 2 ** 32 }),
  ),
  breaks(
    'a huge GNU name',
    'an extended header has 2097152 bytes',
    header({ type: 'L', size: 2 ** 21 }),
  ),
];

const base256 = (...tail: number[]) =>
  Buffer.from([0x80, ...Array(11 - tail.length).fill(0), ...tail]);
const sized = (size: number | Buffer) => header({ name: 'sized', size });

const sizes: readonly Hostile[] = [
  breaks('a negative size', NUMBER, sized(Buffer.alloc(12, 0xff))),
  breaks('a size below zero by a sign', NUMBER, sized(Buffer.from('-0000000001\0'))),
  breaks('a size beyond all numbers', NUMBER, sized(base256(...Array(11).fill(0xff)))),
  breaks('a size of 2^53', NUMBER, sized(base256(0x20, 0, 0, 0, 0, 0, 0))),
  breaks('a size that is not octal', NUMBER, sized(Buffer.from('00000000009\0'))),
  breaks('a size in hexadecimal', NUMBER, sized(Buffer.from('0x000000010\0'))),
  breaks(
    'a size by pax below zero',
    'size is not a number that fits',
    pax([['size', '-1']]),
    file('h'),
  ),
  breaks(
    'a size by pax beyond all',
    'size is not a number that fits',
    pax([['size', '9'.repeat(20)]]),
  ),
  breaks(
    'a size by pax in parts',
    'size is not a number that fits',
    pax([['size', '1.5']]),
    file('h'),
  ),
  {
    ...breaks(
      'a size by pax that hides content',
      NUMBER,
      pax([['size', '0']]),
      file('h', 'x'.repeat(512)),
    ),
    kept: { h: '' },
  },
  { ...ends('a size of 8 GiB and more', sized(base256(2, 0, 0, 0, 0)), END), reasons: [TOO_LARGE] },
  {
    ...ends('a size of many PiB', sized(base256(0x1f, 0, 0, 0, 0, 0, 0)), END),
    reasons: [TOO_LARGE],
  },
  {
    ...ends('a size by pax of 1 TiB', pax([['size', `${2 ** 40}`]]), file('h')),
    reasons: [TOO_LARGE],
  },
  ends('a size that takes the rest', sized(100_000_000), file('not seen'), END),
  keeps('a size of spaces', { sized: '' }, sized(Buffer.from(' '.repeat(12)))),
  keeps('a size in base 256', { sized: 'abc' }, sized(base256(3)), padded('abc')),
  keeps('a size by pax', { h: 'abc' }, pax([['size', '3']]), header({ name: 'h' }), padded('abc')),
];

const forAll = (records: readonly (readonly [string, string])[]) => pax(records, 'g');

const after: readonly Hostile[] = [
  keeps('one empty block', { x: '1' }, Buffer.alloc(512), file('x', '1')),
  keeps('archives in a row', { x: '1', y: '2' }, END, file('x', '1'), END, END, file('y', '2')),
  keeps(
    'an archive in an archive',
    { 'a.tar': `${file('../canary')}` },
    file('a.tar', `${file('../canary')}`),
  ),
  refuses('a climb after the end', 'climbs with ..', END, file('../canary')),
  breaks('garbage after the end', NUMBER, END, Buffer.alloc(512, 'garbage ')),
  keeps('a name for all', { h: '1' }, forAll([['path', '../canary']]), file('h', '1')),
  keeps('a size for all', { h: '1' }, forAll([['size', '0']]), file('h', '1')),
  keeps('a link for all', { h: '1' }, forAll([['linkpath', '..']]), file('h', '1')),
  keeps('sparse for all', { h: '1' }, forAll([['GNU.sparse.major', '1']]), file('h', '1')),
  keeps(
    'garbage for all',
    { h: '1' },
    header({ type: 'g', size: 9 }),
    padded('123456789'),
    file('h', '1'),
  ),
  keeps('an empty name by pax', { h: '1' }, pax([['path', '']]), file('h', '1')),
  keeps('a name by pax', { p: '1' }, pax([['path', 'p']]), file('../canary', '1')),
  keeps(
    'a name by pax over a prefix',
    { p: '1' },
    pax([['path', 'p']]),
    file('h', '1', { prefix: '..' }),
  ),
];

export const STREAMS: readonly Hostile[] = [...cut, ...damaged, ...records, ...sizes, ...after];
