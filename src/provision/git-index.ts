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
  const sizes = entries.map(sizeOf);
  const hash = createHash(objectFormat);
  // One buffer: tens of thousands of small ones would cost several times their size.
  const body = Buffer.alloc(sizes.reduce((sum, size) => sum + size, HEADER));
  body.write('DIRC', 'latin1');
  body.writeUInt32BE(entries.some(({ skipWorktree }) => skipWorktree) ? 3 : 2, 4);
  body.writeUInt32BE(entries.length, 8);
  let offset = HEADER;
  for (const [number, entry] of entries.entries()) {
    const size = sizes[number] ?? 0;
    writeEntry(body.subarray(offset, offset + size), entry);
    offset += size;
  }
  return Buffer.concat([body, hash.update(body).digest()]);
}

function fixedSizeOf({ id, skipWorktree }: IndexEntry): number {
  return STAT + id.length / 2 + (skipWorktree ? 4 : 2);
}

/** Padded with one to eight NULs. */
function sizeOf(entry: IndexEntry): number {
  const unpadded = fixedSizeOf(entry) + entry.path.length;
  return unpadded + 8 - (unpadded % 8);
}

/** Change time, device, owner and so on stay 0: `core.checkStat=minimal` does not look at them. */
function writeEntry(room: Buffer, entry: IndexEntry): void {
  const { path, mode, id, stat, skipWorktree } = entry;
  const flags = STAT + id.length / 2;
  room.writeUInt32BE(stat?.mtime ?? 0, 8);
  room.writeUInt32BE(Number.parseInt(mode, 8), 24);
  room.writeUInt32BE((stat?.size ?? 0) % 2 ** 32, 36);
  room.write(id, STAT, 'hex');
  const length = Math.min(path.length, LONGEST_NAME_LENGTH);
  room.writeUInt16BE(length | (skipWorktree ? EXTENDED : 0), flags);
  if (skipWorktree) room.writeUInt16BE(SKIP_WORKTREE, flags + 2);
  room.write(path, fixedSizeOf(entry), 'latin1');
}
