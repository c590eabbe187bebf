/** The change as a patch in a file, straight from git to the disk. */
import { open, rm } from 'node:fs/promises';
import type { HostPath } from '../host/host.ts';
import type { ProposalRepository } from './repository.ts';

/** More is in the bundle alone. */
const MAX_BYTES = 256 << 20;

const OPTIONS = [
  ...['-r', '-p', '--binary', '--no-renames', '--no-color'],
  ...['--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'],
];

/** `path`; empty for no difference. Leaves no file when it throws: disk full, patch too large. */
export async function writePatch(
  { run }: ProposalRepository,
  base: string,
  tip: string,
  path: HostPath,
): Promise<HostPath> {
  let size = 0;
  const file = await open(path, 'wx');
  try {
    await run(['diff-tree', ...OPTIONS, base, tip], {
      onStdout: async (chunk) => {
        size += chunk.length;
        if (size > MAX_BYTES) throw new Error(`it is over ${MAX_BYTES >> 20} MiB`);
        await file.writeFile(chunk);
      },
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  if (size > 0) return path;
  await rm(path);
  return '';
}
