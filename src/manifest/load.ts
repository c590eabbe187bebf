/** Loads a manifest: finds it, reads every file of it, and reports all that is wrong at once. */
import { BottleError, type Problem } from '../errors.ts';
import { findCarrier, openNamedCarrier } from './carrier.ts';
import { type Declared, draftManifest } from './draft.ts';
import type { Entry, LoadedManifest, ManifestFiles } from './manifest.ts';
import { noticesOf } from './notice.ts';
import { checkReferences } from './reference.ts';

export type LoadOptions = {
  /** A directory or a file, relative to the root; empty or absent: the manifest is searched. */
  readonly path?: string;
};

/** @throws {BottleError} `config-invalid`; its `problems` are all that is wrong, with places. */
export async function loadManifest(
  files: ManifestFiles,
  options: LoadOptions = {},
): Promise<LoadedManifest> {
  const carrier = options.path
    ? await openNamedCarrier(files, options.path)
    : await findCarrier(files);
  const draft = await draftManifest(files, carrier);
  const problems = [...draft.problems, ...checkReferences(draft.bottles, draft.agents)];
  if (problems.length > 0) throw invalidManifest(carrier.path, problems);
  const bottles = entriesOf(draft.bottles);
  return {
    carrier: carrier.path,
    bottles,
    agents: entriesOf(draft.agents),
    digest: draft.digest,
    notices: [...draft.notices, ...[...bottles.values()].flatMap(noticesOf)],
  };
}

function entriesOf<T>(declared: ReadonlyMap<string, Declared<T>>): ReadonlyMap<string, Entry<T>> {
  const entries = new Map<string, Entry<T>>();
  for (const [name, { source, tree, value }] of declared) {
    if (tree !== undefined && value !== undefined) entries.set(name, { name, source, tree, value });
  }
  return entries;
}

/** As many as a person reads in one text, and as many as make annotations. */
const SHOWN = 10;
const REPORTED = 500;

function invalidManifest(carrier: string, problems: readonly Problem[]): BottleError {
  const shown = problems.slice(0, SHOWN).map(({ file, line, column, message }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    return `${place} ${message}`;
  });
  const rest = problems.length - shown.length;
  return new BottleError({
    outcome: 'config-invalid',
    what: `The manifest has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`,
    where: carrier,
    fix: `Correct ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`,
    problems: problems.slice(0, REPORTED),
  });
}
