/** Reads one YAML document, without the parts of YAML that a manifest has no use for. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
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

/** What the parser's codes mean to a person; its own texts may quote the file, which may hold a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_DQ_ESCAPE:
    'a double-quoted text has an unknown escape; use single quotes, or \\\\ for a backslash',
  BAD_SCALAR_START: 'a value cannot begin with this character; put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put the value in quotes',
  BLOCK_IN_FLOW: 'inside [] or {} everything must be in the bracket style',
  MISSING_CHAR: 'something is not closed or not separated: a quote, a bracket, a comma or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and be followed by ": "',
  MULTIPLE_DOCS: 'a second document begins here; a file holds one',
  RESOURCE_EXHAUSTION: `nested deeper than ${MAX_DEPTH} levels`,
  TAB_AS_INDENT: 'a tab indents this line; YAML takes spaces only',
};

/** @param base what to add to every offset, when `text` is only a part of a file. */
export function readYaml(text: string, base = 0): Reading {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const fault = syntaxFault(document, base);
  if (fault !== undefined) return { faults: [fault] };
  if (document.contents === null) return { faults: [] };
  const faults: Fault[] = [];
  const tree = readNode(document.contents, { base, faults, depth: 0 });
  return { tree, faults };
}

/** The first error only: those behind it mostly follow from it. */
function syntaxFault(document: Document.Parsed, base: number): Fault | undefined {
  const error = document.errors[0];
  if (error === undefined) return undefined;
  const meaning = SYNTAX[error.code] ?? 'something is not allowed at this place';
  return { offset: base + error.pos[0], message: `not valid YAML: ${meaning}` };
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
