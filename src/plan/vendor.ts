/** The vendors behind presets: where their APIs are, and whose usage fields these answer with. */
import type { ModelApi } from '../gateway/protocol.ts';

type Vendor = { readonly host: string; readonly meter: ModelApi };

/** By the name of the preset. */
export const VENDORS: ReadonlyMap<string, Vendor> = new Map([
  ['anthropic', { host: 'api.anthropic.com', meter: 'anthropic' }],
  ['openai', { host: 'api.openai.com', meter: 'openai' }],
  ['google', { host: 'generativelanguage.googleapis.com', meter: 'gemini' }],
]);

/** Whoever writes the route to a vendor: what is used there counts. */
export function meterOf(host: string): ModelApi | undefined {
  return [...VENDORS.values()].find((vendor) => vendor.host === host)?.meter;
}
