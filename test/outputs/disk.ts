/** What an extraction left on the disk, and whether any of it is outside. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type OnDisk = {
  /** Content by path. */
  readonly files: Record<string, string>;
  readonly directories: readonly string[];
};

/**
 * Everything below `root`; throws for what is neither file nor directory, and for special modes.
 */
export function readTree(root: string): OnDisk {
  const found = { files: {} as Record<string, string>, directories: [] as string[] };
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const full = join(root, path);
    const stat = lstatSync(full);
    if (stat.isDirectory()) found.directories.push(path);
    else if (stat.isFile()) found.files[path] = readFileSync(full, 'latin1');
    else throw new Error(`${path} is neither file nor directory`);
    const mode = stat.mode & 0o7777;
    if (mode !== 0o755 && mode !== 0o644) {
      throw new Error(`${path} has mode ${mode.toString(8)}`);
    }
  }
  return found;
}

export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
