/** A directory as plain data, for comparing two of them. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Paths, kinds, modes and contents below a directory, without `.git`. */
export function treeOf(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names
      .filter((name) => name !== '.git' && !name.startsWith('.git/'))
      .map((name) => {
        const path = join(root, name);
        const stats = lstatSync(path);
        const mode = (stats.mode & 0o777).toString(8);
        if (stats.isSymbolicLink()) return [name, `link to ${readlinkSync(path)}`];
        if (stats.isDirectory()) return [name, `directory ${mode}`];
        return [name, `file ${mode} ${readFileSync(path, 'base64')}`];
      }),
  );
}
