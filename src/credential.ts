/** Credentials in the step's variables. */
import { BottleError } from './errors.ts';
import type { Host } from './host/host.ts';

/** What it is for, and where that was asked for. */
export type CredentialUse = { readonly what: string; readonly source: string };

/**
 * A secret is often pasted with a line break at its end, which no header can carry.
 *
 * @throws {BottleError} `config-invalid` when the variable `name` holds nothing of use.
 */
export function readCredential(
  { env }: Pick<Host, 'env'>,
  name: string,
  { what, source }: CredentialUse,
): string {
  const value = (env[name] ?? '').trim();
  if (/^[\x20-\x7e]+$/.test(value)) return value;
  throw new BottleError({
    outcome: 'config-invalid',
    what: `The credential for ${what} ${value === '' ? 'is empty' : 'holds characters that no HTTP header can carry'}`,
    where: `the step's variable ${name}, for ${source}`,
    fix: `Set it in the step's "env:", for example ${name}: \${{ secrets.${name} }}, to the plain token.`,
  });
}
