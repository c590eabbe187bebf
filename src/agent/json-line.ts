/** Reads what a vendor's stream of JSON lines holds, without a word of trust in its form. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Undefined: the line is no JSON object. */
export function parseLine(line: string): JsonObject | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as JsonObject;
  } catch {
    return undefined;
  }
}

export function objectAt(value: unknown, key: string): JsonObject {
  const found = at(value, key);
  return isObject(found) ? found : {};
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key);
  return Array.isArray(found) ? found : [];
}

export function textAt(value: unknown, key: string): string {
  const found = at(value, key);
  return typeof found === 'string' ? found : '';
}

/** A count of something: what is none is 0. */
export function countAt(value: unknown, key: string): number {
  const found = at(value, key);
  return Number.isSafeInteger(found) && (found as number) > 0 ? (found as number) : 0;
}

/** An amount that is not negative; undefined where there is none. */
export function amountAt(value: unknown, key: string): number | undefined {
  const found = at(value, key);
  return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : undefined;
}

export function at(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
