/** Takes the values that must not leave out of what the audit says: a guest may write them anywhere. */
import { indexSecrets } from './dlp/known-secret.ts';
import type { NamedSecret } from './protocol.ts';

/** Text of one character a byte; what was a secret comes back as `*`. */
export type Scrub = (text: string) => string;

export function makeScrub(secrets: readonly NamedSecret[]): Scrub {
  const { text, host } = indexSecrets(secrets);
  if (text.empty) return (said) => said;
  return (said) => {
    const bytes = Buffer.from(said, 'latin1');
    // The second finds what has lost its capitals on the way into a host name.
    const found = [...text.stream().push(bytes), ...host.stream().push(bytes)];
    if (found.length === 0) return said;
    for (const { start, end } of found) bytes.fill('*', start, end);
    return bytes.toString('latin1');
  };
}
