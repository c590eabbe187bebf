/** The error of a run that may not start. */
import { BottleError } from '../errors.ts';

export function refused(fields: { what: string; where: string; fix: string }): BottleError {
  return new BottleError({ outcome: 'untrusted', ...fields });
}
