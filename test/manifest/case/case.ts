/** One row of the tables: an entry of a manifest as YAML, and what must be said about it. */

export type EntryCase = {
  readonly name: string;
  readonly kind: 'bottle' | 'agent';
  /** As between the `---` of a Markdown file; its first line is line 2 there. */
  readonly yaml: string;
  /** `line:column message` for all that is wrong, in order; empty: it loads. */
  readonly wrong: readonly string[];
  /** True for what only code can see: the published JSON Schema accepts it. */
  readonly beyondSchema: boolean;
};

type Options = { readonly beyondSchema?: boolean };

export function goodBottle(name: string, yaml: string): EntryCase {
  return { name, kind: 'bottle', yaml, wrong: [], beyondSchema: false };
}

export function badBottle(
  name: string,
  yaml: string,
  wrong: readonly string[],
  { beyondSchema = false }: Options = {},
): EntryCase {
  return { name, kind: 'bottle', yaml, wrong, beyondSchema };
}

export function goodAgent(name: string, yaml: string): EntryCase {
  return { name, kind: 'agent', yaml, wrong: [], beyondSchema: false };
}

export function badAgent(
  name: string,
  yaml: string,
  wrong: readonly string[],
  { beyondSchema = false }: Options = {},
): EntryCase {
  return { name, kind: 'agent', yaml, wrong, beyondSchema };
}
