/** Finds known secret values in bytes, plain or encoded, whole or in part, and replaces them. */
import { createCover, type Piece } from '../secret/cover.ts';
import { matchSecrets } from '../secret/matcher.ts';

const LABEL = Buffer.from('***');

export type Redactor = {
  /** There is nothing to look for. */
  readonly empty: boolean;
  text(value: string): { readonly text: string; readonly found: number };
  stream(): RedactingStream;
};

/** What comes out does not depend on how the input was cut into chunks. */
export type RedactingStream = {
  /** The bytes that are decided; the rest is held until more is known. */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
  /** Replacements so far; matches that touch count as one. */
  found(): number;
};

/** Shorter secrets than `MIN_SECRET_LENGTH` are not looked for. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const matcher = matchSecrets(secrets.map((value) => ({ label: '', value })));

  function stream(): RedactingStream {
    const matching = matcher.stream();
    const cover = createCover();
    let found = 0;
    const replace = ({ bytes, covered, isStart }: Piece) => {
      if (!covered) return [bytes];
      if (isStart) found++;
      return isStart ? [LABEL] : [];
    };
    return {
      push(chunk) {
        const matches = matching.push(chunk);
        return Buffer.concat(cover.push(chunk, matches, matching.held()).flatMap(replace));
      },
      end: () => Buffer.concat(cover.end().flatMap(replace)),
      found: () => found,
    };
  }

  return {
    empty: matcher.empty,
    stream,
    text(value) {
      const redacting = stream();
      const bytes = Buffer.concat([redacting.push(Buffer.from(value)), redacting.end()]);
      const found = redacting.found();
      return { text: found > 0 ? bytes.toString() : value, found };
    },
  };
}
