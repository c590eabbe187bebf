/** Header fields on their way through: which of them go on, and in which form. */

/** Fields in the order in which they came, names as they were written. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** RFC 9110 §7.6.1: they speak of one connection only. `proxy-*` is removed by its beginning. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']);

/** From Node's flat list of names and values; HTTP/2's pseudo fields are no fields. */
export function pairsOf(raw: readonly string[]): Pairs {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (!name.startsWith(':')) pairs.push([name, raw[i + 1] ?? '']);
  }
  return pairs;
}

export function flatten(pairs: Pairs): string[] {
  const flat: string[] = [];
  for (const [name, value] of pairs) flat.push(name, value);
  return flat;
}

/** For HTTP/2: lower-case names, several values of one name as a list. */
export function asObject(pairs: Pairs): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null);
  for (const [given, value] of pairs) {
    const name = given.toLowerCase();
    const known = fields[name];
    if (known === undefined) fields[name] = value;
    else fields[name] = [known, value].flat();
  }
  return fields;
}

/** `name`: lower case. */
export function hasField(pairs: Pairs, name: string): boolean {
  return pairs.some(([given]) => isNamed(given, name));
}

export function valuesOf(pairs: Pairs, name: string): string[] {
  const values: string[] = [];
  for (const [given, value] of pairs) if (isNamed(given, name)) values.push(value);
  return values;
}

/** `name`: lower case. The length is looked at first, as this is asked of each field many times. */
export function isNamed(given: string, name: string): boolean {
  return given.length === name.length && given.toLowerCase() === name;
}

const NONE: ReadonlySet<string> = new Set();

/** The fields that are meant for the other end, without those `replaced` on the way. */
export function endToEnd(pairs: Pairs, replaced = NONE): Pairs {
  const named = valuesOf(pairs, 'connection').flatMap((value) => value.toLowerCase().split(','));
  const dropped = named.length === 0 ? NONE : new Set(named.map((name) => name.trim()));
  return pairs.filter(([given]) => {
    const name = given.toLowerCase();
    return !(
      HOP_BY_HOP.has(name) ||
      replaced.has(name) ||
      dropped.has(name) ||
      name.startsWith('proxy-')
    );
  });
}

/** Behind a body, those that change how a message is read, or whose it is, come too late (§6.5.1). */
export function trailersToPass(pairs: Pairs): Pairs {
  return endToEnd(pairs).filter(([name]) => !NEVER_BEHIND.test(name));
}

const NEVER_BEHIND =
  /^(?:host|trailer|expect|range|(?:set-)?cookie|authorization)$|^(?:if|content)-|(?:key|token)$/i;

export function without(pairs: Pairs, names: ReadonlySet<string>): Pairs {
  return pairs.filter(([name]) => !names.has(name.toLowerCase()));
}
