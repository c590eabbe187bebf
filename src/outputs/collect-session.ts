/** Brings the agent's session out of the guest: whole and without secrets, or not at all. */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretSearch } from '../git-check/secret-search.ts';
import type { HostPath } from '../host/host.ts';
import type { GuestPath, Machine } from '../machine/machine.ts';
import { DEFAULT_EXTRACT_LIMITS, type Extracted, extractTar } from './extract.ts';
import type { CollectedFile } from './outputs.ts';
import { receive } from './receive.ts';
import { watchSecrets } from './watch-secret.ts';

export type SessionRequest = {
  /** Files and directories below the home. */
  readonly places: readonly GuestPath[];
  readonly home: GuestPath;
  readonly limits: { readonly bytes: number; readonly files: number };
  /** Is made; what holds which file is `nameOf`'s to say. */
  readonly directory: HostPath;
  readonly nameOf: (at: number) => string;
  readonly search: SecretSearch;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

export type CollectedSession =
  /** Paths are relative to the home; the first lies under `nameOf(0)`. */
  | { readonly kind: 'whole'; readonly files: readonly CollectedFile[] }
  | { readonly kind: 'refused'; readonly reason: string };

// As in the outputs' script no name is taken for an option; what is no regular file is no session.
const SCRIPT = `
cd / || exit
for place; do
  shift
  ! [ -e ".$place" ] || set -- "$@" ".$place"
done
# An archive of nothing is two empty blocks.
[ $# -gt 0 ] || exec head -c 1024 /dev/zero
exec tar -cf - "$@"
`;

/** Never throws for what the guest does. Throws when the runner's own disk takes no files. */
export async function collectSession(
  machine: Machine,
  request: SessionRequest,
): Promise<CollectedSession> {
  const { places, home, limits, directory, timeoutMs, signal, search } = request;
  const tree = join(directory, 'tree');
  const argv = ['sh', '-c', SCRIPT, 'session', ...places];
  const root = `${home.slice(1)}/`;
  const below = (path: string) => {
    const isOwn = places.some(
      (place) => `/${path}` === place || `/${path}`.startsWith(`${place}/`),
    );
    return isOwn ? path.slice(root.length) : undefined;
  };
  const { bytes } = limits;
  const caps = { entries: 4 * limits.files, fileBytes: bytes, totalBytes: bytes };
  const { extracted, broken } = await receive(
    machine,
    argv,
    { what: 'the files of the session', timeoutMs, signal },
    (stream) =>
      extractTar(stream, tree, { ...DEFAULT_EXTRACT_LIMITS, ...caps }, below, watchSecrets(search)),
  );
  const reason = broken || (await refusalOf(extracted, request));
  if (reason !== '') {
    rmSync(directory, { recursive: true, force: true });
    return { kind: 'refused', reason };
  }
  for (const [at, { path }] of extracted.files.entries()) {
    renameSync(join(tree, path), join(directory, request.nameOf(at)));
  }
  rmSync(tree, { recursive: true });
  return { kind: 'whole', files: extracted.files };
}

/** A session that lacks a part cannot be continued, and one that is rewritten is another. */
async function refusalOf(
  { files, refused, broken, clean }: Extracted,
  { limits, search }: SessionRequest,
): Promise<string> {
  if (broken !== undefined) return `its files broke off: ${broken}`;
  const [first] = refused;
  if (first !== undefined) return `${first.path} ${first.reason}`;
  if (files.length === 0) return 'the agent left none';
  if (files.length > limits.files) return `it has ${files.length} files, more than ${limits.files}`;
  const names = Buffer.from(files.map(({ path }) => path).join('\n'));
  const isNamed = (await search.find(names, 1)).length > 0;
  if (isNamed || files.some(({ path }) => !clean.has(path))) return 'a secret is in it';
  return '';
}
