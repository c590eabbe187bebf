/** Pins what agents obey without being asked: the guest gets the trusted commit's version. */
import { posix } from 'node:path';
import { AGENT_FILES } from '../agent-file.ts';
import {
  type FoundObject,
  parseListing,
  SUBMODULE_MODE,
  SYMLINK_MODE,
  type TreeEntry,
} from './object.ts';
import { refused } from './refused.ts';
import type { Repository } from './repository.ts';

/** One path of the workspace that the head does not decide about. */
export type Pinned = {
  /** Relative to the root of the checkout, POSIX. */
  readonly path: string;
  /** What stands there in the guest. */
  readonly guest: PinnedContent;
  /** Where the guest finds the head's version, if it has one: a name that no agent knows. */
  readonly headAs?: string;
};

export type PinnedContent =
  | { readonly kind: 'file'; readonly bytes: Uint8Array; readonly mode: 0o644 | 0o755 }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'absent' };

/** Names that count at any depth, as a file or a directory, in any case. */
const NAMES = new Set([...AGENT_FILES, '.gitattributes', '.gitmodules']);

/** Names that count below `.github`. */
const GITHUB_NAMES = new Set([
  ...['copilot-instructions.md', 'instructions', 'prompts', 'agents', 'skills', 'hooks'],
]);

const MAX_FILES = 5000;
const MAX_BYTES = 64 * 1024 * 1024;
const HEAD_DIRECTORY = '.bottle-head';

/**
 * For a head that is not trusted. `headPaths`: the files and links that are checked out.
 * @throws {BottleError} `untrusted` when the trusted configuration is beyond all measure
 */
export async function pinAgentConfig(
  repository: Pick<Repository, 'listTree' | 'find' | 'read'>,
  sha: string,
  headPaths: readonly string[],
): Promise<readonly Pinned[]> {
  const head = new Set(headPaths.filter(isAgentConfig));
  const trusted = await readTrusted(repository, sha, blockedBy(headPaths));
  const directory = freeName(headPaths);
  const paths = [...new Set([...head, ...trusted.keys()])].sort();
  return paths.map((path) => ({
    path,
    guest: trusted.get(path) ?? { kind: 'absent' },
    ...(head.has(path) ? { headAs: `${directory}/${neutral(path)}` } : {}),
  }));
}

export function isAgentConfig(path: string): boolean {
  return path.split('/').some(isOrder);
}

function isOrder(name: string, index: number, parts: readonly string[]): boolean {
  const lower = name.toLowerCase();
  if (NAMES.has(lower)) return true;
  return parts[index - 1]?.toLowerCase() === '.github' && GITHUB_NAMES.has(lower);
}

/** `pkg/CLAUDE.md` → `pkg/CLAUDE.md.head`: agents look into directories of any name. */
function neutral(path: string): string {
  const parts = path.split('/');
  return parts
    .map((part, index) => (isOrder(part, index, parts) ? `${part}.head` : part))
    .join('/');
}

/** A head cannot put anything beside its own versions. */
function freeName(headPaths: readonly string[]): string {
  const taken = new Set(headPaths.map((path) => path.split('/')[0]?.toLowerCase()));
  let name = HEAD_DIRECTORY;
  for (let count = 2; taken.has(name); count += 1) name = `${HEAD_DIRECTORY}-${count}`;
  return name;
}

/** True for a path that the head has a file or a link above: writing there would follow it. */
function blockedBy(headPaths: readonly string[]): (path: string) => boolean {
  const files = new Set(headPaths.filter((path) => !isAgentConfig(path)));
  return (path) => {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (files.has(path.slice(0, at))) return true;
    }
    return false;
  };
}

type Objects = Pick<Repository, 'listTree' | 'find' | 'read'>;

async function readTrusted(
  repository: Objects,
  sha: string,
  isBlocked: (path: string) => boolean,
): Promise<Map<string, PinnedContent>> {
  const own = parseListing(await repository.listTree(sha)).filter(
    ({ path, mode }) => mode !== SUBMODULE_MODE && isAgentConfig(path) && !isBlocked(path),
  );
  const listed: TreeEntry[] = [];
  for (const entry of own) listed.push(...(await behindLink(repository, sha, entry)));
  const found = await repository.find(listed.map(({ id }) => id));
  const bytes = found.reduce((sum, object) => sum + sizeOf(object), 0);
  if (listed.length > MAX_FILES || bytes > MAX_BYTES) throw tooMuch(sha, listed.length, bytes);
  const contents = new Map<string, PinnedContent>();
  for (const { path, mode, id } of listed) {
    const content = await repository.read(id);
    contents.set(
      path,
      mode === SYMLINK_MODE
        ? { kind: 'symlink', target: content.toString() }
        : { kind: 'file', bytes: content, mode: mode === '100755' ? 0o755 : 0o644 },
    );
  }
  return contents;
}

/**
 * A link to what is no agent configuration itself, such as `CLAUDE.md -> docs/rules.md`, would let
 * the head say what stands behind it: the trusted content takes the link's place.
 */
async function behindLink(
  repository: Objects,
  sha: string,
  entry: TreeEntry,
): Promise<readonly TreeEntry[]> {
  if (entry.mode !== SYMLINK_MODE) return [entry];
  const target = (await repository.read(entry.id)).toString();
  if (isAgentConfig(posix.join(posix.dirname(entry.path), target))) return [entry];
  const [found] = await repository.find([`${sha}:${entry.path}`]);
  // Nothing in the tree, so nothing that the head could change.
  if (found?.kind !== 'object') return [entry];
  if (found.type !== 'tree') return [{ path: entry.path, mode: '100644', id: found.id }];
  return parseListing(await repository.listTree(found.id))
    .filter(({ mode }) => mode !== SUBMODULE_MODE && mode !== SYMLINK_MODE)
    .map((below) => ({ ...below, path: `${entry.path}/${below.path}` }));
}

function sizeOf(object: FoundObject): number {
  return object.kind === 'object' ? object.size : 0;
}

function tooMuch(sha: string, files: number, bytes: number) {
  return refused({
    what: 'There is too much agent configuration to keep the trusted version of',
    where: `commit ${sha}: ${files} files, ${bytes} bytes`,
    fix: `Keep it to ${MAX_FILES} files and ${MAX_BYTES} bytes.`,
  });
}
