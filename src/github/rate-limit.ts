/** Reads from an answer of GitHub whether it limits the rate, and for how long. */

/** What GitHub asks for where it does not say how long. */
const UNSAID_MS = 60_000;

type Answer = { readonly status: number; readonly body: unknown };

/**
 * Milliseconds, 0 where it says no time; undefined: it is no limit. A limit is a 429, or a 403 that
 * says so in its headers or, if it is a secondary one, in its text.
 */
export function pauseWanted({ status, body }: Answer, headers: Headers): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = headers.get('retry-after');
  if (after !== null) return within(/^\d+$/.test(after) ? Number(after) * 1000 : 0);
  if (headers.get('x-ratelimit-remaining') === '0') {
    const reset = Number(headers.get('x-ratelimit-reset') ?? 0);
    return within(reset * 1000 - Date.now());
  }
  const { message = '' } = (body ?? {}) as { message?: unknown };
  if (/secondary rate limit/i.test(String(message))) return UNSAID_MS;
  return status === 429 ? 0 : undefined;
}

function within(milliseconds: number): number {
  return Math.max(0, milliseconds);
}
