/** Which paths a change may not touch, or not without somebody who looks at it. */
import { foldName } from './path-name.ts';
import type { ProtectedPath } from './policy.ts';

export type Protection = (path: string) => ProtectedPath | undefined;

/** A path counts as every path that some file system takes it for. */
export function protectPaths(paths: readonly ProtectedPath[]): Protection {
  const rules = paths.map((path) => ({ path, pattern: patternOf(foldName(path.glob)) }));
  return (path) => {
    const folded = foldName(path);
    return rules.find(({ pattern }) => pattern.test(folded))?.path;
  };
}

/** `a/**` stands for `a` too: a link in its place would be what all files below it were. */
function patternOf(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/^\/|\/$/g, '')
    .replace(/\*\*\/|\/\*\*$|\*+|\?/g, (wild) => {
      if (wild === '**/') return '(?:[^/]+/)*';
      if (wild === '/**') return '(?:/.*)?';
      return wild === '?' ? '[^/]' : wild === '**' ? '.*' : '[^/]*';
    });
  return new RegExp(`^${source}$`, 's');
}
