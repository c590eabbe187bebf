/** A file that keeps what an agent says, up to a size, in the order in which it was said. */
import { type FileHandle, open } from 'node:fs/promises';
import type { HostPath } from '../host/host.ts';

/** More than any agent says in earnest; what follows is dropped, and said so in the file. */
export const MAX_KEPT_BYTES = 256 * 1024 * 1024;

export type KeptFile = {
  readonly path: HostPath;
  /** Holds the agent back while the disk is busy. */
  write(chunk: Uint8Array): Promise<void>;
  isEmpty(): boolean;
  close(): Promise<void>;
};

/** `whole`: a chunk is kept whole or not at all, and nothing is said about it. */
export async function openKeptFile(
  path: HostPath,
  cutting: 'anywhere' | 'whole',
): Promise<KeptFile> {
  const file: FileHandle = await open(path, 'wx', 0o600);
  let left = MAX_KEPT_BYTES;
  let isEmpty = true;
  // One write at a time keeps the order.
  let last = Promise.resolve();
  const append = (bytes: Uint8Array) => {
    isEmpty = false;
    last = last.then(() => file.writeFile(bytes));
    return last;
  };
  return {
    path,
    write(chunk) {
      if (left <= 0 || chunk.length === 0) return Promise.resolve();
      left -= chunk.length;
      if (left > 0) return append(chunk);
      if (cutting === 'whole') return Promise.resolve();
      const cut = `\n[cut here: the first ${MAX_KEPT_BYTES} bytes are kept]\n`;
      return append(Buffer.concat([chunk.subarray(0, chunk.length + left), Buffer.from(cut)]));
    },
    isEmpty: () => isEmpty,
    async close() {
      await last.catch(() => {});
      await file.close();
    },
  };
}
