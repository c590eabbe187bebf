/** What a person and a record are told of a change: its commits and its files. */
import { printable } from '../printable.ts';
import type { ChangedFile, ProposedCommit } from './proposal.ts';
import type { ProposalRepository } from './repository.ts';

const MAX_COMMITS = 2000;
const MAX_FILES = 100_000;
const MAX_BYTES = 32 << 20;

/** Oldest first; of too many the last. */
export async function listCommits(
  { run }: ProposalRepository,
  base: string,
  tip: string,
): Promise<readonly ProposedCommit[]> {
  const args = ['log', '-z', '--format=tformat:%H%x00%an <%ae>%x00%s', '--encoding=UTF-8'];
  const order = ['--topo-order', '--reverse', `--max-count=${MAX_COMMITS}`, '--no-mailmap'];
  const plain = ['--no-notes', '--no-decorate', '--no-show-signature', '--no-color'];
  const said = await run([...args, ...order, ...plain, tip, `^${base}`], { maxBytes: MAX_BYTES });
  const fields = said.toString().split('\0');
  const commits: ProposedCommit[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [sha = '', author = '', subject = ''] = fields.slice(at, at + 3);
    commits.push({ sha, author: printable(author, 200), subject: printable(subject, 200) });
  }
  return commits;
}

/** Of too many the first. */
export async function listFiles(
  { run }: ProposalRepository,
  base: string,
  tip: string,
): Promise<readonly ChangedFile[]> {
  const args = ['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--no-ext-diff'];
  const said = await run([...args, '--no-textconv', base, tip], { maxBytes: MAX_BYTES });
  const records = said.toString().split('\0').slice(0, -1);
  return records.slice(0, MAX_FILES).map(readFile);
}

/** `<added>\t<removed>\t<path>`; a dash stands for a number that means nothing. */
function readFile(record: string): ChangedFile {
  const [added = '', removed = '', ...path] = record.split('\t');
  const lines = (count: string) => (count === '-' ? null : Number(count));
  return { path: path.join('\t'), added: lines(added), removed: lines(removed) };
}
