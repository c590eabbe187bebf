/** Which refs a push may write, by globs of their whole names. */

/** `*` and `?` stop at a slash, `**` does not. */
export function compileRefs(globs: readonly string[]): (ref: string) => boolean {
  const patterns = globs.map((glob) => new RegExp(`^(?:${sourceOf(glob)})$`, 's'));
  return (ref) => patterns.some((pattern) => pattern.test(ref));
}

function sourceOf(glob: string): string {
  return glob.replace(/\*+|\?|[^\w/]/g, (token) => {
    if (token === '?') return '[^/]';
    if (token.startsWith('*')) return token === '*' ? '[^/]*' : '.*';
    return `\\${token}`;
  });
}
