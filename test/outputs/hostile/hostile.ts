/** One hostile archive: what stands between two good files, and what must become of it. */
import { END, file } from '../../tar/craft.ts';

export type Hostile = {
  readonly name: string;
  readonly parts: readonly Buffer[];
  /** Why members were refused, in order. */
  readonly reasons: readonly string[];
  /** Files that are kept beside the good ones: content by path. */
  readonly kept: Readonly<Record<string, string>>;
  /** Why the stream breaks in the parts; what comes after them is lost. */
  readonly broken?: string;
  /** Nothing comes after the parts. */
  readonly cut: boolean;
};

const plain = { reasons: [], kept: {}, cut: false } as const;

/** Each part is refused for the same reason. */
export const refuses = (name: string, reason: string, ...parts: Buffer[]): Hostile => ({
  ...{ ...plain, name, parts },
  reasons: [reason],
});

/** Taken as it is meant to be. */
export const keeps = (name: string, kept: Hostile['kept'], ...parts: Buffer[]): Hostile => ({
  ...{ ...plain, name, parts, kept },
});

/** Whoever reads on would read what is not there. */
export const breaks = (name: string, broken: string, ...parts: Buffer[]): Hostile => ({
  ...{ ...plain, name, parts, broken },
});

export const ends = (name: string, ...parts: Buffer[]): Hostile => ({
  ...{ ...plain, name, parts, cut: true },
  broken: 'the archive ends in the middle',
});

export const GOOD = { good: 'one', 'also/good': 'two' };

/** The whole archive. */
export function archiveOf({ parts, cut }: Pick<Hostile, 'parts' | 'cut'>): Buffer {
  const after = cut ? [] : [file('also/good', GOOD['also/good']), END];
  return Buffer.concat([file('good', GOOD.good), ...parts, ...after]);
}

/** All files that must be there afterwards. */
export function wantedOf({ broken, kept }: Hostile): Record<string, string> {
  return broken === undefined ? { ...GOOD, ...kept } : { good: GOOD.good, ...kept };
}
