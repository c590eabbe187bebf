/**
 * Output globs: `*`, `?`, `[a-z]`, `[!a]` within a name, `**` for any depth. Relative ones start at
 * the workspace, `~/` ones at the home. A name that begins with a dot matches only where the glob
 * says the dot. A glob without a wildcard, or with a slash at its end, stands for all that is below
 * it too.
 */
import { posix } from 'node:path';
import type { GuestPath } from '../machine/machine.ts';

export type Glob = {
  readonly text: string;
  /** Where the guest looks; it may find more than the glob matches, never less. */
  readonly search: Search;
  matches(path: GuestPath): boolean;
};

export type Search = {
  readonly directory: GuestPath;
  /** Levels below the directory. */
  readonly depth: number;
  /** For the last name, in the language of `find -name`. */
  readonly name: string;
  /** Names that are neither taken nor entered, likewise. */
  readonly skipped: string;
};

export const ANY_DEPTH = 9999;
export const GIT_DIRECTORY = '.git';
const HIDDEN = '.?*';

type NamePart = 'star' | ((character: string) => boolean);
type Name = {
  readonly text: string;
  readonly deep: boolean;
  readonly fixed: boolean;
  /** Says the dot, so that it matches hidden names. */
  readonly hidden: boolean;
  readonly parts: readonly NamePart[];
};

export function parseGlob(
  text: string,
  base: { readonly workspace: GuestPath; readonly home: GuestPath },
): Glob {
  const path = absolute(text, base);
  const names = path.split('/').filter(Boolean).map(parseName);
  const wild = names.findIndex(({ fixed }) => !fixed);
  const deeper = path.endsWith('/') || wild < 0 ? [...names, parseName('**')] : names;
  const patterns = wild < 0 ? [names, deeper] : [deeper];
  return {
    text,
    search: searchFor(deeper),
    matches: (candidate) => {
      const candidateNames = candidate.split('/').filter(Boolean);
      return patterns.some((pattern) => matchPath(pattern, candidateNames));
    },
  };
}

function absolute(text: string, base: { workspace: GuestPath; home: GuestPath }): GuestPath {
  if (text.startsWith('/')) return posix.normalize(text);
  if (text.startsWith('~/')) return posix.join(base.home, text.slice(2));
  return posix.join(base.workspace, text);
}

function searchFor(names: readonly Name[]): Search {
  const wild = names.findIndex(({ fixed }) => !fixed);
  const rest = names.slice(wild);
  const last = rest.at(-1);
  return {
    directory: `/${names
      .slice(0, wild)
      .map(({ text }) => text)
      .join('/')}`,
    depth: rest.some(({ deep }) => deep) ? ANY_DEPTH : rest.length,
    // A `?` of the guest's may stand for one byte, ours stands for one character.
    name: last === undefined ? '*' : last.text.replace(/\[.*\]|[^\w. -]+/g, '*'),
    skipped: rest.some(({ hidden }) => hidden) ? GIT_DIRECTORY : HIDDEN,
  };
}

/** One name of a glob: stars, and tests for one character each. */
function parseName(text: string): Name {
  const parts: NamePart[] = [];
  let fixed = true;
  for (const [token, set] of text.matchAll(/\[([!^]?\]?[^\]]*)\]|[\s\S]/gu)) {
    if (token === '*') parts.push('star');
    else if (token === '?') parts.push(() => true);
    else if (set !== undefined && set !== '') parts.push(parseSet(set));
    else {
      parts.push((character) => character === token);
      continue;
    }
    fixed = false;
  }
  return { text, deep: text === '**', fixed, hidden: text.startsWith('.'), parts };
}

function parseSet(text: string): (character: string) => boolean {
  const negated = /^[!^]/.test(text);
  const ranges = [...(negated ? text.slice(1) : text).matchAll(/(.)-(.)|(.)/gsu)].map(
    ([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const,
  );
  return (character) =>
    ranges.some(([from, to]) => from <= character && character <= to) !== negated;
}

function matchPath(pattern: readonly Name[], names: readonly string[]): boolean {
  return matchSequence(pattern, names, {
    isStar: ({ deep }) => deep,
    starTakes: (name) => !name.startsWith('.'),
    matches: (wanted, name) => {
      if (name.startsWith('.') && !wanted.hidden) return false;
      return matchSequence(wanted.parts, [...name], {
        isStar: (part) => part === 'star',
        starTakes: () => true,
        matches: (part, character) => part !== 'star' && part(character),
      });
    },
  });
}

/** Whether a pattern with stars, each for any number of items, stands for all of `items`. */
function matchSequence<P, T>(
  pattern: readonly P[],
  items: readonly T[],
  rules: {
    readonly isStar: (part: P) => boolean;
    readonly starTakes: (item: T) => boolean;
    readonly matches: (part: P, item: T) => boolean;
  },
): boolean {
  // reached[n]: the parts so far can stand for the first n items.
  let reached = [true, ...items.map(() => false)];
  for (const part of pattern) {
    const next: boolean[] = [rules.isStar(part) && reached[0] === true];
    for (const [index, item] of items.entries()) {
      const here = rules.isStar(part)
        ? reached[index + 1] || (next[index] && rules.starTakes(item))
        : reached[index] && rules.matches(part, item);
      next.push(here === true);
    }
    reached = next;
  }
  return reached.at(-1) === true;
}
