/** What differs between two trees, path by path. */
import type { ProposalRepository } from './repository.ts';

/** A path's bytes, each as the character of that number. */
export type BytePath = string;

/** `mode`: six octal digits, as git writes them. */
export type Entry = { readonly mode: string; readonly id: string };

/** Undefined: nothing is there. */
export type Difference = ReadonlyMap<
  BytePath,
  { readonly before: Entry | undefined; readonly after: Entry | undefined }
>;

const ABSENT = '000000';
/** About 400,000 paths. */
const MAX_BYTES = 64 << 20;

/** Trees or commits by their ids. */
export async function listDifference(
  { run }: ProposalRepository,
  from: string,
  to: string,
): Promise<Difference> {
  const differences = new Map<BytePath, { before: Entry | undefined; after: Entry | undefined }>();
  if (from === to) return differences;
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', from, to];
  const records = (await run(args, { maxBytes: MAX_BYTES })).toString('latin1').split('\0');
  for (let at = 0; at + 1 < records.length; at += 2) {
    // `:<mode> <mode> <id> <id> <letter>`, then the path.
    const [before = '', after = '', old = '', now = ''] = (records[at] ?? '').slice(1).split(' ');
    differences.set(records[at + 1] ?? '', {
      before: before === ABSENT ? undefined : { mode: before, id: old },
      after: after === ABSENT ? undefined : { mode: after, id: now },
    });
  }
  return differences;
}
