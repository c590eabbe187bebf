/** GitHub's REST API as far as trust needs it: GET, bounded in time and size, to one host only. */

import { setTimeout as sleep } from 'node:timers/promises';
import { isSafeAddress } from '../download.ts';
import { BottleError, messageOf } from '../errors.ts';
import type { Host } from '../host/host.ts';

export type ApiAnswer = {
  readonly status: number;
  /** The parsed JSON; undefined when there is none. */
  readonly body: unknown;
};

/** Throws `BottleError` `untrusted` when no answer could be had; any status is an answer. */
export type GitHubApi = { get(path: string): Promise<ApiAnswer> };

export type ApiOptions = {
  /** Each attempt's. Default 10 000. */
  readonly timeoutMs?: number;
  /** Pause before the second of three attempts; doubled before the third. Default 1000. */
  readonly retryMs?: number;
};

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const REDIRECTS = 3;
const ATTEMPTS = 3;

/** @throws {BottleError} `config-invalid` when GITHUB_API_URL is no address to send a token to. */
export function makeGitHubApi(
  host: Pick<Host, 'env' | 'cancelled'>,
  token: string,
  { timeoutMs = 10_000, retryMs = 1000 }: ApiOptions = {},
): GitHubApi {
  const base = apiUrl(host.env.GITHUB_API_URL ?? 'https://api.github.com');
  const headers = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'bottle-action',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
  };

  async function attempt(path: string): Promise<ApiAnswer> {
    const signal = AbortSignal.any([host.cancelled, AbortSignal.timeout(timeoutMs)]);
    let url = new URL(base.pathname.replace(/\/$/, '') + path, base);
    for (let hop = 0; hop <= REDIRECTS; hop += 1) {
      const response = await fetch(url, { headers, redirect: 'manual', signal });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) {
        return { status: response.status, body: await readJson(response) };
      }
      await response.body?.cancel();
      url = new URL(location, url);
      // A renamed repository is answered with another path; the token goes to no other host.
      if (url.origin !== base.origin) throw new Error(`it redirects to ${url.origin}`);
    }
    throw new Error(`more than ${REDIRECTS} redirects`);
  }

  return {
    get: async (path) => {
      let failure = '';
      for (let count = 1; count <= ATTEMPTS; count += 1) {
        try {
          const answer = await attempt(path);
          if (answer.status < 500 && answer.status !== 429) return answer;
          failure = `status ${answer.status}`;
        } catch (error) {
          failure = describe(error);
        }
        if (host.cancelled.aborted) break;
        if (count < ATTEMPTS) await sleep(retryMs * count, undefined, { signal: host.cancelled });
      }
      throw new BottleError({
        outcome: 'untrusted',
        what: 'GitHub could not be asked whether this run may be trusted',
        where: `GET ${base.origin}${path}: ${failure}`,
        fix: 'Run the job again; if it stays, check that the runner reaches the API.',
      });
    },
  };
}

function apiUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && isSafeAddress(url)) return url;
  throw new BottleError({
    outcome: 'config-invalid',
    what: "The address of GitHub's API is not https",
    where: `GITHUB_API_URL: ${JSON.stringify(text)}`,
    fix: 'Leave the variable as the runner sets it.',
  });
}

/** A body that is too large, or no JSON, is no body. */
async function readJson(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`the answer has more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined;
  }
}

/** `fetch` hides the reason in the cause. */
function describe(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
}
