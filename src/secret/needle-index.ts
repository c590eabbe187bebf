/**
 * Finds long enough runs of known byte strings in a text. Every so many bytes, four of the text are
 * looked up among all fours that the needles have; where they have them, the run around is measured.
 * A run of `n` bytes holds `n - 3` fours in a row, so none is missed by steps of the shortest `n - 3`.
 */

/** `run`: how many bytes in a row count as found. */
export type Needle = { readonly bytes: Uint8Array; readonly run: number };

/** Part of the text that is also part of needle number `needle`. */
export type Run = { readonly needle: number; readonly start: number; readonly end: number };

export type NeedleIndex = {
  /** Is it long and varied enough? */
  counts(text: Uint8Array, run: Run): boolean;
  runsIn(text: Uint8Array): Run[];
  /** Where the longest end of the text begins that may be the start of a run; else its length. */
  unfinishedAt(text: Uint8Array): number;
};

const GRAM = 4;
/** Fewer different bytes than these are no secret, unless they are all of one. */
const MIN_VARIETY = 5;

export function indexNeedles(needles: readonly Needle[]): NeedleIndex {
  const table = tabulate(needles);
  const tails = tabulateTails(needles);
  const step = Math.min(...needles.map(({ run }) => run)) - GRAM + 1;

  /** The longest common run of the text and a needle around a four that they share. */
  function measure(text: Uint8Array, at: number, place: number): Run | undefined {
    const needle = table.needles[place] ?? 0;
    const from = table.offsets[place] ?? 0;
    const bytes = needles[needle]?.bytes ?? text;
    let length = 0;
    while (from + length < bytes.length && bytes[from + length] === text[at + length]) length++;
    if (length < GRAM) return undefined;
    let before = 0;
    while (before < from && before < at && bytes[from - before - 1] === text[at - before - 1])
      before++;
    return { needle, start: at - before, end: at + length };
  }

  function counts(text: Uint8Array, { needle, start, end }: Run): boolean {
    const { bytes, run } = needles[needle] ?? { bytes: text, run: Number.POSITIVE_INFINITY };
    if (end - start === bytes.length) return true;
    return end - start >= run && new Set(text.subarray(start, end)).size >= MIN_VARIETY;
  }

  return {
    counts,
    runsIn(text) {
      const { known, shift } = table;
      const runs: Run[] = [];
      const last = text.length - GRAM;
      for (let at = nextKnown(text, 0, step, known, shift); at <= last; ) {
        const key = hash(text, at, shift);
        for (let place = table.first[key] ?? 0; place < (table.first[key + 1] ?? 0); place++) {
          const run = measure(text, at, place);
          if (run && counts(text, run)) runs.push(run);
        }
        at = nextKnown(text, at + step, step, known, shift);
      }
      return runs;
    },
    unfinishedAt(text) {
      const at = text.length - GRAM;
      let start = text.length;
      if (at >= 0) {
        const key = hash(text, at, table.shift);
        for (let place = table.first[key] ?? 0; place < (table.first[key + 1] ?? 0); place++) {
          const run = measure(text, at, place);
          if (!run) continue;
          const { bytes, run: least } = needles[run.needle] ?? { bytes: text, run: 0 };
          const begin = (table.offsets[place] ?? 0) - (at - run.start);
          const ended = begin + run.end - run.start === bytes.length;
          if (!ended && bytes.length - begin >= least) start = Math.min(start, run.start);
        }
      }
      for (let length = GRAM - 1; length > 0 && start > text.length - length; length--)
        if (length <= text.length && tails[tailKey(text, text.length - length, length)] === 1)
          start = text.length - length;
      return start;
    },
  };
}

/** All fours of all needles by their hash: `first[key]` … `first[key + 1]` are the places of `key`. */
type Table = {
  /** One bit a key: small enough for the processor's nearest memory, where most lookups end. */
  readonly known: Uint32Array;
  readonly first: Uint32Array;
  readonly needles: Uint32Array;
  readonly offsets: Uint32Array;
  readonly shift: number;
};

function tabulate(needles: readonly Needle[]): Table {
  const total = needles.reduce((sum, { bytes }) => sum + Math.max(0, bytes.length - GRAM + 1), 0);
  const bits = Math.min(20, Math.max(14, Math.ceil(Math.log2(total * 8))));
  const shift = 32 - bits;
  const first = new Uint32Array(2 ** bits + 1);
  const known = new Uint32Array(2 ** bits / 32);
  const eachPlace = (visit: (key: number, needle: number, offset: number) => void) => {
    for (const [needle, { bytes }] of needles.entries())
      for (let at = 0; at + GRAM <= bytes.length; at++) visit(hash(bytes, at, shift), needle, at);
  };
  eachPlace((key) => {
    first[key] = (first[key] ?? 0) + 1;
    known[key >>> 5] = (known[key >>> 5] ?? 0) | (1 << (key & 31));
  });
  for (let key = 0, sum = 0; key < first.length; key++) {
    sum += first[key] ?? 0;
    first[key] = sum;
  }
  const table = { needles: new Uint32Array(total), offsets: new Uint32Array(total) };
  eachPlace((key, needle, offset) => {
    const place = (first[key] ?? 0) - 1;
    first[key] = place;
    table.needles[place] = needle;
    table.offsets[place] = offset;
  });
  return { known, first, shift, ...table };
}

/** The one to three bytes with which a run may begin or be cut off, hashed together. */
function tabulateTails(needles: readonly Needle[]): Uint8Array {
  const tails = new Uint8Array(65536);
  for (const { bytes, run } of needles)
    for (let at = 0; bytes.length - at >= run; at++)
      for (let length = 1; length < GRAM && at + length < bytes.length; length++)
        tails[tailKey(bytes, at, length)] = 1;
  return tails;
}

function tailKey(bytes: Uint8Array, at: number, length: number): number {
  let key = length;
  for (let index = at; index < at + length; index++)
    key = Math.imul(key ^ (bytes[index] ?? 0), 0x01000193);
  return (key ^ (key >>> 16)) & 0xffff;
}

/** The next place whose four bytes some needle may have; behind the end when there is none. */
function nextKnown(
  text: Uint8Array,
  from: number,
  step: number,
  known: Uint32Array,
  shift: number,
): number {
  const last = text.length - GRAM;
  let at = from;
  for (; at <= last; at += step) {
    const key = hash(text, at, shift);
    if (((known[key >>> 5] as number) >>> (key & 31)) & 1) return at;
  }
  return at;
}

/** The casts are for speed: the caller stays within the bytes. */
function hash(bytes: Uint8Array, at: number, shift: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return Math.imul(low | (high << 16), 0x9e3779b1) >>> shift;
}
