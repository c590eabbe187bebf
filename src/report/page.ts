/** A page as data: what the step summary and `report.html` both say, before it is written as either. */
import type { Phase } from './record.ts';

/** `string`: words of ours. What a guest may have written is `code`, in which nothing is read. */
export type Inline =
  | string
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

export type Text = readonly Inline[];

export type Table = {
  readonly kind: 'table';
  /** What it shows, for who cannot see where it stands. */
  readonly caption: string;
  readonly columns: readonly string[];
  /** The first of them; `total` counts all. */
  readonly rows: readonly (readonly Text[])[];
  readonly total: number;
  /** How many of them a summary shows; absent: as many as are good to read. */
  readonly most?: number;
};

export type Bar = {
  readonly label: string;
  readonly used: string;
  readonly allowed: string;
  /** Of what is allowed, 0 to 1 and above; null where there is no limit. */
  readonly share: number | null;
};

export type Block =
  | { readonly kind: 'text'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[]; readonly total: number }
  | Table
  | {
      readonly kind: 'code';
      readonly language: string;
      readonly text: string;
      /** Bytes of it that a summary shows; a report shows `REPORT_FACTOR` times as much. */
      readonly largest: number;
      /** Where the whole of it is. */
      readonly rest: string;
    }
  | { readonly kind: 'phases'; readonly phases: readonly Phase[] }
  | { readonly kind: 'bars'; readonly caption: string; readonly bars: readonly Bar[] }
  | { readonly kind: 'fold'; readonly title: string; readonly blocks: readonly Block[] };

export type Section = {
  readonly title: string;
  /** What it comes to, in a few words. */
  readonly brief: string;
  /** It speaks against using the result: not to be missed. */
  readonly urgent: boolean;
  readonly blocks: readonly Block[];
};

export type Page = {
  /** Stands first, so that the outcome is told without colour or picture. */
  readonly mark: 'PASS' | 'FAIL' | 'STOP';
  readonly sentence: string;
  readonly lead: readonly Block[];
  /** Those without blocks are left out. */
  readonly sections: readonly Section[];
};

/** As many rows as a page holds at all. */
const MOST_ROWS = 500;

/** More of a guest's word than any page shows; what is put together from several is cut first. */
export const cut = (text: string): string => text.slice(0, 1000);

export const code = (text: string): Inline => ({ kind: 'code', text: cut(text) });
export const strong = (text: string): Inline => ({ kind: 'strong', text });
export const link = (text: string, href: string): Inline => ({ kind: 'link', text, href });

export const say = (...text: Inline[]): Block => ({ kind: 'text', text });

export function codeBlock(
  text: string,
  { language = 'text', largest = 8 * 1024, rest = '' } = {},
): Block[] {
  return text === '' ? [] : [{ kind: 'code', language, text, largest, rest }];
}

/** Nothing for no items. */
export function list<T>(items: readonly T[], item: (item: T) => Text): Block[] {
  if (items.length === 0) return [];
  return [{ kind: 'list', items: items.slice(0, MOST_ROWS).map(item), total: items.length }];
}

/** Nothing for no items. */
export function table<T>(
  caption: string,
  columns: readonly string[],
  items: readonly T[],
  row: (item: T) => readonly Text[],
): Block[] {
  if (items.length === 0) return [];
  const rows = items.slice(0, MOST_ROWS).map(row);
  return [{ kind: 'table', caption, columns, rows, total: items.length }];
}

export function fold(title: string, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [{ kind: 'fold', title, blocks }];
}
