/** The workspace: the files as they are on the runner, and a repository made for the guest. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Host, HostPath } from '../host/host.ts';
import type { ProvisionPlan } from '../plan/plan.ts';
import type { Matcher } from '../secret/matcher.ts';
import type { TarEntry } from '../tar/write.ts';
import { listChanges } from './base.ts';
import type { BytePath } from './byte-path.ts';
import { makeExclude } from './exclude.ts';
import type { Git } from './git-command.ts';
import { type GitDirectory, gitDirectoryEntries } from './git-directory.ts';
import { beginHistory, keepHistory, packHistory } from './history.ts';
import { type LeftOut, leaveOut, noticesOf } from './left-out.ts';
import { findLfs } from './lfs.ts';
import { findPersisted, NO_CREDENTIALS, withoutCredentials } from './persisted-credential.ts';
import { type Pinning, pinWorkTree } from './pinned.ts';
import { listFetched, NO_REFS } from './refs.ts';
import { findRepository, noHistoryReason, type Repository } from './repository.ts';
import { openScratch, type Scratch } from './scratch.ts';
import type { Step, Tally } from './step.ts';
import { type TreeEntry, tarEntryOf } from './tree-entry.ts';
import {
  LISTING,
  type Listing,
  listCheckout,
  listFolder,
  parseListing,
  type WorkTree,
} from './work-tree.ts';
import { resolveWorkspace } from './workspace-root.ts';

const ONLY_IN_HISTORY = 'Excluded from the work tree, though still in the history';

const POINTER = 'Copied as Git LFS pointers, because the checkout has no content for them';

export type WorkspaceJob = {
  readonly host: Host;
  readonly plan: ProvisionPlan;
  /** Of the guest's `origin`; empty: it has none, and nothing of what was fetched goes in. */
  readonly originUrl: string;
  /** Absent: there is none on the runner. */
  readonly git: Git | undefined;
  /** An empty directory of this run, for what git writes. */
  readonly scratch: HostPath;
  readonly tally: Tally;
};

/** Where the guest's repository starts; empty without git. */
type Beginning = {
  readonly tree: string;
  readonly commit: string;
  /** Has both of them. */
  readonly repository: HostPath;
  readonly withheld: WorkTree['withheld'];
};

/** `began` is known once all entries have been read. */
type WorkspaceStep = Step & { began(): Beginning };

type Checkout = {
  readonly workTree: WorkTree;
  /** Made while the files are being copied; resolves to undefined when the runner has no git. */
  readonly repository: Promise<GitDirectory | undefined>;
};

export function workspaceStep(job: WorkspaceJob): WorkspaceStep {
  const root = resolveWorkspace(job.host, job.plan.workspace.from);
  const checkout = openCheckout(job, root);
  // Whoever reads the entries sees the failure.
  checkout.catch(() => {});
  let began: Beginning = { tree: '', commit: '', repository: '', withheld: new Set() };

  async function* entries(): AsyncGenerator<TarEntry> {
    const { workTree, repository } = await checkout;
    const to = job.plan.workspace.to;
    const seconds = Math.floor(job.host.now() / 1000);
    // A file that the agent writes right away must not have the same time as its original, to the
    // second: git would take it for unchanged.
    const mtimeOf = (entry: TreeEntry) =>
      Math.max(0, Math.min(Math.floor(entry.mtimeMs / 1000), seconds - 2));
    const { entries: own, inside, beside } = workTree;
    for (const entry of [...own, ...inside, ...beside]) {
      if (entry.kind === 'file') {
        job.tally.files += 1;
        job.tally.bytes += entry.size;
      }
      yield tarEntryOf(to, entry, modeOf(entry), mtimeOf(entry));
    }
    const git = await repository;
    if (!git) return;
    yield* gitDirectoryEntries(to, git, seconds, mtimeOf);
    const { tree, commit } = git.base;
    began = { tree, commit, repository: git.directory, withheld: git.workTree.withheld };
  }

  return { make: [job.plan.workspace.to], entries: entries(), began: () => began };
}

/** The modes that git knows. */
function modeOf(entry: TreeEntry): number {
  if (entry.kind === 'symlink') return 0o777;
  return entry.kind === 'directory' || entry.mode & 0o100 ? 0o755 : 0o644;
}

/** Lists the files, and starts on the repository while they are copied. */
async function openCheckout(job: WorkspaceJob, root: HostPath): Promise<Checkout> {
  const leftOut: LeftOut = new Map();
  const listed = job.git
    ? await openWithGit(job, job.git, root, leftOut)
    : await openWithoutGit(job, root, leftOut);
  listed.repository.catch(() => {});
  job.tally.notices.push(...noticesOf(leftOut));
  return listed;
}

