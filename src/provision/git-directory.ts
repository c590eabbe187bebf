/** The guest's `.git`, built anew: no hook, credential or setting of the checkout's own. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { HostPath } from '../host/host.ts';
import { LFS_FILTER } from '../lfs-filter.ts';
import type { GuestPath } from '../machine/machine.ts';
import type { TarEntry } from '../tar/write.ts';
import type { Base } from './base.ts';
import { type BytePath, topOf } from './byte-path.ts';
import { writeIndex } from './git-index.ts';
import { gitSection } from './git-setting.ts';
import { packedRefs, type Ref, type Refs } from './refs.ts';
import type { TreeEntry } from './tree-entry.ts';
import type { WorkTree } from './work-tree.ts';

export type GitDirectory = {
  /** The repository on the runner that this one is made from. */
  readonly directory: HostPath;
  readonly objectFormat: string;
  readonly base: Base;
  /** `refs/heads/<name>`; empty for a detached HEAD. */
  readonly branch: string;
  /** What the checkout was fetched with, and the address it was fetched from; empty: unknown. */
  readonly refs: Refs;
  readonly originUrl: string;
  /** Are there files whose content LFS keeps? */
  readonly hasLfs: boolean;
  /** The list of commits whose parents are not here; need not exist. */
  readonly shallow: HostPath;
  /** Files: each pack and its index. */
  readonly packs: readonly HostPath[];
  readonly workTree: WorkTree;
};

/** `seconds`: now. `mtimeOf`: the time that a file was given in the guest. */
export function* gitDirectoryEntries(
  workspace: GuestPath,
  git: GitDirectory,
  seconds: number,
  mtimeOf: (entry: TreeEntry) => number,
): Generator<TarEntry> {
  const at = (name: string) => `${workspace.slice(1)}/.git/${name}`;
  const file = (name: string, data: string | Buffer): TarEntry => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return { kind: 'file', path: at(name), mode: 0o644, mtime: seconds, data: bytes };
  };
  for (const directory of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags']) {
    yield { kind: 'directory', path: at(directory), mode: 0o755, mtime: seconds };
  }
  for (const from of git.packs) {
    const { size } = statSync(from);
    const path = at(`objects/pack/${basename(from)}`);
    yield { kind: 'file', path, mode: 0o444, mtime: seconds, from, size };
  }
  if (existsSync(git.shallow)) yield file('shallow', readFileSync(git.shallow));
  yield file('config', configFor(git));
  const beside = new Set(git.workTree.beside.map(({ path }) => topOf(path)));
  if (beside.size > 0) {
    const lines = [...beside].map((directory) => `/${directory}/\n`);
    yield file('info/exclude', Buffer.from(lines.join(''), 'latin1'));
  }
  const refs = [...ownBranch(git), ...git.refs.list];
  if (refs.length > 0) yield file('packed-refs', Buffer.from(packedRefs(refs), 'latin1'));
  if (git.refs.originHead !== '') {
    yield file('refs/remotes/origin/HEAD', Buffer.from(`ref: ${git.refs.originHead}\n`, 'latin1'));
  }
  yield file('index', indexFor(git, mtimeOf));
  yield file('HEAD', git.branch === '' ? `${git.base.commit}\n` : `ref: ${git.branch}\n`);
}

function ownBranch({ branch, base }: GitDirectory): Ref[] {
  return branch === '' ? [] : [{ name: branch, id: base.commit, peeled: '' }];
}

/** `checkStat`: our index knows a file's size and its time in seconds, no more. */
function configFor({ objectFormat, branch, refs, originUrl, hasLfs }: GitDirectory): string {
  const isSha1 = objectFormat === 'sha1';
  const short = branch.replace(/^refs\/heads\//, '');
  const isTracked = refs.list.some(({ name }) => name === `${TRACKING}${short}`);
  return [
    gitSection('core', '', [
      ['repositoryformatversion', isSha1 ? '0' : '1'],
      ['filemode', 'true'],
      ['bare', 'false'],
      ['logallrefupdates', 'true'],
      ['checkStat', 'minimal'],
    ]),
    gitSection('extensions', '', isSha1 ? [] : [['objectFormat', objectFormat]]),
    ...(originUrl === '' ? [] : [originSection(originUrl)]),
    ...(hasLfs ? [LFS_FILTER] : []),
    ...(isTracked ? [trackingSection(short, branch)] : []),
  ].join('');
}

const TRACKING = 'refs/remotes/origin/';

function originSection(url: string): string {
  const fetch = `+refs/heads/*:${TRACKING}*`;
  return gitSection('remote', 'origin', [
    ['url', url],
    ['fetch', fetch],
  ]);
}

function trackingSection(short: string, branch: string): string {
  return gitSection('branch', short, [
    ['remote', 'origin'],
    ['merge', branch],
  ]);
}

function indexFor(git: GitDirectory, mtimeOf: (entry: TreeEntry) => number): Buffer {
  const { base, workTree } = git;
  const copied = new Map<BytePath, { mtime: number; size: number }>();
  for (const entry of workTree.entries) {
    if (entry.kind === 'directory' || !base.clean.has(entry.path)) continue;
    copied.set(entry.path, { mtime: mtimeOf(entry), size: entry.size });
  }
  const entries = [...base.committed].map(([path, { mode, id }]) => {
    const stat = copied.get(path);
    const skipWorktree = workTree.withheld.has(path);
    return { path, mode, id, skipWorktree, ...(stat ? { stat } : {}) };
  });
  return writeIndex(entries, git.objectFormat);
}
