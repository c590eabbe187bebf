/** The guest's environment as the plan holds it: literals, and the names of the runner's variables. */
import { BottleError } from '../errors.ts';
import type { Selected } from '../manifest/manifest.ts';
import type { EnvEntry } from './plan.ts';

/** @throws {BottleError} `config-invalid` naming every variable that the step's environment lacks. */
export function planEnvironment(
  selected: Selected,
  hostVariables: ReadonlySet<string>,
): readonly EnvEntry[] {
  const entries = Object.entries(selected.bottle.env ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => ({ name, ...entry, source: selected.source(['bottle', 'env', name]) }));
  const missing = entries.flatMap((entry) =>
    entry.kind === 'host' && !hostVariables.has(entry.hostVar) ? [entry] : [],
  );
  if (missing.length === 0) return entries;
  const names = missing.map(({ hostVar }) => hostVar);
  throw new BottleError({
    outcome: 'config-invalid',
    what: `The bottle's env asks for variables that the step does not have: ${names.join(', ')}`,
    where: missing.map(({ name, source }) => `env.${name}, ${source}`).join('; '),
    fix: `Set them in the step's "env:", for example ${names[0]}: \${{ secrets.${names[0]} }}.`,
  });
}
