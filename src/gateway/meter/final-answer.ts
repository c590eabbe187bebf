/** What a model route answers once a limit is reached: the vendor's own error, so that its client stops. */
import type { Denied } from '../denied.ts';
import type { ModelApi } from '../protocol.ts';

export type FinalAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/**
 * Status 400, since 408, 409, 429 and all from 500 up are tried again; `x-should-retry` says the same
 * to the clients of Anthropic and OpenAI. It is plain JSON for a stream too: so the vendors answer
 * when a stream does not begin.
 */
export function finalAnswer(api: ModelApi, denied: Denied): FinalAnswer {
  return {
    status: 400,
    headers: {
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'x-bottle-denied': denied.rule,
    },
    body: JSON.stringify(errorBody(api, denied)),
  };
}

function errorBody(api: ModelApi, denied: Denied): unknown {
  const message = `bottle-action: ${denied.message}`;
  switch (api) {
    case 'anthropic':
      return { type: 'error', error: { type: 'invalid_request_error', message } };
    case 'openai':
      return {
        error: { message, type: 'invalid_request_error', param: null, code: denied.rule },
      };
    case 'gemini':
      return { error: { code: 400, message, status: 'FAILED_PRECONDITION' } };
  }
}
