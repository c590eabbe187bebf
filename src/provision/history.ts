/** What the guest's repository holds: the checkout's history, or a first commit of our own. */
import { join } from 'node:path';
import { type Author, baseOfCheckout, baseOfFiles } from './base.ts';
import type { GitDirectory } from './git-directory.ts';
import type { Repository } from './repository.ts';
import type { Scratch } from './scratch.ts';
import type { Listing, WorkTree } from './work-tree.ts';

/** `packed` settles when the pack of what HEAD reaches is written. */
export async function keepHistory(checkout: {
  readonly scratch: Scratch;
  readonly source: Repository;
  readonly listing: Listing;
  readonly workTree: WorkTree;
  readonly packed: Promise<void>;
}): Promise<GitDirectory> {
  const { scratch, source, listing, workTree, packed } = checkout;
  const base = await baseOfCheckout(scratch, source.head, listing, workTree);
  await Promise.all([
    packed,
    base.dirty ? pack(scratch, [base.tree, `^${source.head}`]) : undefined,
  ]);
  const { objectFormat, branch, shallow } = source;
  return { objectFormat, base, branch, shallow, packs: scratch.packs, workTree };
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
  await pack(scratch, [base.commit]);
  const { objectFormat, packs } = scratch;
  return { objectFormat, base, branch, shallow: '', packs, workTree };
}

/** Packs what `revisions` reach (`git pack-objects --revs`); deltas that exist are kept. */
export async function pack(scratch: Scratch, revisions: readonly string[]): Promise<void> {
  const options = ['--revs', '--non-empty', '--delta-base-offset', '--window=0', '--quiet'];
  const input = Buffer.from(`${revisions.join('\n')}\n`);
  await scratch.run(['pack-objects', ...options, join(scratch.packs, 'pack')], input);
}
