/** Looks for secrets in files while they come out of the guest. */
import type { SecretSearch } from '../git-check/secret-search.ts';
import type { WatchFile } from './extract.ts';

export function watchSecrets(search: SecretSearch): WatchFile {
  return () => {
    const stream = search.stream();
    let found = false;
    const note = (matches: readonly unknown[]) => {
      found ||= matches.length > 0;
    };
    return {
      push: async (chunk) => note(await stream.push(chunk)),
      async end() {
        note(await stream.end());
        return found;
      },
    };
  };
}
