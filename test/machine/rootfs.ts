/** A small root file system for tests: the programs that are asked for, and their libraries. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from '../../src/host/host.ts';

/** Fills `root`. Links `/bin` to `usr/bin`; nothing else is there but what `files` says. */
export async function makeRootfs(
  host: Host,
  root: string,
  programs: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  mkdirSync(join(root, 'usr/bin'), { recursive: true, mode: 0o755 });
  symlinkSync('usr/bin', join(root, 'bin'));
  const libraries = new Set<string>();
  for (const name of programs) {
    const program = host.which(name) ?? name;
    copyFileSync(program, join(root, 'usr/bin', name));
    const { stdout } = await host.run(['ldd', program]);
    for (const [, library = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) libraries.add(library);
  }
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
