/**
 * The checkout's objects, seen through a bare repository of our own: no configuration, hook,
 * replace ref or attribute of the checkout is in force, and what is fetched leaves no trace in it.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import { type CatFile, openCatFile } from './cat-file.ts';
import { makeRemote, type Remote } from './fetch-commit.ts';
import { type Git, type GitResult, gitFailed, makeGit } from './git.ts';
import { type FoundObject, parseFound } from './object.ts';

export type Repository = {
  readonly checkout: HostPath;
  /** The commit that is checked out. */
  readonly head: string;
  /**
   * The commit that a name or a commit's id stands for: on GitHub, in the repository that the event
   * belongs to, whatever the checkout's own refs say. Undefined when there is none.
   */
  resolve(revision: string): Promise<string | undefined>;
  /** Fetches the commit when the checkout lacks it. @throws {BottleError} `config-invalid` */
  ensureCommit(sha: string): Promise<void>;
  /** One answer for each `<commit>:<path>` or id; links inside the tree are followed. */
  find(names: readonly string[]): Promise<readonly FoundObject[]>;
  /** The bytes of an object that `find` found. Its size is for the caller to look at first. */
  read(id: string): Promise<Buffer>;
  /** All that is below a commit or tree: `ls-tree -r -z`. */
  listTree(name: string): Promise<Buffer>;
  /** Paths of the files that are checked out: tracked ones, and new ones that are not ignored. */
  listHead(): Promise<readonly string[]>;
  /** Ends what was started and removes what was written. */
  close(): Promise<void>;
};

/** Undefined where there is no git, no repository that begins here, or no commit in it. */
export async function openRepository(
  host: Host,
  place: { readonly checkout: HostPath; readonly token: string; readonly scratch: HostPath },
): Promise<Repository | undefined> {
  const { checkout, token } = place;
  const program = host.which('git');
  if (program === undefined) return undefined;
  const scratch = mkdtempSync(join(place.scratch, 'trust-'));
  const remove = () => rmSync(scratch, { recursive: true, force: true });
  try {
    const git = makeGit(host, program, scratch);
    const source = await findSource(git, checkout);
    if (source === undefined) {
      remove();
      return undefined;
    }
    const view = await makeView(git, scratch, source);
    const remote = makeRemote(host, git, { ...view, token });
    return await openView({ git, source, view, remote, remove });
  } catch (error) {
    remove();
    throw error;
  }
}

type Source = {
  readonly checkout: HostPath;
  readonly head: string;
  readonly format: string;
  readonly objects: HostPath;
  readonly shallow: HostPath;
};

async function findSource(git: Git, checkout: HostPath): Promise<Source | undefined> {
  const options = inCheckout(checkout);
  const questions = ['--show-object-format', '--git-path', 'objects', '--git-path', 'shallow'];
  const found = await git.ask(['rev-parse', ...questions], options);
  if (found.exitCode !== 0) {
    if (!existsSync(join(checkout, '.git'))) return undefined;
    throw gitFailed('The checkout cannot be read', checkout, found.stderr);
  }
  const [format = '', objects = '', shallow = ''] = found.stdout.toString().split('\n');
  const head = await verify(git, checkout, 'HEAD');
  if (head === undefined) return undefined;
  return {
    checkout,
    head,
    format,
    objects: resolve(checkout, objects),
    shallow: resolve(checkout, shallow),
  };
}

/** A repository around the checkout is not the checkout's. */
function inCheckout(checkout: HostPath) {
  return { cwd: checkout, env: { GIT_CEILING_DIRECTORIES: dirname(checkout) } };
}

/** Where git runs, and with which environment; `alone` without the checkout's objects. */
export type View = {
  readonly cwd: HostPath;
  readonly env: Readonly<Record<string, string>>;
  readonly alone: Readonly<Record<string, string>>;
  readonly head: string;
  /** The checkout is a partial clone: objects that its trees name may be missing. */
  readonly partial: boolean;
};

async function makeView(git: Git, scratch: HostPath, source: Source): Promise<View> {
  const directory = join(scratch, 'view');
  mkdirSync(directory);
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${source.format}`];
  const made = await git.ask([...init, directory], { cwd: scratch });
  if (made.exitCode !== 0) throw gitFailed('git init failed', directory, made.stderr);
  if (existsSync(source.shallow)) copyFileSync(source.shallow, join(directory, 'shallow'));
  const alone = { GIT_DIR: directory };
  const quoted = `"${source.objects.replace(/["\\]/g, '\\$&')}"`;
  return {
    cwd: directory,
    env: { ...alone, GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted },
    alone,
    head: source.head,
    partial: isPartial(source.objects),
  };
}

function isPartial(objects: HostPath): boolean {
  const packs = join(objects, 'pack');
  return existsSync(packs) && readdirSync(packs).some((name) => name.endsWith('.promisor'));
}

type Parts = {
  readonly git: Git;
  readonly source: Source;
  readonly view: View;
  readonly remote: Remote;
  readonly remove: () => void;
};

async function openView({ git, source, view, remote, remove }: Parts): Promise<Repository> {
  const { checkout, head } = source;
  const finder = await openCatFile(git, ['--batch-check', '--follow-symlinks'], view);
  const reader = await openCatFile(git, ['--batch'], view);
  const find = (names: readonly string[]) => askFinder(finder, names);
  return {
    checkout,
    head,
    resolve: async (revision) => {
      if (COMMIT_ID.test(revision)) return revision;
      return await (remote.exists ? remote.resolve(revision) : verify(git, checkout, revision));
    },
    ensureCommit: async (sha) => {
      const [tree] = await find([`${sha}^{tree}`]);
      if (tree?.kind !== 'object' || view.partial) await remote.fetch(sha);
    },
    find,
    read: (id) => readObject(reader, id, checkout),
    listTree: async (name) => {
      return outputOf(await git.ask(['ls-tree', '-r', '-z', name], view), checkout);
    },
    listHead: async () => {
      const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
      const paths = outputOf(await git.ask(list, inCheckout(checkout)), checkout);
      return [...new Set(paths.toString().split('\0').filter(Boolean))];
    },
    close: async () => {
      await Promise.all([finder.close(), reader.close()]);
      remove();
    },
  };
}

const COMMIT_ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/** The commit that the checkout itself has under this name. */
async function verify(git: Git, checkout: HostPath, name: string): Promise<string | undefined> {
  const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${name}^{commit}`];
  return (await git.ask(args, inCheckout(checkout))).stdout.toString().trim() || undefined;
}

async function readObject(reader: CatFile, id: string, checkout: HostPath): Promise<Buffer> {
  const [bytes] = await reader.ask([id], async (answer) => {
    const size = / (\d+)$/.exec(await answer.line())?.[1];
    if (size === undefined) throw gitFailed('An object is missing', `${checkout}, ${id}`, '');
    // A line end follows the content.
    return (await answer.bytes(Number(size) + 1)).subarray(0, -1);
  });
  return bytes as Buffer;
}

function outputOf({ exitCode, stdout, stderr }: GitResult, checkout: HostPath): Buffer {
  if (exitCode === 0) return stdout;
  throw gitFailed('The files of the checkout cannot be listed', checkout, stderr);
}

/** A name with a line break would be two questions; nothing that we look for has one. */
async function askFinder(finder: CatFile, names: readonly string[]) {
  const clean = names.map((name) => (/[\n\0]/.test(name) ? '' : name));
  return await finder.ask(clean, parseFound);
}
