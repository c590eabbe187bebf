/** Takes the values that must not leave out of what the audit says: a guest may write them anywhere. */
import { MIN_SECRET_LENGTH } from '../secret/encoding.ts';
import { indexSecrets, type KnownSecrets } from './dlp/known-secret.ts';
import type { NamedSecret } from './protocol.ts';

/** Text of one character a byte; what was a secret comes back as `*`. */
export type Scrub = (text: string) => string;

export function makeScrub(secrets: readonly NamedSecret[]): Scrub {
  // It takes some 10 ms a secret, which nobody should wait for before the first decision.
  let known: KnownSecrets | undefined;
  return (said) => {
    if (secrets.length === 0 || said.length < MIN_SECRET_LENGTH) return said;
    known ??= indexSecrets(secrets);
    const bytes = Buffer.from(said, 'latin1');
    // The second finds what has lost its capitals on the way into a host name.
    const found = [known.text, known.host].flatMap((matcher) => matcher.stream().push(bytes));
    if (found.length === 0) return said;
    for (const { start, end } of found) bytes.fill('*', start, end);
    return bytes.toString('latin1');
  };
}
