/**
 * Looks for secrets in a stream, in two views of it: its bytes as they are, and its letters and
 * digits alone. Not found is what was compressed, encrypted or hashed; what was encoded twice,
 * unless the outer encoding is URL's `%XX` or JSON's; other encodings than those of `encoding.ts`;
 * letters more than 16 bytes apart; and less than a fragment of a secret at a time.
 */
import {
  condense,
  condenseBare,
  type Letters,
  MAX_GAP,
  movePlaces,
  NO_LETTERS,
  placeOf,
} from './condense.ts';
import { encodingsOf, MIN_SECRET_LENGTH } from './encoding.ts';
import { indexNeedles, type NeedleIndex, type Run } from './needle-index.ts';

/** The secret as a whole, or a fragment of it, at these bytes of the stream. */
export type Match = { readonly label: string; readonly start: number; readonly end: number };

/** Which bytes of the stream are in matches does not depend on how it was cut into chunks. */
export type MatchStream = {
  /** What is certain now; a match at the end of the chunk may go on in the next. */
  push(chunk: Uint8Array): readonly Match[];
  /** How many bytes at the end may turn out to be part of a match: keep them back. */
  held(): number;
};

export type Matcher = {
  /** There is nothing to look for. */
  readonly empty: boolean;
  stream(): MatchStream;
};

export type LabelledNeedle = {
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly run: number;
};

export function matchSecrets(secrets: readonly { label: string; value: string }[]): Matcher {
  return createMatcher(
    secrets.flatMap(({ label, value }) => encodingsOf(value).map((form) => ({ label, ...form }))),
  );
}

const BLOCK = 65536;

/** `gaps: 'none'`: only as it stands, with nothing between its letters; little is kept back then. */
export function createMatcher(
  needles: readonly LabelledNeedle[],
  gaps: 'some' | 'none' = 'some',
): Matcher {
  const plain = makeView(needles);
  const bare = gaps === 'some' ? makeView(needles.flatMap(condensed)) : undefined;
  return {
    empty: !plain,
    stream() {
      const views = [
        ...(plain ? [plainStream(plain)] : []),
        ...(bare ? [condensedStream(bare)] : []),
      ];
      let base = 0;
      return {
        push(chunk) {
          const matches: Match[] = [];
          for (let at = 0; at < chunk.length; at += BLOCK) {
            const block = chunk.subarray(at, at + BLOCK);
            for (const view of views) matches.push(...view.push(block, base));
            base += block.length;
          }
          return matches;
        },
        held: () => Math.max(0, ...views.map((view) => view.held())),
      };
    },
  };
}

type View = { readonly index: NeedleIndex; readonly labels: readonly string[] };

/** Each needle once, with the shortest run that counts. */
function makeView(needles: readonly LabelledNeedle[]): View | undefined {
  const byBytes = new Map<string, LabelledNeedle>();
  for (const needle of needles) {
    const key = Buffer.from(needle.bytes).toString('latin1');
    const known = byBytes.get(key);
    if (!known || needle.run < known.run)
      byBytes.set(key, { ...needle, label: known?.label ?? needle.label });
  }
  const unique = [...byBytes.values()];
  if (unique.length === 0) return undefined;
  return { index: indexNeedles(unique), labels: unique.map(({ label }) => label) };
}

/** Shorter runs of letters and digits alone would be found in any text. */
const MIN_CONDENSED_RUN = 10;

function condensed({ label, bytes, run }: LabelledNeedle): LabelledNeedle[] {
  const letters = condense(bytes).letters.slice();
  if (letters.length < MIN_SECRET_LENGTH) return [];
  const least = Math.max(MIN_CONDENSED_RUN, Math.floor((run * letters.length) / bytes.length));
  return [{ label, bytes: letters, run: Math.min(letters.length, least) }];
}

type ViewStream = {
  /** `base`: how many bytes came before the block. */
  push(block: Uint8Array, base: number): Match[];
  held(): number;
};

