/** GitHub's REST API: bounded in time and size, patient with faults and rate limits, to one host only. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSafeAddress } from '../download.ts';
import { BottleError, messageOf } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { pauseWanted } from './rate-limit.ts';

export type ApiAnswer = {
  readonly status: number;
  /** The parsed JSON; undefined when there is none. */
  readonly body: unknown;
};

export type ApiMethod = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export type CallOptions = {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the answer; default 4 MiB. */
  readonly maxBytes?: number;
  /** Must not be done twice, so only what a limit has kept from being done is asked for again. */
  readonly once?: boolean;
};

/** Any status but that of a server that failed is an answer. Throws `ApiSilence` when there is none. */
export type ApiClient = {
  call(method: ApiMethod, path: string, options?: CallOptions): Promise<ApiAnswer>;
  /** The pause after the attempt of this number, for who tries again by himself. */
  rest(count: number): Promise<void>;
};

export type ClientOptions = {
  /** Each attempt's. Default 10 000. */
  readonly timeoutMs?: number;
  /** Pause before the second attempt; doubled before the third. Default 1000. */
  readonly retryMs?: number;
  /** GitHub may ask to be left alone for as long, for one call and for all. Default 30 000. */
  readonly longestPauseMs?: number;
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Another server that speaks as GitHub does; its API's address, and where that is from. */
  readonly server?: { readonly api: string; readonly source: string };
};

/** There was no answer, or none that says more than that the server is unwell. */
export class ApiSilence extends Error {
  override readonly name = 'ApiSilence';
  /** It was GitHub's rate limit. */
  readonly isLimit: boolean;

  constructor(call: string, failure: string, isLimit: boolean) {
    super(`${call}: ${failure}`);
    this.isLimit = isLimit;
  }
}

type Attempt = {
  readonly answer?: ApiAnswer;
  readonly failure?: string;
  /** By a limit of the rate, in milliseconds. */
  readonly wanted?: number;
};

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const REDIRECTS = 3;
const ATTEMPTS = 3;

/** @throws {BottleError} `config-invalid` when the API's address is none to send a token to. */
export function makeApiClient(
  host: Pick<Host, 'env' | 'cancelled'>,
  token: string,
  options: ClientOptions = {},
): ApiClient {
  const { timeoutMs = 10_000, retryMs = 1000, longestPauseMs = 30_000 } = options;
  const pause = options.pause ?? ((ms, signal) => sleep(ms, undefined, { signal }));
  const base = apiUrl(
    options.server ?? {
      api: host.env.GITHUB_API_URL ?? 'https://api.github.com',
      source: 'GITHUB_API_URL',
    },
  );
  let waited = 0;

  async function attempt(method: ApiMethod, path: string, call: CallOptions): Promise<Attempt> {
    const signal = AbortSignal.any([host.cancelled, AbortSignal.timeout(timeoutMs)]);
    try {
      const { headers, ...answer } = await send(base, path, { method, token, signal, ...call });
      const wanted = pauseWanted(answer, headers);
      if (wanted !== undefined)
        return { failure: `${options.server ? base.host : 'GitHub'} limits the rate`, wanted };
      return answer.status < 500 ? { answer } : { failure: `status ${answer.status}` };
    } catch (error) {
      return { failure: describe(error) };
    }
  }

  return {
    async call(method, path, call = {}) {
      const name = `${method} ${base.href.replace(/\/$/, '')}${path}`;
      for (let count = 1; ; count += 1) {
        const { answer, failure = '', wanted } = await attempt(method, path, call);
        if (answer !== undefined) return answer;
        if (wanted !== undefined && waited + wanted > longestPauseMs) {
          throw new ApiSilence(name, `${failure} for another ${Math.ceil(wanted / 1000)} s`, true);
        }
        const isLast = count >= ATTEMPTS || (call.once && wanted === undefined);
        if (isLast || host.cancelled.aborted) {
          throw new ApiSilence(name, failure, wanted !== undefined);
        }
        waited += wanted ?? 0;
        await pause(wanted || retryMs * count, host.cancelled);
      }
    },
    rest: async (count) => void (await pause(retryMs * count, host.cancelled)),
  };
}

type Sending = CallOptions & {
  readonly method: ApiMethod;
  readonly token: string;
  readonly signal: AbortSignal;
};

type Sent = ApiAnswer & { readonly headers: Headers };

async function send(base: URL, path: string, sending: Sending): Promise<Sent> {
  const { method, token, signal, body, maxBytes = MAX_BODY_BYTES } = sending;
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const request = { method, headers: { ...headersOf(token), ...type }, ...json, signal };
  let url = new URL(base.pathname.replace(/\/$/, '') + path, base);
  for (let hop = 0; hop <= REDIRECTS; hop += 1) {
    const response = await fetch(url, { ...request, redirect: 'manual' });
    const { status, headers } = response;
    const location = headers.get('location');
    if (status < 300 || status >= 400 || location === null) {
      return { status, headers, body: await readJson(response, maxBytes) };
    }
    await response.body?.cancel();
    url = new URL(location, url);
    // A renamed repository is answered with another path; the token goes to no other host.
    if (url.origin !== base.origin) throw new Error(`it redirects to ${url.origin}`);
  }
  throw new Error(`more than ${REDIRECTS} redirects`);
}

function headersOf(token: string): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'bottle-action',
    ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
  };
}

function apiUrl({ api, source }: NonNullable<ClientOptions['server']>): URL {
  const url = URL.parse(api);
  if (url && isSafeAddress(url)) return url;
  throw new BottleError({
    outcome: 'config-invalid',
    what: 'The address of an API is not https',
    where: `${source}: ${JSON.stringify(api)}`,
    fix: 'Give one that begins with https://; GITHUB_API_URL is as the runner sets it.',
  });
}

/** A body that is too large, or no JSON, is no body. */
async function readJson(response: Response, maxBytes: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
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
