/** A checkout to measure with: many small files, as `actions/checkout` leaves them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPath } from '../src/host/host.ts';

/** Packed objects, a fresh index. */
export function makeClone(root: HostPath, files: number): HostPath {
  const origin = join(root, 'origin');
  for (let index = 0; index < files; index += 1) {
    const directory = join(origin, `package-${index % 40}`, `part-${index % 7}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `file-${index}.ts`), sourceText(index));
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
  git('init', '--quiet', origin);
  git('-C', origin, 'add', '--all');
  git('-C', origin, 'commit', '--quiet', '--message=all');
  const clone = join(root, 'clone');
  git('clone', '--quiet', '--no-local', origin, clone);
  return clone;
}

/** About 4 KiB that compress like a program's source. */
export function sourceText(seed: number): string {
  let state = seed + 1;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state.toString(36);
  };
  const lines = Array.from(
    { length: 20 + (seed % 100) },
    () => `  const ${next()} = await read(${next()}, { size: ${next()} });\n`,
  );
  return `export async function f${seed}() {\n${lines.join('')}}\n`;
}
