/** Takes the values that must not leave out of what the audit says: a guest may write them anywhere. */
import { MIN_SECRET_LENGTH } from '../secret/encoding.ts';
import type { SecretIndex } from './dlp/known-secret.ts';

/** What was a secret comes back as `*`. */
export type Scrub = (text: string) => string;

export function makeScrub(index: SecretIndex): Scrub {
  return (said) => {
    if (said.length < MIN_SECRET_LENGTH) return said;
    const known = index();
    const bytes = Buffer.from(said);
    // The second finds what has lost its capitals on the way into a host name.
    const found = [known.text, known.host].flatMap((matcher) => matcher.stream().push(bytes));
    if (found.length === 0) return said;
    for (const { start, end } of found) bytes.fill('*', start, end);
    return bytes.toString();
  };
}
