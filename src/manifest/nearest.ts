/** Finds what a mistyped word was meant to be. */

/** The closest of `accepted`, or undefined when none is close. Case does not count. */
export function nearest(word: string, accepted: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  const limit = Math.min(typed.length - 1, Math.max(2, Math.floor(typed.length / 3)));
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of accepted) {
    if (Math.abs(name.length - typed.length) > limit) continue;
    const distance = editDistance(typed, name.toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? limit + 1)) best = { name, distance };
  }
  return best?.name;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, accepted: readonly string[]): string {
  const name = nearest(word, accepted);
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}

/** `a, b, c`, cut after twelve. */
export function listNames(names: Iterable<string>): string {
  const sorted = [...names].sort();
  const rest = sorted.length > 12 ? ` and ${sorted.length - 12} more` : '';
  return sorted.length === 0 ? 'none' : `${sorted.slice(0, 12).join(', ')}${rest}`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
          ? at(beforeLast, column - 2) + 1
          : Number.POSITIVE_INFINITY;
      const edited = Math.min(at(last, column), at(current, column - 1)) + 1;
      current.push(Math.min(edited, at(last, column - 1) + same, swapped));
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Number.POSITIVE_INFINITY;
}
