/** What a model route answers once a limit is reached: the vendor's own error, so that its client stops. */
import type { Denied } from '../denied.ts';
import type { ModelApi } from '../protocol.ts';

export type FinalAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * Its status is none that clients try again, as they do 408, 409, 429 and all from 500 up;
 * `x-should-retry` says the same to the clients of Anthropic and OpenAI. It is plain JSON for a stream
 * too: so the vendors answer when a stream does not begin.
 */
export function finalAnswer(api: ModelApi, denied: Denied): FinalAnswer {
  const [status, body] = errorOf(api, denied);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'x-bottle-denied': denied.rule,
    },
    body: JSON.stringify(body),
  };
}

function errorOf(api: ModelApi, denied: Denied): readonly [status: number, body: unknown] {
  const message = `bottle-action: ${denied.message}`;
  switch (api) {
    case 'anthropic':
      // After `invalid_request_error` Claude Code asks five times more, each time in a simpler form.
      return [402, { type: 'error', error: { type: 'billing_error', message } }];
    case 'openai': {
      const error = { message, type: 'invalid_request_error', param: null, code: denied.rule };
      return [400, { error }];
    }
    case 'gemini':
      return [400, { error: { code: 400, message, status: 'FAILED_PRECONDITION' } }];
  }
}
