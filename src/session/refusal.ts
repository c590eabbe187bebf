/** The two ways in which a session is not continued: nobody finds it, or it is not for this run. */
import { BottleError } from '../errors.ts';

const NEW = 'Leave the input `session` empty to begin a new one';

export function notThere(what: string, where: string, fix = `${NEW}, or correct it.`): BottleError {
  return new BottleError({
    outcome: 'config-invalid',
    what,
    where: `input session: ${where}`,
    fix,
  });
}

export function notAllowed(
  what: string,
  where: string,
  fix = `${NEW}; docs/trust.md says which run may continue which session.`,
): BottleError {
  return new BottleError({ outcome: 'untrusted', what, where: `input session: ${where}`, fix });
}
