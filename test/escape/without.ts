/** The gateway's source without one of its controls. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Control } from './controls.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of the source that tests may alter, one change at a time. */
export type Copy = {
  readonly entry: string;
  /** @throws {Error} when the source no longer has the control exactly once. */
  turnOff(control: Control): void;
  remove(): void;
};

export function copySource(): Copy {
  const directory = mkdtempSync(join(tmpdir(), 'without-'));
  const pathOf = (file: string) => join(directory, 'src/gateway', file);
  cpSync(join(ROOT, 'src'), join(directory, 'src'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return {
    entry: join(directory, 'src/gateway.ts'),
    turnOff({ file, from, to }) {
      const source = readFileSync(pathOf(file), 'utf8');
      const [before, after, ...more] = source.split(from);
      if (before === undefined || after === undefined || more.length > 0) {
        throw new Error(`${file} has not exactly one ${JSON.stringify(from)}`);
      }
      writeFileSync(pathOf(file), `${before}${to}${after}`);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
