/** Pinned agent configuration for a guest, and what the run's patch then says. */
import type { Provisioned } from '../../src/provision/provisioned.ts';
import type { Pinned } from '../../src/trust/agent-config.ts';
import type { Guest } from '../outputs/guest-scene.ts';

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
export async function changesOf(guest: Guest, { baseTree }: Provisioned): Promise<string[]> {
  const { changedFiles, notices } = await guest.collect({ baseTree });
  if (notices.length > 0) throw new Error(notices.join('\n'));
  return [...changedFiles];
}
