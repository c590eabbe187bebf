/** Checks one parsed file, or one entry, against its schema. */
import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { faultsOf } from './issue.ts';
import { type Path, toPlain } from './located.ts';
import type { Parsed } from './parse.ts';
import { problemAt } from './source-file.ts';

/** `value` is there only when nothing was wrong. */
export type Validation<T> = { readonly value?: T; readonly problems: readonly Problem[] };

/** @param place from a manifest's root down to what `parsed` holds: `[]`, `['bottles', 'dev']`. */
export function validate<T>(schema: z.ZodType<T>, parsed: Parsed, place: Path): Validation<T> {
  const { source, tree, faults } = parsed;
  const toProblems = (list: Parsed['faults']) => list.map((fault) => problemAt(source, fault));
  if (tree === undefined) return { problems: toProblems(faults) };
  const result = schema.safeParse(toPlain(tree));
  if (result.success) {
    return faults.length === 0
      ? { value: result.data, problems: [] }
      : { problems: toProblems(faults) };
  }
  const lineAt = (offset: number) => source.positionAt(offset).line;
  const found = faultsOf(result.error.issues, { tree, place, lineAt });
  // What the parser refused stands as nothing in the tree; the schema's complaint would repeat it.
  const refused = new Set(faults.map(({ offset }) => offset));
  return { problems: toProblems([...faults, ...found.filter((f) => !refused.has(f.offset))]) };
}
