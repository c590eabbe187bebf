/** A manifest as far as it could be read: what is wrong is collected, not thrown. */
import { createHash, type Hash } from 'node:crypto';
import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import type { Carrier } from './carrier.ts';
import { readDirectory } from './directory.ts';
import { findNode, type Located } from './located.ts';
import type { FileEntry, ManifestFiles } from './manifest.ts';
import { type Parsed, parseAgent, parseBottle, parseWhole, unreadable } from './parse.ts';
import { type Agent, agentSchema, type Bottle, bottleSchema, manifestSchema } from './schema.ts';
import type { SourceFile } from './source-file.ts';
import { validate } from './validate.ts';

/** An entry whose name is known. `tree` is absent when its file could not be read. */
export type Declared<T> = {
  readonly name: string;
  readonly source: SourceFile;
  readonly tree?: Located;
  /** Absent when something is wrong with it. */
  readonly value?: T;
};

export type Draft = {
  readonly bottles: ReadonlyMap<string, Declared<Bottle>>;
  readonly agents: ReadonlyMap<string, Declared<Agent>>;
  readonly problems: readonly Problem[];
  readonly notices: readonly Problem[];
  /** SHA-256 of the names and bytes of all files read, lower-case hex. */
  readonly digest: string;
};

export async function draftManifest(files: ManifestFiles, carrier: Carrier): Promise<Draft> {
  if (carrier.kind !== 'directory') return draftFile(carrier);
  const hash = createHash('sha256');
  const read = { files, hash, directory: carrier.path };
  const bottles = await draftEntries(read, 'bottles', carrier.bottles, parseBottle, bottleSchema);
  const agents = await draftEntries(read, 'agents', carrier.agents, parseAgent, agentSchema);
  return {
    bottles: bottles.declared,
    agents: agents.declared,
    problems: [...bottles.problems, ...agents.problems],
    notices: [...bottles.notices, ...agents.notices],
    digest: hash.digest('hex'),
  };
}

function draftFile({ kind, path, bytes }: Exclude<Carrier, { kind: 'directory' }>): Draft {
  const parsed = parseWhole(kind, path, bytes);
  const { value, problems } = validate(manifestSchema, parsed, []);
  const hash = createHash('sha256');
  addToDigest(hash, path, bytes);
  return {
    bottles: membersOf(parsed, 'bottles', value?.bottles ?? {}),
    agents: membersOf(parsed, 'agents', value?.agents ?? {}),
    problems,
    notices: [],
    digest: hash.digest('hex'),
  };
}

function membersOf<T>(
  { source, tree }: Parsed,
  key: 'bottles' | 'agents',
  values: Readonly<Record<string, T>>,
): ReadonlyMap<string, Declared<T>> {
  const map = tree && findNode(tree, [key]);
  const declared = new Map<string, Declared<T>>();
  for (const [name, entry] of map?.kind === 'map' ? map.entries : []) {
    const value = values[name];
    const found = { name, source, tree: entry.value };
    declared.set(name, value === undefined ? found : { ...found, value });
  }
  return declared;
}

type Read = { readonly files: ManifestFiles; readonly hash: Hash; readonly directory: string };

async function draftEntries<T>(
  { files, hash, directory }: Read,
  key: 'bottles' | 'agents',
  list: readonly FileEntry[],
  parse: (file: string, bytes: Uint8Array) => Parsed,
  schema: z.ZodType<T>,
) {
  const declared = new Map<string, Declared<T>>();
  const problems: Problem[] = [];
  const found = await readDirectory(files, `${directory}/${key}`, list);
  for (const file of found.files) {
    if ('bytes' in file) addToDigest(hash, file.path, file.bytes);
    const parsed =
      'bytes' in file ? parse(file.path, file.bytes) : unreadable(file.path, file.refused);
    const { problems: wrong, ...value } = validate(schema, parsed, [key, file.name]);
    problems.push(...wrong);
    const { source, tree } = parsed;
    declared.set(file.name, { name: file.name, source, ...(tree && { tree }), ...value });
  }
  return { declared, problems, notices: found.notices };
}

/** Name and length stand before the bytes, so no two sets of files give the same digest. */
function addToDigest(hash: Hash, path: string, bytes: Uint8Array): void {
  hash.update(`${path}\0${bytes.length}\0`).update(bytes);
}
