/** Names that lead out, deceive, are no names, are too long, or are another file's on some disk. */
import { directory, file, gnuLong, pax } from '../../tar/craft.ts';
import { type Hostile, refuses } from './hostile.ts';

const CLIMB = 'climbs with ..';
const ABSOLUTE = 'has an absolute path';
const CONTROL = 'has a control character in its name';
const NOT_UTF8 = 'has a name that is not UTF-8';
const UNFIT = 'has one of " < > : | * ? \\ in its name';
const GIT = 'is, or is in, a .git directory';
const EMPTY = 'has a name of dots and spaces alone';
const SHORT = 'has a name that Windows takes for a longer one';

const named = (reason: string, cases: Readonly<Record<string, string | Buffer>>) =>
  Object.entries(cases).map(([name, path]) => refuses(name, reason, file(path, 'evil')));

const leading: readonly Hostile[] = [
  ...named(ABSOLUTE, {
    'an absolute path': '/etc/passwd',
    'two slashes, as of a server': '//server/share/x',
    'the root': '/',
  }),
  refuses('an absolute pax path', ABSOLUTE, pax([['path', '/tmp/x']]), file('h')),
  refuses('an absolute GNU name', ABSOLUTE, gnuLong('L', '/tmp/x'), file('h')),
  refuses('an absolute prefix', ABSOLUTE, file('x', '', { prefix: '/tmp' })),
  refuses('an empty prefix before a slash', ABSOLUTE, file('/x', '', { prefix: '' })),
  ...named(CLIMB, {
    'a climb': '../canary',
    'a climb after a dot': './../canary',
    'a climb in the middle': 'd/../../canary',
    'a climb by many slashes': 'd//..//..//canary',
    'a climb that comes back': '../root/x',
    'nothing but a climb': '..',
  }),
  refuses('a climb to a directory', CLIMB, directory('d/..')),
  refuses('a climb by the prefix', CLIMB, file('canary', '', { prefix: '..' })),
  refuses('a climb by the prefix and back', CLIMB, file('x', '', { prefix: 'a/../..' })),
  refuses('a climb in a pax path', CLIMB, pax([['path', '../canary']]), file('h')),
  refuses('a climb in a GNU name', CLIMB, gnuLong('L', '../canary'), file('h')),
];

const deceiving: readonly Hostile[] = [
  refuses('no name', 'has no name', file('')),
  refuses('only dots', 'has no name', file('./.')),
  refuses('a NUL in a pax path', CONTROL, pax([['path', 'a\0b']]), file('h')),
  ...named(CONTROL, {
    'a line break': 'a\n::error::x',
    'a carriage return': 'a\rb',
    'a tab': 'a\tb',
    'an escape': 'a\x1b[31m',
    'a delete': 'a\x7f',
    'an escape of one character': 'a\u009b31m',
    'a line separator': 'a\u2028b',
    'a paragraph separator': 'a\u2029b',
    'a changed direction': 'a\u202etxt.exe',
    'an isolated direction': 'a\u2066b',
    'a mark of direction': 'a\u200fb',
  }),
  ...named(NOT_UTF8, {
    'a byte that is not UTF-8': Buffer.from([0x61, 0xff]),
    'half a character': Buffer.from([0x61, 0xe2, 0x82]),
    'an overlong slash': Buffer.from([0x2e, 0x2e, 0xc0, 0xaf, 0x78]),
    'a surrogate': Buffer.from([0x61, 0xed, 0xa0, 0x80]),
    'beyond Unicode': Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  }),
  ...named(UNFIT, {
    'a climb by backslashes': '..\\..\\canary',
    'a drive': 'C:/x',
    'a device of Windows': '\\\\.\\pipe\\x',
    'a second stream of NTFS': 'x::$DATA',
    'a question mark': 'why?',
    'a star': '*',
    'a quotation mark': 'a"b',
    'a pipe sign': 'a|b',
    'an arrow': 'a>b',
  }),
  ...named(EMPTY, {
    'a climb with a space': '.. /canary',
    'three dots': '.../x',
    'a space': ' ',
    'dots and spaces': 'd/. . /x',
  }),
];

const aliases: readonly Hostile[] = [
  ...named(GIT, {
    '.git': '.git/hooks/post-checkout',
    'a nested .git': 'd/.GiT/config',
    'a .git file': 'd/.git',
    '.git with dots and spaces': '.git. ./config',
    '.git for HFS+': '.g\u200cit/config',
    '.git for HFS+, at its end': '.git\ufeff/config',
    '.git for ext4': '.gi\u00adt/config',
    '.git with a dotless i': '.g\u0131t/config',
    '.git for NTFS': 'GIT~1/config',
    '.git for NTFS, later': 'git~27/config',
  }),
  refuses('a .git directory', GIT, directory('.git/')),
  refuses('.git by the prefix', GIT, file('config', '', { prefix: 'd/.git' })),
  ...named(UNFIT, { '.git as a stream of NTFS': '.git::$INDEX_ALLOCATION/config' }),
  ...named(SHORT, { 'a short name': 'PROGRA~1/x', 'a short name with a dot': 'd/LONGNA~2.TXT' }),
];

const long = (name: string, reason: string, path: string) =>
  refuses(name, reason, gnuLong('L', path), file('h'));

const outsized: readonly Hostile[] = [
  long('a long name', 'has a name over 255 bytes', 'n'.repeat(256)),
  long('a long name of few characters', 'has a name over 255 bytes', '\u20ac'.repeat(86)),
  long('a long path', 'has a path over 1024 bytes', `${'n'.repeat(200)}/`.repeat(6).concat('x')),
  long('a path longer than any', 'has a path over 4096 bytes', 'a/'.repeat(2100)),
  refuses('a deep path', 'is deeper than 32 levels', file('d/'.repeat(32).concat('f'))),
  refuses('a deep directory', 'is deeper than 32 levels', directory('d/'.repeat(33))),
  long('a climb of ten thousand levels', 'has a path over 4096 bytes', '../'.repeat(10_000)),
  refuses(
    'a path of half a million names',
    'has a path over 4096 bytes',
    pax([['path', 'a/'.repeat(500_000)]]),
    file('h'),
  ),
];

export const NAMES: readonly Hostile[] = [...leading, ...deceiving, ...aliases, ...outsized];
