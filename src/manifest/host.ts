/** The name of a host as a manifest may write it. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';

const HOST_FORM =
  'must be a host name such as api.example.com, or *.example.com for all names below it: ' +
  'no scheme, port, path or address';

export const host = z
  .string()
  .max(253)
  .regex(/^(?:\*\.)?[^\s/:@?#%*\\[\]]+$/, { error: HOST_FORM })
  .transform((text, context) => {
    const name = normaliseHost(text);
    if (name === undefined) context.addIssue({ code: 'custom', message: HOST_FORM });
    return name ?? z.NEVER;
  })
  .describe('Host name, exact or `*.suffix`, without scheme, port or path. Case does not count.');

/** Lower case, international names in their ASCII form; undefined when it is no host name. */
export function normaliseHost(text: string): string | undefined {
  const wildcard = text.startsWith('*.');
  const name = domainToASCII(wildcard ? text.slice(2) : text);
  const labels = name.split('.');
  const named = labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  if (!named || isIP(name) !== 0 || (wildcard && labels.length < 2)) return undefined;
  return wildcard ? `*.${name}` : name;
}
