/** Finds the one place that holds the manifest: a directory, a YAML file or a JSON file. */
import { BottleError } from '../errors.ts';
import type { FileEntry, ManifestFiles } from './manifest.ts';

export type Carrier =
  | {
      readonly kind: 'directory';
      readonly path: string;
      readonly bottles: readonly FileEntry[];
      readonly agents: readonly FileEntry[];
    }
  | { readonly kind: 'yaml' | 'json'; readonly path: string; readonly bytes: Uint8Array };

/** Every place that is searched; two of them at once is an error. The last two are old names. */
export const PLACES = [
  '.bot-bottle',
  'bot-bottle.yml',
  'bot-bottle.yaml',
  'bot-bottle.json',
  '.claude-bottle',
  'claude-bottle.json',
] as const;

const EXAMPLE =
  '{bottles: {dev: {agent_provider: {template: command, command: [sh, task.sh]}}}, ' +
  'agents: {demo: {bottle: dev, prompt: Be brief.}}}';

/** @throws {BottleError} `config-invalid` when there is none, or more than one. */
export async function findCarrier(files: ManifestFiles): Promise<Carrier> {
  const found: Carrier[] = [];
  for (const place of PLACES) {
    const carrier = await openCarrier(files, place);
    if (carrier !== undefined) found.push(carrier);
  }
  const [first, second] = found;
  if (first === undefined) throw noManifest(files.root, PLACES);
  if (second !== undefined) throw twoManifests(files.root, found);
  return first;
}

/** @throws {BottleError} `config-invalid` when `path` is no manifest. */
export async function openNamedCarrier(files: ManifestFiles, path: string): Promise<Carrier> {
  const clean = path.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '');
  if (/^(?:\/|[A-Za-z]:)|\\|(?:^|\/)\.\.(?:\/|$)/.test(path) || /^\.?$/.test(clean)) {
    throw new BottleError({
      outcome: 'config-invalid',
      what: 'The manifest must be inside the repository',
      where: `input manifest: ${JSON.stringify(path)}`,
      fix: 'Give a path relative to its root, such as `.bot-bottle` or `ci/bot-bottle.yml`.',
    });
  }
  const carrier = await openCarrier(files, clean);
  if (carrier === undefined) throw noManifest(files.root, [clean]);
  return carrier;
}

async function openCarrier(files: ManifestFiles, path: string): Promise<Carrier | undefined> {
  const bottles = await files.list(`${path}/bottles`);
  const agents = await files.list(`${path}/agents`);
  if (bottles !== undefined || agents !== undefined) {
    return { kind: 'directory', path, bottles: bottles ?? [], agents: agents ?? [] };
  }
  const kind = fileKind(path);
  const bytes = kind && (await files.read(path));
  return kind && bytes && { kind, path, bytes };
}

function fileKind(path: string): 'yaml' | 'json' | undefined {
  if (/\.ya?ml$/.test(path)) return 'yaml';
  return path.endsWith('.json') ? 'json' : undefined;
}

function noManifest(root: string, searched: readonly string[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'There is no manifest',
    where: `searched in ${root}: ${searched.join(', ')}`,
    fix:
      'A manifest is a directory with bottles/ and agents/, or a .yml, .yaml or .json file. ' +
      `The shortest, as bot-bottle.yml: ${EXAMPLE}`,
  });
}

function twoManifests(root: string, found: readonly Carrier[]): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what: 'There is more than one manifest',
    where: `${found.map(({ path }) => path).join(' and ')} in ${root}`,
    fix: 'Keep one, or name one with the input `manifest`.',
  });
}
