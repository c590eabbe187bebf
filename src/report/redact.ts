/**
 * Replaces secrets in what leaves the run: known values, plain or in the encodings of
 * `secret/encoding.ts`, whole or in part, and tokens of vendors by the rules of
 * `secret/token-pattern.ts`.
 */
import { type Cover, createCover, type Piece } from '../secret/cover.ts';
import { matchSecrets } from '../secret/matcher.ts';
import { loadTokenRules, matchTokens, type TokenRules } from '../secret/token-pattern.ts';

/** As GitHub's runner masks: it gives away neither length nor kind. What it was is counted. */
const LABEL = Buffer.from('***');

/** The name is counted and told; the value never leaves. */
export type KnownSecret = { readonly name: string; readonly value: string };

/** How often each was found, by the secret's name or the rule's. */
export type Found = ReadonlyMap<string, number>;

export type Redactor = {
  /** Known values alone, for what cannot wait. */
  known(value: string): string;
  text(value: string): Promise<{ readonly text: string; readonly found: Found }>;
  stream(): RedactingStream;
};

/** What comes out does not depend on how the input was cut into chunks, unless it is released. */
export type RedactingStream = {
  /** The bytes that are decided; the rest is held until more is known. */
  push(chunk: Uint8Array): Promise<Uint8Array>;
  /** What is held up to its last line break: for who cannot wait for more. */
  release(): Uint8Array;
  end(): Promise<Uint8Array>;
  /** Replacements so far; matches that touch count as one. */
  found(): Found;
};

/** Values shorter than `MIN_SECRET_LENGTH` are not looked for. */
export function createRedactor(secrets: readonly KnownSecret[]): Redactor {
  const matcher = matchSecrets(secrets.map(({ name, value }) => ({ label: name, value })));
  let rules: Promise<TokenRules> | undefined;
  const load = () => {
    rules ??= loadTokenRules();
    return rules;
  };

  function stream(): RedactingStream {
    const [values, tokens] = [matcher.stream(), matchTokens(load)];
    const replacing = createReplacing();
    return {
      async push(chunk) {
        const matches = [...values.push(chunk), ...(await tokens.push(chunk))];
        const held = Math.max(values.held(), tokens.held());
        return replacing.show((cover) => cover.push(chunk, matches, held));
      },
      release: () => replacing.show((cover) => cover.release()),
      async end() {
        const matches = await tokens.end();
        return replacing.show((cover) => cover.end(matches));
      },
      found: () => replacing.found,
    };
  }

  return {
    stream,
    known(value) {
      if (matcher.empty) return value;
      const matching = matcher.stream();
      const { show, found } = createReplacing();
      const bytes = Buffer.from(value);
      const matches = matching.push(bytes);
      if (matches.length === 0) return value;
      const parts = [show((cover) => cover.push(bytes, matches, 0)), show((cover) => cover.end())];
      return found.size > 0 ? Buffer.concat(parts).toString() : value;
    },
    async text(value) {
      const redacting = stream();
      const start = await redacting.push(Buffer.from(value));
      const bytes = Buffer.concat([start, await redacting.end()]);
      const found = redacting.found();
      return { text: found.size > 0 ? bytes.toString() : value, found };
    },
  };
}

function createReplacing() {
  const cover = createCover();
  const found = new Map<string, number>();
  const replace = ({ bytes, covered, isStart, label }: Piece) => {
    if (!covered) return [bytes];
    if (!isStart) return [];
    found.set(label, (found.get(label) ?? 0) + 1);
    return [LABEL];
  };
  return {
    found: found as Found,
    show: (step: (cover: Cover) => readonly Piece[]) => Buffer.concat(step(cover).flatMap(replace)),
  };
}

export function sumFound(all: readonly Found[]): Found {
  const sum = new Map<string, number>();
  for (const found of all)
    for (const [label, count] of found) sum.set(label, (sum.get(label) ?? 0) + count);
  return sum;
}

export function countFound(found: Found): number {
  return [...found.values()].reduce((sum, count) => sum + count, 0);
}
