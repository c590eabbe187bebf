/** The agent's raw output as a file: both streams in the order in which they came. */
import { type FileHandle, open } from 'node:fs/promises';
import type { HostPath } from '../host/host.ts';

/** More than any agent says in earnest; what follows is dropped, and said so in the file. */
export const MAX_TRANSCRIPT_BYTES = 256 * 1024 * 1024;

export type Transcript = {
  /** Holds the agent back while the disk is busy. */
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
};

export async function openTranscript(path: HostPath): Promise<Transcript> {
  const file: FileHandle = await open(path, 'wx', 0o600);
  let left = MAX_TRANSCRIPT_BYTES;
  // stdout and stderr are written by turns: one write at a time keeps their order.
  let last = Promise.resolve();
  const append = (bytes: Uint8Array) => {
    last = last.then(() => file.write(bytes)).then(() => {});
    return last;
  };
  return {
    write(chunk) {
      if (left <= 0) return Promise.resolve();
      left -= chunk.length;
      if (left > 0) return append(chunk);
      const cut = `\n[cut here: the first ${MAX_TRANSCRIPT_BYTES} bytes are kept]\n`;
      return append(Buffer.concat([chunk.subarray(0, chunk.length + left), Buffer.from(cut)]));
    },
    async close() {
      await last.catch(() => {});
      await file.close();
    },
  };
}
