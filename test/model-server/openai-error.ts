/** OpenAI's errors, the same for Chat Completions and Responses. */
import type { ScriptedRefusal } from './scenario.ts';

type Words = readonly [type: string, code: string | null, message: string];

const ERRORS: Readonly<Record<number, Words>> = {
  400: ['invalid_request_error', null, 'The request is not valid.'],
  401: ['invalid_request_error', 'invalid_api_key', 'Incorrect API key provided.'],
  404: ['invalid_request_error', 'model_not_found', 'The model does not exist.'],
  429: ['requests', 'rate_limit_exceeded', 'Rate limit reached for requests.'],
};
const SERVER_ERROR: Words = ['server_error', null, 'The server had an error.'];

export function openaiRefusal({ status, message, code }: ScriptedRefusal): unknown {
  const [type, usualCode, words] = ERRORS[status] ?? SERVER_ERROR;
  return { error: { message: message ?? words, type, param: null, code: code ?? usualCode } };
}
