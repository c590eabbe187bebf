/** Remembers what was not copied and why, and says it in one notice a reason. */
import { printable } from '../printable.ts';

/** Paths by reason; a reason reads as the start of a sentence. */
export type LeftOut = Map<string, string[]>;

const NAMED = 5;

export function leaveOut(leftOut: LeftOut, reason: string, path: string): void {
  const paths = leftOut.get(reason);
  if (paths) paths.push(path);
  else leftOut.set(reason, [path]);
}

export function noticesOf(leftOut: LeftOut): string[] {
  return [...leftOut].map(([reason, paths]) => {
    const named = paths.slice(0, NAMED).map((path) => printable(path, 100));
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : '';
    return `${reason}: ${named.join(', ')}${more}.`;
  });
}
