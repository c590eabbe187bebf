/** Turns the bytes of one manifest file into located trees: one for each entry, or one for all. */
import { tooLarge } from './directory.ts';
import { splitFrontmatter } from './frontmatter.ts';
import { readJson } from './json.ts';
import type { Fault, LocatedEntry, Reading } from './located.ts';
import { MAX_FILE_BYTES } from './manifest.ts';
import { type SourceFile, sourceFile } from './source-file.ts';
import { readYaml } from './yaml.ts';

export type Parsed = Reading & { readonly source: SourceFile };

/** A whole manifest in one file. */
export function parseWhole(kind: 'yaml' | 'json', file: string, bytes: Uint8Array): Parsed {
  return parseText(file, bytes, (text) => {
    const reading = kind === 'json' ? readJson(text) : readYaml(text);
    if (reading.tree !== undefined || reading.faults.length > 0) return reading;
    return fault('the file is empty; it needs `bottles` and `agents`');
  });
}

/** One bottle: its body is prose and is not looked at. */
export function parseBottle(file: string, bytes: Uint8Array): Parsed {
  return parseText(file, bytes, (text) => {
    const parts = splitFrontmatter(text);
    return 'message' in parts ? { faults: [parts] } : readFrontmatter(parts);
  });
}

/** One agent: its body stands in the tree as `prompt`. */
export function parseAgent(file: string, bytes: Uint8Array): Parsed {
  return parseText(file, bytes, (text) => {
    const parts = splitFrontmatter(text);
    if ('message' in parts) return { faults: [parts] };
    const { tree, faults } = readFrontmatter(parts);
    if (tree?.kind !== 'map') return tree === undefined ? { faults } : { tree, faults };
    const written = tree.entries.get('prompt');
    if (written !== undefined) {
      const message = 'prompt: the text below the frontmatter is the prompt; remove the key';
      return { tree, faults: [...faults, { offset: written.offset, message }] };
    }
    const value = { kind: 'scalar', value: parts.body, offset: parts.bodyOffset } as const;
    const prompt: LocatedEntry = { value, offset: parts.bodyOffset };
    return { tree: { ...tree, entries: new Map([...tree.entries, ['prompt', prompt]]) }, faults };
  });
}

function readFrontmatter({ yaml, yamlOffset }: { yaml: string; yamlOffset: number }): Reading {
  const { tree, faults } = readYaml(yaml, yamlOffset);
  const empty = tree === undefined || (tree.kind === 'scalar' && tree.value === null);
  if (tree !== undefined && !empty) return { tree, faults };
  if (faults.length > 0) return { faults };
  return { tree: { kind: 'map', entries: new Map(), offset: yamlOffset }, faults };
}

function parseText(file: string, bytes: Uint8Array, read: (text: string) => Reading): Parsed {
  if (bytes.length > MAX_FILE_BYTES) return unreadable(file, tooLarge(bytes.length));
  const text = decode(bytes);
  if (text === undefined) return unreadable(file, 'the file is not UTF-8 text');
  return { source: sourceFile(file, text), ...read(text) };
}

/** A file of which nothing is known but its name. */
export function unreadable(file: string, message: string): Parsed {
  return { source: sourceFile(file, ''), ...fault(message) };
}

/** Drops a byte order mark. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function fault(message: string): { readonly faults: readonly Fault[] } {
  return { faults: [{ offset: 0, message }] };
}
