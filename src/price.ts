/** What tokens cost, by the prices of the manifest: there is no list of ours, it would be stale. */

/** US dollars for a million tokens. */
export type Prices = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
};

export type PricedTokens = Readonly<Record<keyof Prices, number>>;

/** In US dollars, to the millionth. */
export function costOf(prices: Prices, tokens: PricedTokens): number {
  const kinds = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;
  const millionths = kinds.reduce((sum, kind) => sum + prices[kind] * tokens[kind], 0);
  return Math.round(millionths) / 1e6;
}
