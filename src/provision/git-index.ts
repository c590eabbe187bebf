/**
 * Writes a git index for the guest, so that `git status` there need not read every file again.
 * Format: git's own `Documentation/gitformat-index`, versions 2 and 3.
 */
import { createHash } from 'node:crypto';
import type { BytePath } from './byte-path.ts';

export type IndexEntry = {
  readonly path: BytePath;
  /** Octal digits, as git prints them. */
  readonly mode: string;
  readonly id: string;
  /** As the file has them in the guest; absent: git compares the content. */
  readonly stat?: { readonly mtime: number; readonly size: number };
  /** Not in the work tree, and not deleted either. */
  readonly skipWorktree: boolean;
};

const HEADER = 12;
/** Two times (16), device, inode, mode, user, group and size of 4 bytes each. */
const STAT = 40;
const EXTENDED = 0x4000;
const SKIP_WORKTREE = 0x4000;
const LONGEST_NAME_LENGTH = 0xfff;

/** `entries` are in git's order. `objectFormat`: `sha1` or `sha256`. */
export function writeIndex(entries: readonly IndexEntry[], objectFormat: string): Buffer {
  const header = Buffer.alloc(HEADER);
  header.write('DIRC', 'latin1');
  header.writeUInt32BE(entries.some(({ skipWorktree }) => skipWorktree) ? 3 : 2, 4);
  header.writeUInt32BE(entries.length, 8);
  const body = Buffer.concat([header, ...entries.map(writeEntry)]);
  return Buffer.concat([body, createHash(objectFormat).update(body).digest()]);
}

/** A file's times, device, owner and so on stay 0: `core.checkStat=minimal` does not look at them. */
function writeEntry({ path, mode, id, stat, skipWorktree }: IndexEntry): Buffer {
  const idLength = id.length / 2;
  const fixed = STAT + idLength + (skipWorktree ? 4 : 2);
  const unpadded = fixed + path.length;
  const entry = Buffer.alloc(unpadded + 8 - (unpadded % 8));
  entry.writeUInt32BE(stat?.mtime ?? 0, 8);
  entry.writeUInt32BE(Number.parseInt(mode, 8), 24);
  entry.writeUInt32BE((stat?.size ?? 0) % 2 ** 32, 36);
  entry.write(id, STAT, 'hex');
  const flags = Math.min(path.length, LONGEST_NAME_LENGTH) | (skipWorktree ? EXTENDED : 0);
  entry.writeUInt16BE(flags, STAT + idLength);
  if (skipWorktree) entry.writeUInt16BE(SKIP_WORKTREE, STAT + idLength + 2);
  entry.write(path, fixed, 'latin1');
  return entry;
}
