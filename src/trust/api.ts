/** GitHub's REST API as far as trust needs it: only GET, and no answer is no trust. */
import { BottleError, messageOf } from '../errors.ts';
import { type ApiAnswer, ApiSilence, type ClientOptions, makeApiClient } from '../github/client.ts';
import type { Host } from '../host/host.ts';

export type { ApiAnswer } from '../github/client.ts';

/** Throws `BottleError` `untrusted` when no answer could be had; any status is an answer. */
export type GitHubApi = { get(path: string): Promise<ApiAnswer> };

/** @throws {BottleError} `config-invalid` when GITHUB_API_URL is no address to send a token to. */
export function makeGitHubApi(
  host: Pick<Host, 'env' | 'cancelled'>,
  token: string,
  options: ClientOptions = {},
): GitHubApi {
  const client = makeApiClient(host, token, options);
  return {
    get: async (path) => {
      try {
        return await client.call('GET', path);
      } catch (error) {
        if (!(error instanceof ApiSilence)) throw error;
        throw new BottleError({
          outcome: 'untrusted',
          what: 'GitHub could not be asked whether this run may be trusted',
          where: messageOf(error),
          fix: 'Run the job again; if it stays, check that the runner reaches the API.',
        });
      }
    },
  };
}
