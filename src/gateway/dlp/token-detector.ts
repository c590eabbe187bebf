/** Finds tokens of well-known vendors, by the rules of `src/secret`. */
import { matchTokens, type TokenRules } from '../../secret/token-pattern.ts';
import type { Detector } from './detector.ts';

/** `load` is called when there is something to give to the rules. */
export function detectTokens(load: () => Promise<TokenRules>): Detector {
  const stream = matchTokens(load);
  return {
    push: async (chunk) => (await stream.push(chunk)).map(toDetection),
    end: async () => (await stream.end()).map(toDetection),
    held: stream.held,
  };
}

const toDetection = <T>(match: T) => ({ detector: 'token_patterns' as const, ...match });
