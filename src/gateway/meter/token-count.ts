/** From the usage fields of any vendor to our count. */
import type { TokenCount } from '../protocol.ts';

export const NO_TOKENS: TokenCount = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

export function addTokens(a: TokenCount, b: TokenCount): TokenCount {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

export function sumTokens({ input, output, cacheRead, cacheWrite }: TokenCount): number {
  return input + output + cacheRead + cacheWrite;
}

/** The vendors' own fields, by their own names; nested ones by a dotted name. */
export type UsageFields = Readonly<Partial<Record<UsageField, number>>>;

/**
 * Read by name and not by vendor, since Anthropic and Gemini serve OpenAI's shape as well.
 * Anthropic's `input_tokens` is without the cache's; OpenAI's and Gemini's counts are with them.
 */
const USAGE_FIELDS = [
  // Anthropic Messages; the first two are OpenAI Responses' as well.
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'input_tokens_details.cached_tokens',
  'input_tokens_details.cache_write_tokens',
  // OpenAI Chat Completions and all that are compatible.
  'prompt_tokens',
  'completion_tokens',
  'prompt_tokens_details.cached_tokens',
  'prompt_tokens_details.cache_write_tokens',
  // Gemini.
  'promptTokenCount',
  'toolUsePromptTokenCount',
  'cachedContentTokenCount',
  'candidatesTokenCount',
  'thoughtsTokenCount',
] as const;

type UsageField = (typeof USAGE_FIELDS)[number];

/** The known fields of a usage object; empty when it has none, whatever it is. */
export function readUsageFields(usage: unknown): UsageFields {
  const fields: Partial<Record<UsageField, number>> = {};
  for (const field of USAGE_FIELDS) {
    const value = field.split('.').reduce(member, usage);
    if (Number.isSafeInteger(value) && Number(value) >= 0) fields[field] = Number(value);
  }
  return fields;
}

function member(value: unknown, key: string): unknown {
  const isObject = typeof value === 'object' && value !== null;
  return isObject ? (value as Record<string, unknown>)[key] : undefined;
}

/** Streams repeat their usage, cumulative or in parts: the largest of each field is the last word. */
export function mergeUsageFields(a: UsageFields, b: UsageFields): UsageFields {
  const merged: Partial<Record<UsageField, number>> = { ...a };
  for (const field of USAGE_FIELDS) {
    const value = b[field];
    if (value !== undefined) merged[field] = Math.max(value, merged[field] ?? 0);
  }
  return merged;
}

export function saysInput(fields: UsageFields): boolean {
  const { input_tokens, prompt_tokens, promptTokenCount } = fields;
  return (input_tokens ?? prompt_tokens ?? promptTokenCount) !== undefined;
}

export function saysOutput(fields: UsageFields): boolean {
  const { output_tokens, completion_tokens, candidatesTokenCount, thoughtsTokenCount } = fields;
  return (
    (output_tokens ?? completion_tokens ?? candidatesTokenCount ?? thoughtsTokenCount) !== undefined
  );
}

export function countTokens(fields: UsageFields): TokenCount {
  const of = (field: UsageField) => fields[field] ?? 0;
  const cached =
    of('input_tokens_details.cached_tokens') +
    of('prompt_tokens_details.cached_tokens') +
    of('cachedContentTokenCount');
  const written =
    of('input_tokens_details.cache_write_tokens') + of('prompt_tokens_details.cache_write_tokens');
  const input =
    of('input_tokens') +
    of('prompt_tokens') +
    of('promptTokenCount') +
    of('toolUsePromptTokenCount');
  return {
    input: Math.max(0, input - cached - written),
    output:
      of('output_tokens') +
      of('completion_tokens') +
      of('candidatesTokenCount') +
      of('thoughtsTokenCount'),
    cacheRead: cached + of('cache_read_input_tokens'),
    cacheWrite: written + of('cache_creation_input_tokens'),
  };
}
