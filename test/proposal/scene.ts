/** What a proposal is, as another git sees it that knows no more than the checkout and the bundle. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Change } from '../../src/proposal/proposal.ts';
import type { Brought, Guest } from '../outputs/guest-scene.ts';

export function changeOf({ proposal }: Brought): Change {
  if (proposal.kind !== 'change') throw new Error(`no change: ${JSON.stringify(proposal)}`);
  return proposal;
}

export type Fetched = {
  git(...args: string[]): string;
  /** Of the tip: content, or what else it is, by path. */
  readonly files: Record<string, string>;
};

/** The bundle fetched into a copy of the checkout; it has the tip, whole and well formed. */
export function fetchFrom(guest: Guest, change: Change, source = guest.workspace): Fetched {
  const copy = join(guest.root, 'fetched.git');
  const run = (args: readonly string[]) =>
    execFileSync('git', args, { encoding: 'latin1', stdio: ['ignore', 'pipe', 'pipe'] });
  run(['clone', '-q', '--bare', '--no-local', source, copy]);
  const git = (...args: string[]) => run(['--git-dir', copy, ...args]);
  git('fetch', '-q', change.bundle, 'refs/heads/proposal:refs/heads/proposal');
  expect(git('rev-parse', 'proposal').trim()).toBe(change.tip);
  git('fsck', '--strict', '--connectivity-only');
  return { git, files: filesOf(git) };
}

function filesOf(git: (...args: string[]) => string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const line of git('ls-tree', '-r', '-z', 'proposal').split('\0')) {
    const [, mode, kind, id = '', path = ''] = /^(\d+) (\w+) (\w+)\t(.*)$/s.exec(line) ?? [];
    if (kind === 'blob') {
      const content = git('cat-file', 'blob', id);
      const special = mode === '100755' ? 'x ' : mode === '120000' ? '-> ' : '';
      files[path] = special + content;
    } else if (kind === 'commit') files[path] = `submodule ${id}`;
  }
  return files;
}

export const IDENTITY = ['-c', 'user.name=Agent', '-c', 'user.email=agent@example.com'] as const;

/** Everything that is there, as the agent would commit it. */
export function agentCommits(guest: Guest, message: string, ...options: string[]): string {
  guest.guestGit('add', '-A');
  guest.guestGit(...IDENTITY, 'commit', '-qm', message, '--allow-empty', ...options);
  return guest.guestGit('rev-parse', 'HEAD').trim();
}
