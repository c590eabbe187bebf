/** A parsed file as plain values that still know where in the text they stood. */

type Scalar = string | number | boolean | null;

/** `offset` counts UTF-16 units from the start of the file's text. */
export type Located =
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly offset: number }
  | { readonly kind: 'list'; readonly items: readonly Located[]; readonly offset: number }
  | LocatedMap;

type LocatedMap = {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, LocatedEntry>;
  readonly offset: number;
};

/** `offset` is the key's own. */
export type LocatedEntry = { readonly value: Located; readonly offset: number };

/** Keys and list indices, from the root down. */
export type Path = readonly PropertyKey[];

/** Something wrong at one place of a text. */
export type Fault = { readonly offset: number; readonly message: string };

/** What a reader made of a text; `tree` is absent when it holds nothing or could not be read. */
export type Reading = { readonly tree?: Located; readonly faults: readonly Fault[] };

/** Deepest nesting that is read, so that no recursion over a tree can exhaust the stack. */
export const MAX_DEPTH = 64;

/** These reach into an object's prototype when a program assigns them. */
const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/** Why `key` may not join `entries`, or undefined when it may. */
export function refuseKey(
  entries: ReadonlyMap<string, LocatedEntry>,
  key: string,
): string | undefined {
  if (PROTOTYPE_KEYS.has(key)) return `the key "${key}" is never accepted; remove it`;
  if (entries.has(key)) return `the key ${quote(key)} is there twice in one map; keep one`;
  return undefined;
}

/** The node at `path`, or undefined when there is none. */
export function findNode(tree: Located, path: Path): Located | undefined {
  let node: Located | undefined = tree;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** The text at `path`, or undefined when there is none or something else. */
export function findText(tree: Located | undefined, path: Path): string | undefined {
  const node = tree && findNode(tree, path);
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** Where the key at the end of `path` stands, or what is nearest above it. */
export function keyOffset(tree: Located, path: Path): number {
  const parent = findNode(tree, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.offset ?? valueOffset(tree, path);
}

/** Where the value at `path` stands, or what is nearest above it. */
export function valueOffset(tree: Located, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNode(tree, path.slice(0, length));
    if (node !== undefined) return node.offset;
  }
  return tree.offset;
}

/** The values without their places. Safe to assign: `refuseKey` kept prototype keys out. */
export function toPlain(node: Located): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  const plain: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) plain[key] = toPlain(entry.value);
  return plain;
}

/** A key as it may be printed: short, on one line, without control characters. */
export function quote(key: string): string {
  const shown = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    '?',
  );
}
