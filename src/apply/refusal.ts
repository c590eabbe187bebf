/** The one way in which `apply` says no. */
import { BottleError } from '../errors.ts';

const FIX =
  'Nothing was written. Give the artifact that the run left, unchanged; or run the agent again.';

export function notApplied(what: string, where: string, fix = FIX): BottleError {
  return new BottleError({ outcome: 'push-failed', what, where, fix });
}
