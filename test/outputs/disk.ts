/** What an extraction left on the disk, and whether any of it is outside. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Contents as `readTree` gives them: a character for each byte. */
export function inBytes(files: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(files);
  return Object.fromEntries(
    entries.map(([path, text]) => [path, Buffer.from(text).toString('latin1')]),
  );
}

export type Outside = {
  /** What came, went or changed beside the root. */
  changes(): readonly string[];
};

/** Puts a canary beside `root`, and watches all that is below `top`, but for the root itself. */
export function watchOutside(top: string, root: string): Outside {
  writeFileSync(join(dirname(root), 'canary'), 'alive');
  const before = describeOutside(top, root);
  return {
    changes: () => {
      const after = describeOutside(top, root);
      const all = new Set([...before, ...after]);
      return [...all].filter((line) => !before.has(line) || !after.has(line));
    },
  };
}

/** Each entry with what a write or a link would change of it. */
function describeOutside(top: string, root: string): Set<string> {
  const lines = new Set<string>();
  const look = (directory: string): void => {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (path === root) continue;
      const { mode, nlink, uid, size, mtimeMs, ...stat } = lstatSync(path);
      const isDirectory = (mode & 0o170000) === 0o040000;
      // A directory's own time and links change when the root comes and goes.
      const what = isDirectory ? [mode, uid] : [mode, uid, nlink, size, mtimeMs, stat.ino];
      lines.add([path, ...what].join(' '));
      if (isDirectory) look(path);
    }
  };
  look(top);
  return lines;
}
