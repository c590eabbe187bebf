/** The order in which values win, in one place: the first that is given, with where it came from. */
import type { Sourced } from './plan.ts';

type Candidate<T> = readonly [value: T, source: string];

/** The last candidate is the default and always given. `undefined` is "not given"; 0 is a value. */
export function first<T>(
  ...candidates: readonly [...(readonly Candidate<T | undefined>[]), Candidate<T>]
): Sourced<T> {
  const [value, source] = candidates.find(([given]) => given !== undefined) ?? candidates[0];
  return { value: value as T, source };
}
