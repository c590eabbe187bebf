/** The vendors of models: where their APIs are, and whose usage fields these answer with. */
import type { ModelApi } from '../gateway/protocol.ts';

export type Vendor = { readonly host: string; readonly meter: ModelApi };

export const ANTHROPIC: Vendor = { host: 'api.anthropic.com', meter: 'anthropic' };
export const OPENAI: Vendor = { host: 'api.openai.com', meter: 'openai' };
export const GOOGLE: Vendor = { host: 'generativelanguage.googleapis.com', meter: 'gemini' };

/** By the name of the preset. */
export const VENDORS: ReadonlyMap<string, Vendor> = new Map([
  ['anthropic', ANTHROPIC],
  ['openai', OPENAI],
  ['google', GOOGLE],
]);

/** Whoever writes the route to a vendor: what is used there counts. */
export function meterOf(host: string): ModelApi | undefined {
  return [...VENDORS.values()].find((vendor) => vendor.host === host)?.meter;
}
