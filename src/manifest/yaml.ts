/** Reads one YAML document, without the parts of YAML that a manifest has no use for. */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  Parser,
  type YAMLMap,
} from 'yaml';
import {
  type Fault,
  type Located,
  type LocatedEntry,
  MAX_DEPTH,
  type Reading,
  refuseKey,
} from './located.ts';

/** What the parser's codes mean; its own texts may quote the file, which may hold a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: 'a bracket is not closed, or the indentation does not fit the lines above',
  BAD_DQ_ESCAPE:
    'a double-quoted text has an unknown escape; use single quotes, or \\\\ for a backslash',
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put the value in quotes',
  BLOCK_IN_FLOW: 'inside [] or {} everything must be in the bracket style',
  MISSING_CHAR: 'something is not closed or not separated: a quote, a bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and be followed by ": "',
  MULTIPLE_DOCS: 'a second document begins here; a file holds one',
  TOO_DEEP: `nested deeper than ${MAX_DEPTH} levels`,
  TOO_MANY_PARTS: 'more words, marks and lines than a manifest needs; split it into files',
  TAB_AS_INDENT: 'a tab indents this line; YAML takes spaces only',
};

/** Bounds time and memory: a text of one megabyte can have a million parts. */
const MAX_PARTS = 250_000;

/** @param base what to add to every offset, when `text` is only a part of a file. */
export function readYaml(text: string, base = 0): Reading {
  try {
    const document = compose(text);
    const faults: Fault[] = [];
    if (document === undefined || document.contents === null) return { faults };
    return { tree: readNode(document.contents, { base, faults, depth: 0 }), faults };
  } catch (error) {
    if (!(error instanceof YamlStop)) throw error;
    return {
      faults: [{ offset: base + error.offset, message: `not valid YAML: ${error.message}` }],
    };
  }
}

/** Thrown at the first error: those behind it mostly follow from it. */
class YamlStop extends Error {
  readonly offset: number;

  constructor(offset: number, code: string) {
    super(SYNTAX[code] ?? 'something is not allowed at this place');
    this.offset = offset;
  }
}

function compose(text: string): Document.Parsed | undefined {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  let only: Document.Parsed | undefined;
  for (const document of composer.compose(parse(text), true, text.length)) {
    if (only !== undefined) throw new YamlStop(document.range[0], 'MULTIPLE_DOCS');
    const error = document.errors[0];
    if (error !== undefined) throw new YamlStop(error.pos[0], error.code);
    only = document;
  }
  return only;
}

function* parse(text: string): Generator<CST.Token, void> {
  const parser = new Parser();
  let parts = 0;
  for (const part of new Lexer().lex(text)) {
    parts += 1;
    if (parts > MAX_PARTS) throw new YamlStop(parser.offset, 'TOO_MANY_PARTS');
    // A level takes at most two places on the stack.
    if (parser.stack.length > 2 * MAX_DEPTH) throw new YamlStop(parser.offset, 'TOO_DEEP');
    yield* parser.next(part);
  }
  yield* parser.end();
}

type Context = { readonly base: number; readonly faults: Fault[]; readonly depth: number };

/** A node that is refused stands as nothing, so that what is around it can still be checked. */
function readNode(node: Node, context: Context): Located {
  const offset = context.base + (node.range?.[0] ?? 0);
  const refusal = refuseNode(node, context.depth);
  if (refusal !== undefined) {
    context.faults.push({ offset, message: refusal });
    return { kind: 'scalar', value: null, offset };
  }
  const inner = { ...context, depth: context.depth + 1 };
  if (isMap(node)) return { kind: 'map', entries: readEntries(node, inner), offset };
  if (isSeq(node)) {
    return { kind: 'list', items: node.items.map((item) => readNode(item as Node, inner)), offset };
  }
  return { kind: 'scalar', value: scalarValue(node), offset };
}

function refuseNode(node: Node, depth: number): string | undefined {
  if (isAlias(node)) return 'aliases (*name) are not read; write the value out or use `extends`';
  if (node.tag !== undefined) return 'tags (!name) are not read; remove it';
  if (node.anchor !== undefined) {
    return 'anchors (&name) are not read; write the value out or use `extends`';
  }
  return depth > MAX_DEPTH ? `nested deeper than ${MAX_DEPTH} levels` : undefined;
}

function scalarValue(node: Node) {
  const value = isScalar(node) ? node.value : null;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}

function readEntries(map: YAMLMap, context: Context): ReadonlyMap<string, LocatedEntry> {
  const entries = new Map<string, LocatedEntry>();
  for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
    const offset = context.base + (key.range?.[0] ?? 0);
    const refusal = refuseYamlKey(key, entries);
    if (refusal !== undefined) context.faults.push({ offset, message: refusal });
    const nothing = { kind: 'scalar', value: null, offset } as const;
    const located = value === null ? nothing : readNode(value, context);
    if (refusal === undefined) entries.set(keyText(key), { value: located, offset });
  }
  return entries;
}

function keyText(key: Node): string {
  return isScalar(key) ? String(key.value) : '';
}

function refuseYamlKey(key: Node, entries: ReadonlyMap<string, LocatedEntry>): string | undefined {
  const refusal = refuseNode(key, 0);
  if (refusal !== undefined) return refusal;
  if (!isScalar(key) || typeof key.value !== 'string')
    return 'a key must be text; put it in quotes';
  return key.value === '<<'
    ? 'merge keys (<<) are not read; write the values out or use `extends`'
    : refuseKey(entries, key.value);
}
