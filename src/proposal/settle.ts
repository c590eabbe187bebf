/** Decides what the proposed tree is: what the agent left, without what it did not do. */
import { printable } from '../printable.ts';
import { type BytePath, type Difference, type Entry, listDifference } from './difference.ts';
import type { ProposalRepository } from './repository.ts';

export type SettleRequest = {
  readonly base: {
    readonly commit: string;
    /** The commit's tree with what was changed and untracked on the runner. */
    readonly tree: string;
    readonly withheld: ReadonlySet<BytePath>;
  };
  /** The commit that the tree is to follow. */
  readonly parent: string;
  /** With everything as the agent left it. */
  readonly tree: string;
};

export type Settled = { readonly tree: string; readonly notices: readonly string[] };

/** What stands at a path in the end; undefined: nothing. */
type Restored = ReadonlyMap<BytePath, Entry | undefined>;

const SUBMODULE = '160000';
const NAMED = 5;

/**
 * Three things are put back as the parent has them: what the runner had changed before the agent
 * began and the agent left alone; what the guest never got; and repositories within the workspace,
 * of which git would keep no more than the name of a commit.
 */
export async function settleTree(
  repository: ProposalRepository,
  request: SettleRequest,
): Promise<Settled> {
  const { parent, tree } = request;
  const changes = await listDifference(repository, parent, tree);
  const nested = [...changes].filter(([, { after }]) => after?.mode === SUBMODULE);
  const wanted = new Map<BytePath, Entry | undefined>(
    [
      ...nested,
      ...[...changes].filter(([path, { before, after }]) => {
        if (after !== undefined) return false;
        return before?.mode === SUBMODULE || request.base.withheld.has(path);
      }),
      ...(await untouched(repository, request, changes)),
    ].map(([path, { before }]) => [path, before]),
  );
  const restored = withoutConflicts(wanted, changes);
  const notices =
    nested.length > 0 ? [`Left out, because it is a repository of its own: ${names(nested)}`] : [];
  if (restored.size === 0) return { tree, notices };
  return { tree: await rewrite(repository, tree, restored), notices };
}

/** Changes that were there before the agent began, and that it neither edited nor committed. */
async function untouched(
  repository: ProposalRepository,
  { base, parent, tree }: SettleRequest,
  changes: Difference,
): Promise<[BytePath, { before: Entry | undefined }][]> {
  const before = await listDifference(repository, base.commit, base.tree);
  if (before.size === 0) return [];
  const edited = await listDifference(repository, base.tree, tree);
  const committed = await listDifference(repository, base.commit, parent);
  return [...changes].filter(
    ([path]) => before.has(path) && !edited.has(path) && !committed.has(path),
  );
}

/** A file cannot stand above or below one that the agent left. */
function withoutConflicts(wanted: Restored, changes: Difference): Restored {
  const kept = new Set(
    [...changes].filter(([path, { after }]) => after && !wanted.has(path)).map(([path]) => path),
  );
  const above = new Set([...kept].flatMap(parentsOf));
  const fits = (path: BytePath) =>
    !above.has(path) && !parentsOf(path).some((parent) => kept.has(parent));
  return new Map([...wanted].filter(([path, entry]) => entry === undefined || fits(path)));
}

function parentsOf(path: BytePath): BytePath[] {
  const parents: BytePath[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    parents.push(path.slice(0, at));
  }
  return parents;
}

/** In an index that no work tree belongs to. */
async function rewrite(
  { run }: ProposalRepository,
  tree: string,
  restored: Restored,
): Promise<string> {
  const none = '0'.repeat(tree.length);
  const records = [...restored]
    // Removals first, for a file may stand where a directory was.
    .sort(([, one], [, other]) => Number(one !== undefined) - Number(other !== undefined))
    .map(([path, entry]) => `${entry?.mode ?? '0'} ${entry?.id ?? none}\t${path}\0`);
  await run(['read-tree', tree]);
  await run(['update-index', '-z', '--index-info'], {
    input: Buffer.from(records.join(''), 'latin1'),
  });
  return (await run(['write-tree'])).toString().trim();
}

function names(nested: readonly (readonly [BytePath, unknown])[]): string {
  const shown = nested
    .slice(0, NAMED)
    .map(([path]) => printable(Buffer.from(path, 'latin1').toString(), 100));
  const more = nested.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