function plainStream({ index, labels }: View): ViewStream {
  let tail = new Uint8Array(0);
  return {
    push(block, base) {
      const text = tail.length > 0 ? Buffer.concat([tail, block]) : block;
      const start = base - tail.length;
      const matches = index.runsIn(text).map((run) => ({
        label: labels[run.needle] ?? '',
        start: start + run.start,
        end: start + run.end,
      }));
      tail = new Uint8Array(text.subarray(index.unfinishedAt(text)));
      return matches;
    },
    held: () => tail.length,
  };
}

function condensedStream({ index, labels }: View): ViewStream {
  /** What may be the start of a match; the places are those before the next block. */
  let tail = NO_LETTERS;
  let halfEscape: Uint8Array = new Uint8Array(0);
  return {
    push(block, base) {
      const text = halfEscape.length > 0 ? Buffer.concat([halfEscape, block]) : block;
      const start = base - halfEscape.length;
      const bare = condenseBare(text, tail.letters);
      const runs = index.runsIn(bare.letters);
      if (runs.length === 0) {
        const open = bare.letters.length - index.unfinishedAt(bare.letters);
        const end = open === 0 ? NO_LETTERS : lastLetters(text, open);
        if (end !== undefined) {
          tail = unfinishedTail(index, end, text.length - bare.rest, text.length);
          halfEscape = new Uint8Array(text.subarray(text.length - bare.rest));
          return [];
        }
      }
      const now = condense(text, movePlaces(tail, -halfEscape.length));
      const matches = runs
        .flatMap((run) => splitAtGaps(run, now))
        .filter((run) => index.counts(now.letters, run))
        .map((run) => ({
          label: labels[run.needle] ?? '',
          start: start + placeOf(now, run.start).start,
          end: start + placeOf(now, run.end - 1).end,
        }));
      tail = unfinishedTail(index, now, text.length - now.rest, text.length);
      halfEscape = new Uint8Array(text.subarray(text.length - now.rest));
      return matches;
    },
    held: () => Math.max(halfEscape.length, tail.letters.length && -placeOf(tail, 0).start),
  };
}

/** The longest escape of one letter, and what may stand between two. */
const WIDEST_LETTER = 10 + MAX_GAP;
/** Where a text is cut open, the first letters may be those of half an escape. */
const UNSURE_LETTERS = 10;

/** The last `count` letters with their places, by reading the end alone; undefined: not so easily. */
function lastLetters(text: Uint8Array, count: number): Letters | undefined {
  const from = Math.max(0, text.length - (count + UNSURE_LETTERS) * WIDEST_LETTER);
  const { letters, places } = condense(text.subarray(from));
  const spare = letters.length - count;
  if (spare < (from === 0 ? 0 : UNSURE_LETTERS)) return undefined;
  const end = { letters: letters.slice(spare), places: places.slice(spare) };
  return movePlaces(end, -from);
}

/** What may be the start of a match, with places from behind the text on. */
function unfinishedTail(index: NeedleIndex, text: Letters, end: number, length: number): Letters {
  const unfinished = unfinishedAt(index, text, end);
  const letters = text.letters.slice(unfinished);
  return movePlaces({ letters, places: text.places.slice(unfinished) }, length);
}

function splitAtGaps(run: Run, text: Letters): Run[] {
  const parts: Run[] = [];
  let start = run.start;
  for (let at = run.start + 1; at < run.end; at++) {
    if (!isGap(text, at)) continue;
    parts.push({ ...run, start, end: at });
    start = at;
  }
  return [...parts, { ...run, start }];
}

/** `end`: where the next letter may stand at the earliest. */
function unfinishedAt(index: NeedleIndex, text: Letters, end: number): number {
  const last = text.letters.length - 1;
  if (last < 0 || end - placeOf(text, last).end > MAX_GAP) return last + 1;
  let start = index.unfinishedAt(text.letters);
  for (let at = start + 1; at <= last; at++) if (isGap(text, at)) start = at;
  return start;
}

/** Is there too much between this letter and the one before? */
function isGap(text: Letters, at: number): boolean {
  return placeOf(text, at).start - placeOf(text, at - 1).end > MAX_GAP;
}
