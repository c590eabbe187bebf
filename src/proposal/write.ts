/** Writes what is ours in a proposal: the commit of what was left uncommitted, and the bundle. */
import { rm } from 'node:fs/promises';
import type { HostPath } from '../host/host.ts';
import type { ProposalRepository } from './repository.ts';

export type CommitRequest = {
  readonly parent: string;
  readonly tree: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly message: string;
};

/** Whom GitHub shows where nobody was named. */
const NOBODY = {
  name: 'github-actions[bot]',
  email: '41898282+github-actions[bot]@users.noreply.github.com',
};

/** `parent` itself where it has the tree already. */
export async function writeCommit(
  { run }: ProposalRepository,
  { parent, tree, author, message }: CommitRequest,
): Promise<string> {
  const before = await run(['rev-parse', '--verify', `${parent}^{tree}`]);
  if (before.toString().trim() === tree) return parent;
  const [name, email] = [author.name || NOBODY.name, author.email || NOBODY.email];
  const env = {
    ...{ GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email },
  };
  const input = Buffer.from(`${message}\n`);
  return (await run(['commit-tree', tree, '-p', parent, '-F', '-'], { env, input }))
    .toString()
    .trim();
}

const REF = 'refs/heads/proposal';

/** `base..tip`; leaves no file when it throws. */
export async function writeBundle(
  { run }: ProposalRepository,
  base: string,
  tip: string,
  path: HostPath,
): Promise<HostPath> {
  await run(['update-ref', REF, tip]);
  try {
    await run(['bundle', 'create', path, REF, `^${base}`]);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return path;
}
