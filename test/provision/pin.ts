/** Pinned agent configuration for a guest, and what the run's patch then says. */
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { Provisioned } from '../../src/provision/provisioned.ts';
import type { Pinned } from '../../src/trust/agent-config.ts';
import type { Guest } from '../outputs/guest-scene.ts';
import { commitAll, startRepository } from './repository.ts';
import { treeOf } from './tree.ts';

export const ABSENT = { kind: 'absent' } as const;

export function file(text: string, mode: 0o644 | 0o755 = 0o644): Pinned['guest'] {
  return { kind: 'file', bytes: Buffer.from(text), mode };
}

export function link(target: string): Pinned['guest'] {
  return { kind: 'symlink', target };
}

/** A pin whose head's version is kept under the name that trust would give it. */
export function pin(path: string, guest: Pinned['guest']): Pinned {
  return { path, guest, headAs: `.bottle-head/${path.replaceAll('CLAUDE.md', 'CLAUDE.md.head')}` };
}

export function provisionPinned(
  guest: Guest,
  pinned: readonly Pinned[],
  workspace: { readonly from?: string; readonly exclude?: readonly string[] } = {},
): Promise<Provisioned> {
  const planned = guest.plan().provision.workspace;
  return guest.provision({ workspace: { ...planned, pinned, ...workspace } });
}

/** The paths of the patch that is collected from the guest as it is now. */
export async function changesOf(guest: Guest, given: Provisioned): Promise<string[]> {
  const { changedFiles, notices } = await guest.collect({ given });
  if (notices.length > 0) throw new Error(notices.join('\n'));
  return [...changedFiles];
}

/** A checkout whose head configures the agent. */
export function startHead(guest: Guest): void {
  startRepository(guest);
  guest.write('CLAUDE.md', 'obey the head\n', 0o755);
  guest.write('.claude/settings.json', '{"hooks": "evil"}\n');
  guest.write('pkg/.mcp.json', '{}\n');
  guest.write('pkg/index.ts', 'export {};\n');
  commitAll(guest);
}

export const PINNED = [
  pin('CLAUDE.md', file('obey the base\n')),
  pin('.claude/settings.json', ABSENT),
  pin('pkg/.mcp.json', ABSENT),
  { path: 'pkg/AGENTS.md', guest: link('../CLAUDE.md') },
  { path: 'new/.husky/pre-commit', guest: file('#!/bin/sh\n', 0o755) },
];

/** What of the head stays, and what the pins make of the rest. */
export const EXPECTED = {
  'CLAUDE.md': `file 644 ${Buffer.from('obey the base\n').toString('base64')}`,
  'new/.husky/pre-commit': `file 755 ${Buffer.from('#!/bin/sh\n').toString('base64')}`,
  'pkg/AGENTS.md': 'link to ../CLAUDE.md',
  'pkg/index.ts': expect.stringContaining('file 644'),
  'README.md': expect.stringContaining('file 644'),
};

/** The guest's files, without directories and what is beside. */
export function filesOf(guest: Guest): Record<string, string> {
  const files = Object.entries(treeOf(guest.guestWorkspace)).filter(
    ([path, what]) => !what.startsWith('directory') && !path.startsWith('.bottle-head'),
  );
  return Object.fromEntries(files);
}

export function expectNoGarbage(guest: Guest): void {
  const said = guest.guestGit('fsck', '--strict', '--full').trim().split('\n');
  expect(said.filter((line) => !/^(dangling tree [0-9a-f]+)?$/.test(line))).toEqual([]);
  expect(readdirSync(guest.scratch)).toEqual([expect.stringMatching(/-base\.git$/)]);
}
