/**
 * Tells fast whether a text may hold a token of a vendor: whether there is any sense in giving it to
 * the rules, which are 50 times slower.
 *
 * Each candidate holds one of the `WINDOWS`, four bytes each. Every second byte of the text, three
 * bytes are looked up among the two threes of each window; only where they are known is more read.
 */

/** What each match of a rule holds. A text without any of it need not be given to the rules. */
export const CANDIDATE = new RegExp(
  [
    '(?:A3T|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA)[A-Z\\d]{15}|(?:ACCESS|[Aa]ccess)_?(?:KEY|[Kk]ey)',
    '-----BEGIN',
    'npm_|ops_ey|ntn_\\d|gh[pousr]_|github_pat_|glpat-|glc_|glsa_|lin_api_|gsk_|hf_[A-Za-z]{34}',
    'sk-ant-api|T3BlbkFJ|[sr]k_(?:live|test)_|shp(?:pa|ca|at|ss)_|SG\\.\\w+\\.\\w|hv[sbr]\\.[\\w-]{90}',
    'xox[bpaor]-|xapp-|(?:vc[piar]|vck|cfk|cfut|cfat)_[A-Za-z\\d]{20}|dapi[A-Fa-f\\d]{32}|dckr_pat_',
    'figd_|tskey-',
    '://[-\\w]{1,256}:[-\\w]{1,256}@|(?i:hooks\\.slack\\.com|mongodb|mysql|postgres)',
  ].join('|'),
);
const CANDIDATE_HERE = new RegExp(CANDIDATE.source, 'y');

const UPPER = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const LETTERS = [...UPPER, ...UPPER.map((letter) => letter.toLowerCase())];
const DIGITS = [...'0123456789'];
const WORD = [...LETTERS, ...DIGITS, '_'];

const followedBy = (text: string, next: readonly string[]) => next.map((one) => text + one);
const inAnyCase = (text: string): string[] =>
  [...text].reduce<string[]>(
    (texts, one) => texts.flatMap((start) => [start + one, start + one.toUpperCase()]),
    [''],
  );

/** By how many bytes of the candidate stand before it. */
const WINDOWS: Readonly<Record<number, readonly string[]>> = {
  0: [
    ...'AKIA AGPA AIDA AROA AIPA ANPA ANVA ASIA npm_ ntn_ ghp_ gho_ ghu_ ghs_ ghr_ glpa glc_ glsa'.split(
      ' ',
    ),
    ...'gsk_ shpp shpc shpa shps hvs. hvb. hvr. xoxb xoxp xoxa xoxo xoxr xapp vcp_ vci_ vca_'.split(
      ' ',
    ),
    ...'vcr_ vck_ cfk_ dapi dckr figd tske'.split(' '),
    ...followedBy('A3T', [...UPPER, ...DIGITS]),
    ...followedBy('hf_', LETTERS),
    ...followedBy('SG.', WORD),
    ...followedBy('://', [...WORD, '-']),
  ],
  1: ['ps_e', 'k-an', 'k_li', 'k_te', 'fut_', 'fat_', ...inAnyCase('ysql')],
  2: ['n_ap', ...inAnyCase('ngod')],
  3: inAnyCase('tgre'),
  4: '-BEG bkFJ ss_k ss_K sske ssKe ssKE SS_K SS_k SSKE SSKe SSke'.split(' '),
  5: ['b_pa'],
  6: inAnyCase('slac'),
};

const OFFSETS = new Map(
  Object.entries(WINDOWS).flatMap(([offset, windows]) =>
    windows.map((window) => [window, Number(offset)] as const),
  ),
);

const BITS = 15;
const KNOWN = new Uint8Array(2 ** BITS);
for (const window of OFFSETS.keys()) {
  const bytes = Buffer.from(window, 'latin1');
  for (const at of [0, 1]) KNOWN[hash(bytes, at)] = 1;
}

/** The casts are for speed: the caller stays within the bytes. */
function hash(bytes: Uint8Array, at: number): number {
  const three =
    (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return Math.imul(three, 0x9e3779b1) >>> (32 - BITS);
}

/** The same as `CANDIDATE.test`. */
export function hasCandidate(bytes: Buffer): boolean {
  let text: string | undefined;
  for (let at = nextKnown(bytes, 0); at >= 0; at = nextKnown(bytes, at + 2)) {
    for (const start of [at, at - 1]) {
      if (start < 0) continue;
      const offset = OFFSETS.get(bytes.toString('latin1', start, start + 4));
      if (offset === undefined || start < offset) continue;
      text ??= bytes.toString('latin1');
      CANDIDATE_HERE.lastIndex = start - offset;
      if (CANDIDATE_HERE.test(text)) return true;
    }
  }
  return false;
}

/** The next place, by steps of two, of three bytes that a window has; -1: there is none. */
function nextKnown(bytes: Uint8Array, from: number): number {
  const known = KNOWN;
  const last = bytes.length - 3;
  for (let at = from; at <= last; at += 2) if (known[hash(bytes, at)] === 1) return at;
  return -1;
}
