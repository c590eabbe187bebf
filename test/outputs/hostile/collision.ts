/** Two members, of which the second would be the first, or stand in its place, on some disk. */
import { printable } from '../../../src/printable.ts';
import { directory, file, symlink } from '../../tar/craft.ts';
import { type Hostile, refuses } from './hostile.ts';

const nfc = '\u00e9';
const nfd = 'e\u0301';

/** Where a name stands for the second time, folded or not. */
const NAMES: Readonly<Record<string, readonly [first: string, second: string]>> = {
  'another case': ['README', 'readme'],
  'another form': [`caf${nfc}`, `caf${nfd}`],
  'another form and case': [`CAF${nfc.toUpperCase()}`, `caf${nfd}`],
  'marks in another order': ['\u03b1\u0345\u0301', '\u03b1\u0301\u0345'],
  'marks above and below': ['q\u0307\u0323', 'q\u0323\u0307'],
  'Hangul in letters': ['\uac01', '\u1100\u1161\u11a8'],
  'sharp s': ['stra\u00dfe', 'STRASSE'],
  'the large sharp s': ['stra\u1e9ee', 'strasse'],
  'both sharp s': ['\u00df', '\u1e9e'],
  'the Kelvin sign': ['k', '\u212a'],
  'the Angstrom sign': ['\u00e5', '\u212b'],
  'the long s': ['s', '\u017f'],
  'a ligature': ['fi', '\ufb01'],
  'a last sigma': ['\u03c3', '\u03c2'],
  'a dotted I': ['i\u0307', '\u0130'],
  'a letter of title case': ['\u01c4', '\u01c5'],
  'a Cherokee letter': ['\u13a0', '\uab70'],
  'a letter beyond the first plane': ['\u{10400}', '\u{10428}'],
  'a joiner': ['ab', 'a\u200db'],
  'a soft hyphen': ['ab', 'a\u00adb'],
  'a variation': ['\u2764', '\u2764\ufe0f'],
  'an invisible first character': ['x', '\ufeffx'],
  'a dot at the end': ['x', 'x.'],
  'a space at the end': ['x', 'x '],
  'dots and spaces at the end': ['x. ', 'x .'],
};

const collisions = Object.entries(NAMES).flatMap(([name, [first, second]]): Hostile[] => [
  {
    ...refuses(
      name,
      `collides with ${printable(first)}`,
      file(first, 'first'),
      file(second, 'second'),
    ),
    kept: { [first]: 'first' },
  },
  {
    ...refuses(
      `${name}, of a directory`,
      `collides with ${printable(first)}`,
      file(`${first}/a`, 'first'),
      file(`${second}/b`, 'second'),
    ),
    kept: { [`${first}/a`]: 'first' },
  },
]);

const TWICE = 'is there twice';
const LINK = 'is a symbolic link';
const BELOW = 'lies below a file';

const replaced: readonly Hostile[] = [
  { ...refuses('a file twice', TWICE, file('t', '1'), file('t', '2')), kept: { t: '1' } },
  {
    ...refuses('a file three times', TWICE, file('t', '1'), file('./t', '2'), file('t//', '3')),
    kept: { t: '1' },
    reasons: [TWICE, TWICE],
  },
  refuses('a file over a directory', TWICE, directory('d'), file('d')),
  {
    ...refuses('a directory over a file', TWICE, file('d', '1'), directory('d')),
    kept: { d: '1' },
  },
  {
    ...refuses('a file over a directory that is used', TWICE, file('d/x', '1'), file('d', '2')),
    kept: { 'd/x': '1' },
  },
  { ...refuses('a file below a file', BELOW, file('f', '1'), file('f/x')), kept: { f: '1' } },
  {
    ...refuses('a directory below a file', BELOW, file('f', '1'), directory('f/x/')),
    kept: { f: '1' },
  },
  {
    ...refuses('a file below a file of another case', BELOW, file('F', '1'), file('f/x')),
    kept: { F: '1' },
  },
  {
    ...refuses(
      'a link over a directory',
      LINK,
      directory('d'),
      symlink('d', '..'),
      file('d/x', '1'),
    ),
    kept: { 'd/x': '1' },
  },
  {
    ...refuses(
      'a link over a file',
      LINK,
      file('f', '1'),
      symlink('f', '../canary'),
      file('f', '2'),
    ),
    kept: { f: '1' },
    reasons: [LINK, TWICE],
  },
];

export const COLLISIONS: readonly Hostile[] = [...collisions, ...replaced];
