/** Checks what a `.gitmodules` says, where submodules are allowed at all. */
import { type Change, SYMLINK } from './change.ts';
import type { Inspection } from './inspection.ts';
import { foldName } from './path-name.ts';

export const MAX_MODULES_BYTES = 64 * 1024;

export const isModules = ({ path }: Change): boolean => foldName(path) === '.gitmodules';

/** `contents`: of small enough files, by their id. Without submodules `checkPaths` refuses all. */
export function checkModules(
  { changes, policy, findings, show }: Inspection,
  contents: ReadonlyMap<string, Buffer>,
): void {
  if (!policy.allowSubmodules) return;
  for (const change of changes) {
    const { commit, path, now } = change;
    if (!now || !isModules(change)) continue;
    const content = now.mode === SYMLINK ? undefined : contents.get(now.id);
    const detail = modulesFault(content);
    if (detail !== undefined) findings.add({ rule: 'submodule', commit, path: show(path), detail });
  }
}

/**
 * git writes a path with a carriage return at its end, and reads it back without (CVE-2025-48384).
 * Names, addresses and commands are looked at by git's own check of the object.
 */
function modulesFault(content: Buffer | undefined): string | undefined {
  if (content === undefined) return 'It is too large, or a link';
  const text = content.toString().replaceAll('\r\n', '\n');
  return /[^\P{C}\n\t]/u.test(text) ? 'It has hidden characters' : undefined;
}
