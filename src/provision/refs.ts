/** The refs that the guest's repository starts with, beside its branch: what was fetched. */
import type { HostPath } from '../host/host.ts';
import type { Git } from './git-command.ts';

export type Ref = {
  readonly name: string;
  /** Of an object of any kind. */
  readonly id: string;
  /** What an annotated tag stands for; empty for all others. */
  readonly peeled: string;
};

export type Refs = {
  /** In git's order. */
  readonly list: readonly Ref[];
  /** What `origin/HEAD` stands for; empty: nothing. */
  readonly originHead: string;
};

export const NO_REFS: Refs = { list: [], originHead: '' };

/** The branches of other remotes and the checkout's own other branches stay on the runner. */
const FETCHED = ['refs/remotes/origin/', 'refs/remotes/pull/', 'refs/tags/'];
const FORMAT = '--format=%(objectname) %(refname) %(*objectname) %(symref)';

/** Throws `BottleError` (`provision-failed`) where a ref leads nowhere. */
export async function listFetched(git: Git, workspace: HostPath): Promise<Refs> {
  const output = await git.run(['for-each-ref', FORMAT, ...FETCHED], { cwd: workspace });
  const lines = output.toString('latin1').split('\n').slice(0, -1);
  const found = lines.map((line) => {
    const [id = '', name = '', peeled = '', target = ''] = line.split(' ');
    return { name, id, peeled, target };
  });
  const head = found.find(({ name }) => name === 'refs/remotes/origin/HEAD');
  return { list: found.filter(({ target }) => target === ''), originHead: head?.target ?? '' };
}

/** git's file `packed-refs`: each ref once, in the order of their names. */
export function packedRefs(refs: readonly Ref[]): string {
  const sorted = refs.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const lines = sorted.map(({ id, name, peeled }) => {
    return `${id} ${name}\n${peeled === '' ? '' : `^${peeled}\n`}`;
  });
  return `# pack-refs with: peeled fully-peeled sorted \n${lines.join('')}`;
}
