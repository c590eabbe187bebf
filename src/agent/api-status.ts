/** What a status of a model's API means, whoever answered it. */
import type { FailureReason } from '../errors.ts';

/** Undefined: it is no failure. `code`: the vendor's own name for the error, never its text. */
export function reasonOfStatus(status: number, code = ''): FailureReason | undefined {
  if (status < 400) return undefined;
  if (status === 402 || /quota|billing|insufficient_funds/i.test(code)) return 'quota';
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'model-not-found';
  if (status === 413 || /context_length|prompt_too_long/i.test(code)) return 'context-length';
  if (status === 429) return 'rate-limited';
  if (status === 529 || status === 503) return 'overloaded';
  return 'api-error';
}
