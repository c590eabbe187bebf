/** Decides whether a regular expression may be run against paths that the guest chooses. */

const MAX_LENGTH = 256;

/**
 * Why `pattern` is refused, or undefined. The guest writes the paths, so an expression whose time
 * doubles with each character would hand it the gateway: a group that is repeated must be one fixed
 * sequence, and references to groups and look-arounds are refused.
 */
export function checkPathRegex(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'is not a regular expression (JavaScript, `u` flag)';
  }
  const bare = simplify(pattern);
  if (/\\|\(<?[=!]/.test(bare)) return 'must not use references to groups or look-arounds';
  return repeatsAChoice(bare)
    ? 'must not repeat a group that itself holds a repeat or a choice, such as (a+)* or (a|b)*'
    : undefined;
}

/** Escapes and classes become `x`, but references stay; `(?:` and `(?<n>` become `(`, `*?` `*`. */
function simplify(pattern: string): string {
  return pattern
    .replace(/\\[pPu]\{[^}]*\}|\\[^1-9k]/g, 'x')
    .replace(/\[[^\]]*\]/g, 'x')
    .replace(/\(\?(?::|<[^=!>]+>)?/g, '(')
    .replace(/([*+?}])\?/g, '$1');
}

/** Does `*`, `+` or `{…}` follow a group that holds one of them, `?` or `|`? */
function repeatsAChoice(bare: string): boolean {
  const open: boolean[] = [];
  let top = false;
  for (const [at, character] of [...bare].entries()) {
    if (character === '(') {
      open.push(top);
      top = false;
    } else if (character === ')') {
      if (top && '*+{'.includes(bare[at + 1] ?? '.')) return true;
      top ||= open.pop() === true;
    } else if ('*+?{|'.includes(character)) top = true;
  }
  return false;
}
