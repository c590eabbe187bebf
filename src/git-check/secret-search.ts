/** Looks for secrets in bytes of any kind: the run's own in all encodings, and tokens of vendors. */
import { type Match, matchSecrets } from '../secret/matcher.ts';
import { loadTokenRules, matchTokens, type TokenRules } from '../secret/token-pattern.ts';
import type { NamedSecret } from './policy.ts';

export type SecretSearch = {
  stream(): SecretStream;
  /** In a text as a whole; not much more than `most` of them. */
  find(bytes: Uint8Array, most?: number): Promise<readonly Match[]>;
};

export type SecretStream = {
  push(chunk: Uint8Array): Promise<readonly Match[]>;
  end(): Promise<readonly Match[]>;
};

const BLOCK = 65536;

/** Loading the rules for tokens takes its time, and most changes have nothing for them. */
export function searchSecrets(secrets: readonly NamedSecret[]): SecretSearch {
  const known = matchSecrets(secrets.map(({ name, value }) => ({ label: name, value })));
  let rules: Promise<TokenRules> | undefined;
  const load = () => {
    rules ??= loadTokenRules();
    return rules;
  };

  function stream(): SecretStream {
    const [values, tokens] = [known.stream(), matchTokens(load)];
    return {
      push: async (chunk) => [...values.push(chunk), ...(await tokens.push(chunk))],
      end: tokens.end,
    };
  }
  return {
    stream,
    async find(bytes, most = Number.POSITIVE_INFINITY) {
      const one = stream();
      const matches: Match[] = [];
      for (let at = 0; at < bytes.length && matches.length < most; at += BLOCK)
        matches.push(...(await one.push(bytes.subarray(at, at + BLOCK))));
      return [...matches, ...(await one.end())];
    },
  };
}
