/** The files of an example, for a scene. */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './scene.ts';

/** By path, with those of its manifest. */
export function exampleFiles(name: string): Record<string, string> {
  const example = join(ROOT, 'examples', name);
  const paths = globSync('**/{.*/**/*,*}', { cwd: example }).filter((path) => {
    return statSync(join(example, path)).isFile();
  });
  const read = (path: string) => readFileSync(join(example, path), 'utf8');
  return Object.fromEntries(paths.map((path) => [path, read(path)]));
}
