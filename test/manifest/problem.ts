/** What the loader says about files that are not right. */
import { BottleError } from '../../src/errors.ts';
import { loadManifest } from '../../src/manifest/load.ts';
import { memoryFiles } from './memory-files.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** The error that ends the load; it is a failure of the test when there is none. */
export async function errorOf(files: Files, path = ''): Promise<BottleError> {
  try {
    await loadManifest(memoryFiles(files), { path });
  } catch (error) {
    if (error instanceof BottleError) return error;
    throw error;
  }
  throw new Error('the manifest loaded');
}

/** `file:line:column message` of all that is wrong; empty when it loads. */
export async function problemsOf(files: Files): Promise<string[]> {
  try {
    await loadManifest(memoryFiles(files));
    return [];
  } catch (error) {
    if (!(error instanceof BottleError) || error.problems.length === 0) throw error;
    return error.problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.message}`);
  }
}
