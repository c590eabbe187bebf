/** The `exclude` globs of a workspace. */
import { type BytePath, bytePathOf } from './byte-path.ts';

/**
 * Tells which paths stay out. A glob is matched against the whole path, relative to the workspace;
 * what matches takes everything below it along. `*` and `?` stop at `/`, `**` does not.
 */
export function makeExclude(globs: readonly string[]): (path: BytePath) => boolean {
  if (globs.length === 0) return () => false;
  const pattern = new RegExp(`^(?:${globs.map(sourceOf).join('|')})(?:/|$)`, 's');
  return (path) => pattern.test(path);
}

function sourceOf(glob: string): string {
  return bytePathOf(glob)
    .replace(/^(?:\.?\/)+|\/+$/g, '')
    .replace(/\*\*\/|\*\*|[*?]|[^\w/]/g, (token) => {
      if (token === '**/') return '(?:.*/)?';
      if (token === '**') return '.*';
      if (token === '*') return '[^/]*';
      if (token === '?') return '[^/]';
      return `\\${token}`;
    });
}