async function openWithoutGit(
  job: WorkspaceJob,
  root: HostPath,
  leftOut: LeftOut,
): Promise<Checkout> {
  if (existsSync(join(root, '.git'))) {
    job.tally.notices.push('No git on the runner: no history is copied, and ignored files are.');
  }
  const all = listFolder(root, makeExclude(job.plan.workspace.exclude), leftOut);
  const listed = withoutCredentials(all, NO_CREDENTIALS, () => false, leftOut);
  const workTree = await pinWorkTree(pinningOf(job, root, undefined, leftOut), listed);
  return { workTree, repository: Promise.resolve(undefined) };
}

async function openWithGit(
  job: WorkspaceJob,
  git: Git,
  root: HostPath,
  leftOut: LeftOut,
): Promise<Checkout> {
  const source = await findRepository(git, root);
  const scratch = openScratch(job.host, git, job.scratch, root, source);
  const open = { job, git, root, scratch, leftOut };
  if (source === undefined) return await openFolder(open, NO_CREDENTIALS);
  const without = noHistoryReason(source, root);
  const credentials = await findPersisted(git, source);
  if (without === '') return await openRepository(open, source, credentials);
  job.tally.notices.push(`The guest starts with a first commit: ${without}.`);
  const listing = await list(scratch);
  return await openFolder(open, credentials, { listing, branch: source.branch });
}

type Open = {
  readonly job: WorkspaceJob;
  readonly git: Git;
  readonly root: HostPath;
  readonly scratch: Scratch;
  readonly leftOut: LeftOut;
};

async function openRepository(
  { job, git, root, scratch, leftOut }: Open,
  source: Repository,
  credentials: Matcher,
): Promise<Checkout> {
  const isOut = makeExclude(job.plan.workspace.exclude);
  const read = Promise.all([list(scratch), listChanges(scratch, source.head)]);
  // Begun before the files are looked at, because it may take longest.
  const fetched = job.originUrl === '' ? Promise.resolve(NO_REFS) : listFetched(git, root);
  const packed = packHistory(scratch, source, fetched);
  packed.catch(() => {});
  const [listing, changes] = await read;
  const all = listCheckout(root, listing, isOut, leftOut);
  for (const path of all.withheld) {
    if (isOut(path) && listing.tracked.has(path)) leaveOut(leftOut, ONLY_IN_HISTORY, path);
  }
  const isOwn = (path: BytePath) => listing.tracked.has(path) && !changes.has(path);
  const listed = withoutCredentials(all, credentials, isOwn, leftOut);
  const workTree = await pinWorkTree(pinningOf(job, root, scratch, leftOut), listed);
  const lfs = await findLfs(scratch, workTree.entries);
  for (const { path } of lfs.pointers) leaveOut(leftOut, POINTER, path);
  const { originUrl } = job;
  const checkout = { scratch, source, listing, changes, workTree, lfs, packed, originUrl };
  return { workTree, repository: keepHistory(checkout) };
}

/** `around`: what the repository says of it, where it is a part of one. */
async function openFolder(
  { job, root, scratch, leftOut }: Open,
  credentials: Matcher,
  around?: { readonly listing: Listing; readonly branch: string },
): Promise<Checkout> {
  const isOut = makeExclude(job.plan.workspace.exclude);
  const listing = around?.listing;
  // A directory that a repository around it ignores is a folder like any other.
  const found =
    listing && listing.tracked.size + listing.untracked.length > 0
      ? listCheckout(root, listing, isOut, leftOut)
      : listFolder(root, isOut, leftOut);
  // A first commit has no submodules.
  const all = { ...found, entries: [...found.entries, ...found.inside], inside: [] };
  const listed = withoutCredentials(all, credentials, () => false, leftOut);
  const workTree = await pinWorkTree(pinningOf(job, root, scratch, leftOut), listed);
  const author = job.plan.gitUser;
  const seconds = Math.floor(job.host.now() / 1000);
  const branch = around?.branch || 'refs/heads/main';
  return { workTree, repository: beginHistory({ scratch, workTree, author, seconds, branch }) };
}

function pinningOf(
  job: WorkspaceJob,
  workspace: HostPath,
  scratch: Scratch | undefined,
  leftOut: LeftOut,
): Pinning {
  const { pinned } = job.plan.workspace;
  return { pinned, workspace, directory: job.scratch, scratch, leftOut };
}

async function list(scratch: Scratch): Promise<Listing> {
  return parseListing(await scratch.readIndex(['ls-files', ...LISTING]));
}
