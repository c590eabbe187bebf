/** Reads one JSON text and keeps the places of its values, which `JSON.parse` does not. */
import {
  type Fault,
  type Located,
  type LocatedEntry,
  MAX_DEPTH,
  type Reading,
  refuseKey,
} from './located.ts';

type Cursor = { readonly text: string; at: number; readonly faults: Fault[] };

/** Thrown where the text stops being JSON. */
class JsonStop extends Error {
  readonly fault: Fault;

  constructor(offset: number, expected: string) {
    super(expected);
    this.fault = { offset, message: `not valid JSON: expected ${expected}` };
  }
}

const WORD = /[-+.\w]+/y;

export function readJson(text: string): Reading {
  const cursor: Cursor = { text, at: 0, faults: [] };
  try {
    skipSpace(cursor);
    if (cursor.at === text.length) return { faults: [] };
    const tree = readValue(cursor, 0);
    if (cursor.at < text.length) throw new JsonStop(cursor.at, 'nothing more after the last }');
    return { tree, faults: cursor.faults };
  } catch (error) {
    if (error instanceof JsonStop) return { faults: [...cursor.faults, error.fault] };
    throw error;
  }
}

/** Reads a value and the space behind it. */
function readValue(cursor: Cursor, depth: number): Located {
  const offset = cursor.at;
  if (depth > MAX_DEPTH) throw new JsonStop(offset, `no more than ${MAX_DEPTH} levels`);
  const first = cursor.text[offset];
  if (first === '{') return { kind: 'map', entries: readEntries(cursor, depth), offset };
  if (first === '[') return { kind: 'list', items: readItems(cursor, depth), offset };
  const value = first === '"' ? readString(cursor) : readWord(cursor);
  skipSpace(cursor);
  return { kind: 'scalar', value, offset };
}

function readEntries(cursor: Cursor, depth: number): ReadonlyMap<string, LocatedEntry> {
  const entries = new Map<string, LocatedEntry>();
  readBetween(cursor, '}', () => {
    const offset = cursor.at;
    if (cursor.text[offset] !== '"') throw new JsonStop(offset, 'a key in double quotes');
    const key = readString(cursor);
    skipSpace(cursor);
    if (!take(cursor, ':')) throw new JsonStop(cursor.at, 'a colon after the key');
    const value = readValue(cursor, depth + 1);
    const refusal = refuseKey(entries, key);
    if (refusal === undefined) entries.set(key, { value, offset });
    else cursor.faults.push({ offset, message: refusal });
  });
  return entries;
}

function readItems(cursor: Cursor, depth: number): readonly Located[] {
  const items: Located[] = [];
  readBetween(cursor, ']', () => items.push(readValue(cursor, depth + 1)));
  return items;
}

/** Reads from an opening bracket, with commas between the members, to `close`. */
function readBetween(cursor: Cursor, close: string, readMember: () => void): void {
  cursor.at += 1;
  skipSpace(cursor);
  if (take(cursor, close)) return;
  do readMember();
  while (take(cursor, ','));
  if (!take(cursor, close)) throw new JsonStop(cursor.at, `a comma or ${close}`);
}

function readString(cursor: Cursor): string {
  const start = cursor.at;
  let end = start + 1;
  while (end < cursor.text.length && cursor.text[end] !== '"') {
    end += cursor.text[end] === '\\' ? 2 : 1;
  }
  cursor.at = end + 1;
  const parsed = parse(cursor.text.slice(start, cursor.at));
  if (typeof parsed === 'string') return parsed;
  throw new JsonStop(start, 'a closed text on one line, with JSON escapes only');
}

function readWord(cursor: Cursor): number | boolean | null {
  WORD.lastIndex = cursor.at;
  const word = WORD.exec(cursor.text)?.[0] ?? '';
  const parsed = parse(word);
  if (parsed === undefined) throw new JsonStop(cursor.at, 'a value');
  cursor.at += word.length;
  return parsed as number | boolean | null;
}

/** One string or word; undefined when it is not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  skipSpace(cursor);
  return true;
}

function skipSpace(cursor: Cursor): void {
  while (' \t\r\n'.includes(cursor.text[cursor.at] ?? '!')) cursor.at += 1;
}
