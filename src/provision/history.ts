/** What the guest's repository holds: the checkout's history, or a first commit of our own. */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { type Author, baseOfCheckout, baseOfFiles, type Changes } from './base.ts';
import type { GitDirectory } from './git-directory.ts';
import type { Lfs } from './lfs.ts';
import { NO_REFS, type Refs } from './refs.ts';
import type { Repository } from './repository.ts';
import type { Scratch } from './scratch.ts';
import type { Listing, WorkTree } from './work-tree.ts';

/** What was fetched, and files of packs that hold all that it and HEAD reach. */
type Packed = { readonly refs: Refs; readonly packs: readonly HostPath[] };

/** `packed`: see `packHistory`. */
export async function keepHistory(checkout: {
  readonly scratch: Scratch;
  readonly source: Repository;
  readonly listing: Listing;
  readonly changes: Changes;
  readonly workTree: WorkTree;
  readonly lfs: Lfs;
  readonly packed: Promise<Packed>;
  readonly originUrl: string;
}): Promise<GitDirectory> {
  const { scratch, source, workTree, lfs, packed, originUrl } = checkout;
  const base = await baseOfCheckout(checkout);
  const [{ refs, packs: history }, changes] = await Promise.all([
    packed,
    base.tree === source.tree ? [] : pack(scratch, [base.tree, `^${source.tree}`]),
  ]);
  const { objectFormat, branch, shallow } = source;
  const packs = [...history, ...changes];
  const own = {
    directory: scratch.directory,
    objectFormat,
    base,
    branch,
    shallow,
    packs,
    workTree,
  };
  return { ...own, refs, originUrl, hasLfs: lfs.paths.size > 0 };
}

/** `seconds` since the epoch: the commit's time. */
export async function beginHistory(folder: {
  readonly scratch: Scratch;
  readonly workTree: WorkTree;
  readonly author: Author;
  readonly seconds: number;
  readonly branch: string;
}): Promise<GitDirectory> {
  const { scratch, workTree, author, seconds, branch } = folder;
  const base = await baseOfFiles(scratch, workTree, author, seconds);
  const packs = await pack(scratch, [base.commit]);
  const { directory, objectFormat } = scratch;
  const nothing = { refs: NO_REFS, originUrl: '', hasLfs: false, shallow: '' };
  return { directory, objectFormat, base, branch, packs, workTree, ...nothing };
}

/**
 * Packs what HEAD and the refs reach. A fetch as `actions/checkout` does it left just that in one
 * pack, which then serves as it is.
 */
export async function packHistory(
  scratch: Scratch,
  source: Repository,
  fetched: Promise<Refs>,
): Promise<Packed> {
  const refs = await fetched;
  const tips = [...new Set([source.head, ...refs.list.map(({ id }) => id)])];
  const only = onlyPack(source.objects);
  if (only) {
    const input = Buffer.from(`${tips.join('\n')}\n`);
    const reached = await scratch.run(['rev-list', '--objects', '--count', '--stdin'], input);
    if (Number(reached.toString()) === objectsIn(`${only}.pack`)) {
      return { refs, packs: [`${only}.pack`, `${only}.idx`] };
    }
  }
  return { refs, packs: await pack(scratch, tips) };
}

/** The path, without its ending, of the pack that holds every object of a repository. */
function onlyPack(objects: HostPath): HostPath | undefined {
  const isElsewhere = readdirSync(objects).some((name) => name.length === 2);
  if (isElsewhere || existsSync(join(objects, 'info', 'alternates'))) return undefined;
  const [name, ...more] = readdirSync(join(objects, 'pack')).filter((file) =>
    file.endsWith('.pack'),
  );
  return name && more.length === 0
    ? join(objects, 'pack', name.slice(0, -'.pack'.length))
    : undefined;
}

/** The count in a pack's header: `PACK`, version, count. */
function objectsIn(pack: HostPath): number {
  const header = Buffer.alloc(12);
  const file = openSync(pack, 'r');
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  return header.readUInt32BE(8);
}

/** Packs what `revisions` reach (`git pack-objects --revs`); deltas that exist are kept. */
async function pack(scratch: Scratch, revisions: readonly string[]): Promise<HostPath[]> {
  const options = ['--revs', '--delta-base-offset', '--window=0', '--quiet'];
  const path = join(scratch.packs, 'pack');
  const input = Buffer.from(`${revisions.join('\n')}\n`);
  const name = (await scratch.run(['pack-objects', ...options, path], input)).toString().trim();
  return [`${path}-${name}.pack`, `${path}-${name}.idx`];
}
